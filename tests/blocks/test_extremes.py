"""Whatever a block takes, it works on or refuses, in bounded time: nothing that a workflow says is our failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.block import AnyBlock
from engine.errors import PenstockError
from engine.fault import Fault
from engine.registry import Registry, blocks_under
from engine.values.detections import Detections, strings
from engine.values.frame import Frame
from tests.blocks.extremes import Arguments, extremes, largest, shaped, working
from tests.blocks.samples import found, picture

SECONDS = 10.0
"""Of CPU for one call; what is allowed at most takes a few."""

BLOCKS = [
    block
    for block in Registry(blocks_under("blocks")).blocks
    if "models" not in block.signature.resources and "inner_workflow" not in block.type
]

each_block = pytest.mark.parametrize("block", BLOCKS, ids=[block.type for block in BLOCKS])


def refused(block: AnyBlock, arguments: Arguments) -> bool:
    """Whether a block refuses arguments; fails when it fails, or takes too long."""
    started, refusal = time.process_time(), None
    try:
        block.function(**arguments)
    except PenstockError as error:
        refusal = error
    assert refusal is None or refusal.fault is not Fault.OURS, refusal
    assert time.process_time() - started < SECONDS
    return refusal is not None


def test_there_are_blocks() -> None:
    assert len(BLOCKS) > 35


@each_block
def test_it_works(block: AnyBlock, tmp_path: Path) -> None:
    assert refused(block, working(block, tmp_path)) is block.type.endswith("environment_secrets_store@v1")


@each_block
def test_one_extreme_at_a_time(block: AnyBlock, tmp_path: Path) -> None:
    for parameter in block.signature.parameters.values():
        for value in extremes(parameter):
            refused(block, {**working(block, tmp_path), parameter.name: shaped(parameter, value)})


@each_block
def test_the_largest_of_everything(block: AnyBlock, tmp_path: Path) -> None:
    for others in _others(block, tmp_path):
        numbers = {p.name: shaped(p, n) for p in block.signature.parameters.values() for n in largest(p)}
        refused(block, {**working(block, tmp_path), **numbers, **others})


def _many(count: int, size: float = 1) -> Detections:
    return found(*[(0, 0, size, size)] * count)


def _inside_out(count: int) -> Detections:
    return found(*[(1000, 0, 0, 1000)] * count)


def _masked(count: int, size: int) -> list[Detections]:
    """One mask, and so many boxes in its picture."""
    frame = Frame("image", size, size)
    return [replace(found((0, 0, 5, 5), frame=frame), mask=np.zeros((1, size, size), bool)), _many_in(frame, count)]


def _many_in(frame: Frame, count: int) -> Detections:
    return found(*[(0, 0, 5, 5)] * count, frame=frame)


def _tiles(count: int) -> list[Detections]:
    """Masks of 10 x 10 pixels in tiles of a picture of 1000 x 1000."""
    tile = Frame("image", 1000, 1000).cut("tile", 0, 0, 10, 10)
    return [replace(_many_in(tile, 1), mask=np.zeros((1, 10, 10), bool)) for _ in range(count)]


def _called(name: str) -> Detections:
    return replace(_many(1), class_name=strings([name]))


@pytest.mark.parametrize(
    ("name", "most", "arguments"),
    [
        ("detections_consensus@v1", 10_000, lambda n: {"predictions_batches": [_many(n - n // 2), _many(n // 2)]}),
        ("detections_stitch@v1", 20_000, lambda n: {"predictions": [_many(n - n // 2), _many(n // 2)]}),
        ("byte_tracker@v3", 4000, lambda n: {"detections": _many(n)}),
        ("blur_visualization@v1", 4000, lambda n: {"image": picture(1000, 1000), "predictions": _inside_out(n)}),
        ("label_visualization@v1", 2_000_000, lambda n: {"text_scale": 0.001, "predictions": _called("x" * n)}),
        ("blur_visualization@v1", 4000, lambda n: {"image": picture(1000, 1000), "predictions": _many(n, 1000)}),
        ("detections_consensus@v1", 399, lambda n: {"predictions_batches": _masked(n, 1000)}),
        (
            "detections_stitch@v1",
            400,
            lambda n: {
                "reference_image": picture(1000, 1000),
                "predictions": _tiles(n),
                "overlap_filtering_strategy": "none",
            },
        ),
        ("time_in_zone@v3", 10_000, lambda n: {"zone": [[0, 0]] * n}),
        ("time_in_zone@v3", 10_000, lambda n: {"zone": [[[0, 0]] * (n - n // 2), [[5, 5]] * (n // 2)]}),
    ],
)
def test_too_many_are_refused_at_once(
    name: str, most: int, arguments: Callable[[int], Arguments], tmp_path: Path
) -> None:
    block = next(block for block in BLOCKS if block.type.endswith(name))
    started = time.process_time()
    assert refused(block, {**working(block, tmp_path), **arguments(most + 1)})
    assert time.process_time() - started < 1
    assert not refused(block, {**working(block, tmp_path), **arguments(most // 10)})


def _others(block: AnyBlock, folder: Path) -> Iterator[Arguments]:
    """What is no number: as it works, and with each of the odd values in turn."""
    yield {}
    for parameter in block.signature.parameters.values():
        if not parameter.literal:
            for value in extremes(parameter):
                yield {parameter.name: shaped(parameter, value)}

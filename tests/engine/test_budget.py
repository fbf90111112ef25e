"""What the values of a run hold is counted once, before it is there where that can be known, and bounded."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from engine.budget import Budget
from engine.control import Control
from engine.engine import Engine
from engine.errors import RuntimeInputError
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.values.detections import Detections
from engine.values.frame import Frame
from engine.values.image import Image
from engine.values.shape import MISSING
from engine.wire.read_image import ImageLoader
from tests.blocks.samples import found
from tests.engine.arithmetic import batch_input, boxed, engine, step, workflow

WIDE, HIGH = 300, 200
PIXELS = WIDE * HIGH * 3
LOADER = ImageLoader(Limits(), SourcePolicy())


def encoded() -> Image:
    """A picture that is small as long as nobody looks at it."""
    _, data = cv2.imencode(".png", np.zeros((HIGH, WIDE, 3), np.uint8))
    return LOADER.load_bytes(data.tobytes(), "image")


def held(*values: Any) -> int:
    """What values hold, counted one after the other: the least that is enough for them."""
    low, high = 0, 10**9
    while low < high:
        middle = (low + high) // 2
        budget = Budget(middle)
        try:
            for value in values:
                budget.count([value])
        except RuntimeInputError:
            low = middle + 1
        else:
            high = middle
    return low


def masked(count: int) -> Detections:
    masks = np.zeros((count, HIGH, WIDE), bool)
    return found(*[(0, 0, 1, 1)] * count, frame=Frame("image", WIDE, HIGH), mask=masks)


def test_small_values_are_free() -> None:
    assert held(1, 2.5, True, None, MISSING, found((0, 0, 1, 1))) == 0


def test_texts_bytes_and_containers() -> None:
    assert held("x" * 1000, b"y" * 500) == 1500
    assert held([1] * 100) == 800
    assert held({"a": "x" * 100}) == 116
    shared = "z" * 1000
    assert held(shared, [shared], (shared, shared)) == 1000 + 8 + 16


def test_what_is_gone_is_not_taken_for_what_comes_after() -> None:
    """Steps return lists that live no longer than it takes to lay out their members."""
    budget = Budget(100_000)
    for number in range(99):
        budget.count([[f"{number:01000}"]])
    with pytest.raises(RuntimeInputError):
        budget.count([["x" * 1000]])


def test_a_picture_counts_as_though_it_were_decoded() -> None:
    image = encoded()
    size = PIXELS + len(image.encoded or b"")
    assert held(image) == held(image, image) == size
    assert not image.is_decoded
    assert held(image, encoded()) == 2 * size


def test_parts_of_a_picture_are_free() -> None:
    image = encoded()
    size = image.nbytes
    budget = Budget(size)
    budget.count([image])
    crops = [image.crop("part", x, 0, 10, 10) for x in range(20)]
    budget.count(crops)
    budget.count([crops[0].crop("part of it", 1, 1, 5, 5)])
    with pytest.raises(RuntimeInputError, match=f"more than {size} bytes"):
        budget.count([image.redrawn(image.pixels.copy())])


def test_parts_alone_hold_the_whole() -> None:
    whole = np.zeros((HIGH, WIDE, 3), np.uint8)
    assert held(Image(whole[:10, :10], "a"), Image(whole[10:20], "b"), whole) == PIXELS


def test_masks() -> None:
    three = masked(3)
    assert held(three) == 3 * HIGH * WIDE
    assert held(three, three) == 3 * HIGH * WIDE
    assert held(three, three.select([0])) == 4 * HIGH * WIDE


def test_what_steps_make_is_counted_for_every_row() -> None:
    subject = engine()
    steps = [step("gather", "all", values="$inputs.n"), step("tell", "told", value="$steps.all.value")]
    plan = subject.plan(workflow([batch_input("n", 2)], steps, {"o": "$steps.told.value"}))
    inputs = {"n": [["x" * 1000] * 5] * 10}
    assert len(subject.run(plan, inputs, control=Control(most_bytes=10_000))) == 10
    with pytest.raises(
        RuntimeInputError, match="Step 'all': The values of this run hold more than 1300 bytes"
    ) as caught:
        subject.run(plan, inputs, control=Control(most_bytes=1300))
    assert caught.value.blocks[0].block_id == "all"


def test_tiles_that_grow() -> None:
    """A picture of some bytes is cut into tiles, of which each is made as large as pictures can be."""
    clock, folder = lambda: None, None
    resources = dict.fromkeys(("models", "folder", "environment", "egress"), folder) | {"clock": clock}
    subject = Engine(Registry(blocks_under("blocks")), LOADER, resources)
    steps = [
        {"type": "roboflow_core/image_slicer@v1", "name": "cut", "image": "$inputs.image", "slice_width": 10},
        {
            "type": "roboflow_core/image_preprocessing@v1",
            "name": "grow",
            "image": "$steps.cut.slices",
            "task_type": "resize",
            "width": 3000,
            "height": 2000,
        },
    ]
    plan = subject.plan(workflow([{"type": "WorkflowImage", "name": "image"}], steps, {"o": "$steps.grow.image"}))
    with pytest.raises(RuntimeInputError, match="Step 'grow': The values of this run hold more than 100000000 bytes"):
        subject.run(plan, {"image": encoded()}, control=Control(most_bytes=100_000_000))
    subject.close()


def test_values_that_are_nested_too_deeply_are_refused() -> None:
    assert held(boxed(1, 200)) == 200 * 8
    with pytest.raises(RuntimeInputError, match="A value is nested more than 200 deep"):
        Budget().count([boxed(1, 201)])
    subject = engine()
    plan = subject.plan(workflow([batch_input("n")], [step("deepen", "s", value="$inputs.n")], {"o": "$steps.s.value"}))
    with pytest.raises(RuntimeInputError, match="Step 's': A value is nested"):
        subject.run(plan, {"n": 2_000}, wire=True)


def test_columns_of_detections() -> None:
    columns = {"polygon": np.empty(1, object), "embedding": np.zeros((1, 1000))}
    columns["polygon"][0] = np.zeros((50, 2))
    detections = found((0, 0, 1, 1), columns=columns)
    assert held(detections) == 8 + 800 + 8000
    assert held(detections, detections) == 8 + 800 + 8000


def test_results_count_wherever_they_are_written() -> None:
    subject = engine()
    outputs = {f"o{index}": "$steps.s.value" for index in range(100)}
    plan = subject.plan(workflow([batch_input("n")], [step("same", "s", value="$inputs.n")], outputs))
    inputs = {"n": [{"text": "x" * 1000, "many": [1] * 10}]}
    assert subject.run(plan, inputs, control=Control(most_bytes=10_000))
    assert subject.run(plan, inputs, wire=True, control=Control(most_bytes=300_000))
    with pytest.raises(RuntimeInputError, match="more than 200000 bytes"):
        subject.run(plan, inputs, wire=True, control=Control(most_bytes=200_000))

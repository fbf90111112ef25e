"""Tiles: where they lie, and that no pixel is left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.transformations.image_slicer import image_slicer_v1, image_slicer_v2
from engine.block import AnyBlock
from engine.errors import RuntimeInputError
from engine.values.image import Image
from tests.blocks.samples import picture

Box = tuple[int, int, int, int]


def boxes(tiles: list[Image]) -> list[Box]:
    found = []
    for tile in tiles:
        assert tile.parent is not None
        found.append((tile.parent.x, tile.parent.y, tile.width, tile.height))
    return found


def test_v1_leaves_smaller_tiles_at_the_border() -> None:
    tiles = image_slicer_v1(picture(10, 5), 6, 4, 0.5, 0.25)["slices"]
    assert boxes(tiles) == [
        *((0, 0, 6, 4), (3, 0, 6, 4), (6, 0, 4, 4), (9, 0, 1, 4)),
        *((0, 3, 6, 2), (3, 3, 6, 2), (6, 3, 4, 2), (9, 3, 1, 2)),
    ]


def test_v2_moves_tiles_inside_and_drops_repetitions() -> None:
    tiles = image_slicer_v2(picture(10, 5), 6, 4, 0.5, 0.25)["slices"]
    assert boxes(tiles) == [
        *((0, 0, 6, 4), (3, 0, 6, 4), (4, 0, 6, 4)),
        *((0, 1, 6, 4), (3, 1, 6, 4), (4, 1, 6, 4)),
    ]


@pytest.mark.parametrize("slicer", [image_slicer_v1, image_slicer_v2])
def test_one_tile_when_the_picture_is_smaller(slicer: AnyBlock) -> None:
    assert boxes(slicer(picture(), 640, 640, 0.0, 0.0)["slices"]) == [(0, 0, 64, 48)]


def test_defaults() -> None:
    assert len(image_slicer_v2(picture(1000, 640))["slices"]) == 2
    assert boxes(image_slicer_v1(picture(1000, 100))["slices"]) == [(0, 0, 640, 100), (512, 0, 488, 100)]


@pytest.mark.parametrize("slicer", [image_slicer_v1, image_slicer_v2])
def test_ancestry_and_pixels(slicer: AnyBlock) -> None:
    image = picture()
    tiles: list[Image] = slicer(image, 32, 24, 0.0, 0.0)["slices"]
    last = tiles[-1]
    assert len(tiles) == 4
    assert last.id.startswith("image_slicer.")
    assert len({tile.id for tile in tiles}) == 4
    assert last.root is not None
    assert (last.root.id, last.root.x, last.root.y) == ("image", 32, 24)
    assert tuple(last.pixels[0, 0, :2]) == (32, 24)
    assert np.shares_memory(last.pixels, image.pixels)


@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    tile=st.tuples(st.integers(3, 70), st.integers(3, 70)),
    overlap=st.floats(0, 0.9),
    version=st.sampled_from([1, 2]),
)
def test_every_pixel_is_in_a_tile(size: tuple[int, int], tile: tuple[int, int], overlap: float, version: int) -> None:
    slicer: AnyBlock = image_slicer_v1 if version == 1 else image_slicer_v2
    places = boxes(slicer(picture(*size), *tile, overlap, overlap)["slices"])
    covered = np.zeros(size[::-1], bool)
    for x, y, width, height in places:
        assert width > 0
        assert height > 0
        covered[y : y + height, x : x + width] = True
    assert covered.all()
    assert len(set(places)) == len(places)
    if version == 2:
        assert {place[2:] for place in places} == {(min(tile[0], size[0]), min(tile[1], size[1]))}


def test_what_never_ends_is_refused() -> None:
    with pytest.raises(RuntimeInputError, match="all of their width"):
        image_slicer_v1(picture(), 10, 10, 1.0, 0.0)
    with pytest.raises(RuntimeInputError, match="all of their height"):
        image_slicer_v2(picture(), 10, 10, 0.0, 1.0)
    with pytest.raises(RuntimeInputError, match="10000 tiles"):
        image_slicer_v2(picture(100, 100), 1, 1, 0.0, 0.0)

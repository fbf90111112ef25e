"""Cut pictures into tiles that overlap, so that small objects are large enough to be found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Annotated, TypedDict
from uuid import uuid4

from annotated_types import Ge
from typing_extensions import Doc

from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import Image, ZeroToOne
from engine.values.shape import Each

MAX_SLICES = 4096
"""More tiles than this from one picture are a mistake, or meant to hurt."""

Size = Annotated[int, Ge(1), Doc("The size of a tile in pixels.")]
Overlap = Annotated[ZeroToOne, Doc("How much of a tile the next one shows again; less than 1.")]


class Slices(TypedDict):
    """The tiles, row by row."""

    slices: Each[Image]


@block("roboflow_core/image_slicer@v1")
def image_slicer_v1(
    image: Image,
    slice_width: Size = 640,
    slice_height: Size = 640,
    overlap_ratio_width: Overlap = 0.2,
    overlap_ratio_height: Overlap = 0.2,
) -> Slices:
    """Cut the picture into tiles; those at the right and at the bottom may be smaller."""
    lefts = _starts("width", image.width, slice_width, overlap_ratio_width)
    tops = _starts("height", image.height, slice_height, overlap_ratio_height)
    return {"slices": list(_tiles(image, lefts, tops, slice_width, slice_height))}


@block("roboflow_core/image_slicer@v2")
def image_slicer_v2(
    image: Image,
    slice_width: Size = 640,
    slice_height: Size = 640,
    overlap_ratio_width: Overlap = 0.2,
    overlap_ratio_height: Overlap = 0.2,
) -> Slices:
    """Cut the picture into tiles of one size; those at the right and at the bottom are moved inside."""
    lefts = _starts("width", image.width, slice_width, overlap_ratio_width)
    tops = _starts("height", image.height, slice_height, overlap_ratio_height)
    width, height = min(slice_width, image.width), min(slice_height, image.height)
    lefts, tops = _inside(lefts, image.width - width), _inside(tops, image.height - height)
    return {"slices": list(_tiles(image, lefts, tops, width, height))}


def _starts(side: str, length: int, size: int, overlap: float) -> Sequence[int]:
    """Where tiles start along one side of the picture."""
    stride = size - int(overlap * size)
    if stride < 1:
        raise RuntimeInputError(
            f"Tiles that overlap by all of their {side} never come to an end.",
            hint=f"Set overlap_ratio_{side} to less than 1.",
        )
    return range(0, length, stride)


def _inside(starts: Sequence[int], last: int) -> Sequence[int]:
    """The starts, none after the last that fits, each once."""
    return list(dict.fromkeys(min(start, last) for start in starts))


def _tiles(image: Image, lefts: Sequence[int], tops: Sequence[int], width: int, height: int) -> Iterator[Image]:
    count = len(lefts) * len(tops)
    if count > MAX_SLICES:
        raise RuntimeInputError(
            f"This would make {count} tiles of one picture; {MAX_SLICES} are the limit.",
            hint="Make tiles larger or let them overlap less.",
        )
    for top, left in product(tops, lefts):
        size = min(width, image.width - left), min(height, image.height - top)
        yield image.crop(f"image_slicer.{uuid4()}", left, top, *size)

"""Blocks that ask for levels of nesting; see `NOT_EXPRESSIBLE` for those that ask for what cannot be."""

from __future__ import annotations

from typing import TypedDict

from engine.block import block
from engine.kinds import Anything, Image
from engine.values.shape import Batch, Each, Gathered


class Result(TypedDict):
    """A value."""

    output: Anything


class Results(TypedDict):
    """Values one level deeper."""

    output: Each[Anything]


@block("BlockRequestingDifferentDims")
def requesting_different_dims(images: Image, crops: Gathered[Image]) -> Result:
    """A picture and the pictures one level below."""
    return {"output": len(crops)}


@block("NonSIMDWithOutputOffset")
def non_simd_with_output_offset() -> Results:
    """Nothing, one level deeper."""
    return {"output": []}


@block("ExpectsTheSameDimensionality")
def expects_the_same_dimensionality(images: Batch[Image], crops: Batch[Image]) -> list[Result]:
    """Two pictures of one level."""
    return [{"output": None} for _ in zip(images, crops, strict=True)]


@block("DecreasingDimensionality")
def decreasing_dimensionality(images: Gathered[Image]) -> Result:
    """How many pictures there are in a group."""
    return {"output": len(images)}

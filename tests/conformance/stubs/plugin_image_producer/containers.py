"""Lists and dicts of pictures."""

from __future__ import annotations

from engine.block import block
from engine.kinds import Anything, Image
from engine.values.shape import Batch, Gathered
from tests.conformance.stubs.plugin_image_producer.outputs import XY, ManyX, X

# A parameter of the type `Gathered[list[T]]` gets, where it is wired with a list of selectors, a list of groups.


def _in_order(named: dict[str, Image]) -> list[Image]:
    return [named[key] for key in sorted(named)]


@block("NonSIMDConsumerAcceptingList")
def non_simd_list(x: list[Image], y: list[Image]) -> XY:
    """Two lists as they came."""
    return {"x": x, "y": y}


@block("NonSIMDConsumerAcceptingDict")
def non_simd_dict(x: dict[str, Image]) -> X:
    """The values in the order of their keys."""
    return {"x": _in_order(x)}


@block("NonSIMDConsumerAcceptingListIncDim")
def non_simd_list_inc(x: list[Image]) -> ManyX:
    """A list twice, one level deeper."""
    return {"x": [x, x]}


@block("NonSIMDConsumerAcceptingDictIncDim")
def non_simd_dict_inc(x: dict[str, Image]) -> ManyX:
    """The values twice, one level deeper."""
    return {"x": [_in_order(x), _in_order(x)]}


@block("NonSIMDConsumerAcceptingListDecDim")
def non_simd_list_dec(x: Gathered[list[Image]], y: Anything) -> X:
    """All groups of a list one after the other."""
    return {"x": [image for group in x for image in group]}


@block("NonSIMDConsumerAcceptingDictDecDim")
def non_simd_dict_dec(x: Gathered[dict[str, Image]]) -> X:
    """The groups in the order of their keys."""
    return {"x": _groups(x)}


@block("SIMDConsumerAcceptingList")
def simd_list(x: Batch[list[Image]], y: Batch[list[Image]]) -> list[XY]:
    """Two lists for each row."""
    return [{"x": xs, "y": ys} for xs, ys in zip(x, y, strict=True)]


@block("SIMDConsumerAcceptingDict")
def simd_dict(x: Batch[dict[str, Image]]) -> list[X]:
    """The values in the order of their keys, for each row."""
    return [{"x": _in_order(named)} for named in x]


@block("SIMDConsumerAcceptingDictIncDim")
def simd_dict_inc(x: Batch[dict[str, Image]]) -> list[ManyX]:
    """The values twice, one level deeper, for each row."""
    return [{"x": [_in_order(named), _in_order(named)]} for named in x]


@block("SIMDConsumerAcceptingDictDecDim")
def simd_dict_dec(x: Gathered[dict[str, Image]]) -> X:
    """The groups in the order of their keys."""
    return {"x": _groups(x)}


@block("SIMDConsumerAcceptingListDecDim")
def simd_list_dec(x: Gathered[list[Image]], y: Anything) -> X:
    """All groups of a list one after the other."""
    return {"x": [image for group in x for image in group]}


def _groups(named: object) -> list[list[Image]]:
    """The groups of a wired dict, in the order of their keys."""
    if not isinstance(named, dict):
        raise TypeError(f"expected groups by name, got {type(named).__name__}")
    return [list(named[key]) for key in sorted(named)]

"""What these blocks return, and the text that most of them return."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypedDict

from engine.kinds import Anything, Image
from engine.values.shape import Each


class Produced(TypedDict):
    """One picture."""

    image: Image


class Shapes(TypedDict):
    """A text about shapes."""

    shapes: str


class ManyShapes(TypedDict):
    """Texts about shapes, one level deeper."""

    shapes: Each[str]


class Metadata(TypedDict):
    """A text about shapes under another name."""

    metadata: str


class X(TypedDict):
    """One value."""

    x: Anything


class ManyX(TypedDict):
    """Values one level deeper."""

    x: Each[Anything]


class XY(TypedDict):
    """Two values."""

    x: Anything
    y: Anything


class ManyXY(TypedDict):
    """Two values one level deeper."""

    x: Each[Anything]
    y: Each[Anything]


def shape_text(image: Image) -> str:
    """The shape of a picture's array as JSON."""
    return json.dumps(image.pixels.shape)


def pair_text(x: Image, y: Image) -> str:
    """The shapes of two pictures, with nothing between them."""
    return shape_text(x) + shape_text(y)


def pairs_text(xs: Iterable[Image], ys: Iterable[Image]) -> str:
    """The shapes of pairs of pictures, a line a pair."""
    return "\n".join(pair_text(x, y) for x, y in zip(xs, ys, strict=True))

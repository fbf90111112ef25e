"""What objects from outside have under a key: texts, numbers and sizes.

All of these raise Unfit when the value is missing or another one. Their `place` is where the object lies in the value
that is read, such as `predictions.[0].`, and empty for that value itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.wire.bounds import LARGEST_WHOLE, MAX_COORDINATE, SMALLEST_WHOLE
from engine.wire.unfit import Unfit, in_words

Members = Mapping[str, Any]


def read_text(members: Members, key: str, place: str = "", default: str | None = None) -> str:
    """A text; the default, if there is one, where there is null or nothing."""
    value = members.get(key)
    text = default if value is None else value
    if isinstance(text, str):
        return text
    raise Unfit(f"{in_words(text)} at {place}{key}", "text")


def read_number(members: Members, key: str, place: str, smallest: float, largest: float) -> float:
    """A number within bounds, whole or not, as it was written; NaN is within none."""
    value = members.get(key)
    if (type(value) is float or type(value) is int) and smallest <= value <= largest:
        return value
    raise Unfit(f"{in_words(value)} at {place}{key}", f"a number from {smallest} to {largest}")


def read_confidence(members: Members, place: str = "") -> float:
    """How sure a model is, from 0 to 1."""
    return read_number(members, "confidence", place, 0, 1)


def read_whole(
    members: Members, key: str, place: str = "", smallest: int = SMALLEST_WHOLE, largest: int = LARGEST_WHOLE
) -> int:
    """A whole number within bounds."""
    value = members.get(key)
    if type(value) is int and smallest <= value <= largest:
        return value
    any_whole = (smallest, largest) == (SMALLEST_WHOLE, LARGEST_WHOLE)
    bounds = "of at most 64 bits" if any_whole else f"from {smallest} to {largest}"
    raise Unfit(f"{in_words(value)} at {place}{key}", f"a whole number {bounds}")


def read_size(members: Members, place: str, smallest: int = 1) -> tuple[int, int]:
    """The width and the height of a picture, in pixels."""
    width, height = (read_whole(members, key, place, smallest, MAX_COORDINATE) for key in ("width", "height"))
    return width, height

"""Points and zones as they come from outside."""

from __future__ import annotations

from typing import Any

from engine.wire.unfit import Unfit, is_number, shown

MAX_POINTS = 10_000
MAX_COORDINATE = 10**9
"""Pixels; what a 32-bit integer can hold."""

Point = tuple[int | float, int | float]


def read_point(value: Any) -> Point:
    """A pair x, y in pixels."""
    if isinstance(value, list | tuple) and len(value) == 2 and _are_coordinates(value):
        return value[0], value[1]
    raise Unfit(shown(value), "two numbers x, y")


def read_zone(value: Any) -> list[Point]:
    """At least three points in pixels."""
    fits = f"a list of 3 to {MAX_POINTS} points [x, y]"
    if not isinstance(value, list | tuple) or not 3 <= len(value) <= MAX_POINTS:
        raise Unfit(shown(value), fits)
    return [_member(index, point, fits) for index, point in enumerate(value)]


def read_labeled_points(value: Any) -> list[dict[str, Any]]:
    """Points x, y in pixels, each an object that may say with `positive` whether it is inside."""
    fits = f"a list of at most {MAX_POINTS} objects with the numbers x and y, and `positive`, which is true or false"
    if not isinstance(value, list | tuple) or len(value) > MAX_POINTS:
        raise Unfit(shown(value), fits)
    points = []
    for index, point in enumerate(value):
        if not isinstance(point, dict):
            raise Unfit(f"{shown(point)} at [{index}]", fits)
        if not _are_coordinates((point.get("x"), point.get("y"))) or not isinstance(point.get("positive", True), bool):
            raise Unfit(f"the object at [{index}]", fits)
        points.append({name: point[name] for name in ("x", "y", "positive") if name in point})
    return points


def _member(index: int, value: Any, fits: str) -> Point:
    try:
        return read_point(value)
    except Unfit as error:
        raise Unfit(f"{error.found} at [{index}]", fits) from error


def _are_coordinates(values: Any) -> bool:
    return all(is_number(value) and abs(value) <= MAX_COORDINATE for value in values)

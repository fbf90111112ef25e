"""Plain values as they come from outside: texts, numbers, containers, arrays, colours, moments and points.

Every reader takes a value and its name, and raises Unfit for what it does not read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pybase64

from engine.color import parse_color
from engine.errors import RuntimeInputError
from engine.wire.bounds import MAX_COORDINATE, check_depth, is_number, is_whole
from engine.wire.unfit import Unfit, in_words

MAX_TIME_CHARACTERS = 64
MAX_DIMENSIONS = 32
MAX_POINTS = 10_000

Point = tuple[int | float, int | float]


def read_any(value: Any, _: str) -> Any:
    """Any value, as it is."""
    check_depth(value)
    return value


def read_string(value: Any, _: str) -> str:
    """Text."""
    if isinstance(value, str):
        return value
    raise Unfit(in_words(value), "text")


def read_boolean(value: Any, _: str) -> bool:
    """True or false, and nothing that merely counts as one of them."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise Unfit(in_words(value), "true or false")


def read_integer(value: Any, _: str) -> int:
    """A whole number of at most 64 bits, which is what JSON writers write; 2.0 is none."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and is_whole(int(value)):
        return int(value)
    raise Unfit(in_words(value), "a whole number of at most 64 bits")


def read_float(value: Any, _: str) -> float:
    """A finite number."""
    number = float(value) if isinstance(value, np.integer | np.floating) else value
    if is_number(number):
        return float(number)
    raise Unfit(in_words(value), "a finite number")


def read_share(value: Any, name: str) -> float:
    """A number from 0 to 1."""
    try:
        number = read_float(value, name)
    except Unfit:
        number = math.nan
    if not 0 <= number <= 1:
        raise Unfit(in_words(value), "a number from 0 to 1")
    return number


def read_list(value: Any, _: str) -> list[Any] | tuple[Any, ...]:
    """Values in order."""
    if isinstance(value, list | tuple):
        check_depth(value)
        return value
    raise Unfit(in_words(value), "a list")


def read_dictionary(value: Any, _: str) -> dict[str, Any]:
    """Named values."""
    if isinstance(value, Mapping):
        check_depth(value)
        return value if isinstance(value, dict) else dict(value)
    raise Unfit(in_words(value), "an object")


def read_color(value: Any, _: str) -> str | tuple[int, int, int]:
    """A colour as red, green and blue, 0..255 each; one that is text stays as it is, since blocks take both forms.

    Workflows may also compare that text with another, or write it out.
    """
    fits = "#RRGGBB, the name of a colour, or three whole numbers from 0 to 255"
    if isinstance(value, list | tuple) and not all(type(part) is int for part in value):
        raise Unfit(f"{in_words(value)} that are not all whole numbers", fits)
    if not isinstance(value, str | list | tuple):
        raise Unfit(in_words(value), fits)
    try:
        rgb = parse_color(value if isinstance(value, str) else list(value))
    except RuntimeInputError as error:
        raise Unfit(in_words(value), fits) from error
    return value if isinstance(value, str) else rgb


def read_bytes(value: Any, _: str) -> bytes:
    """The bytes behind base64 text."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise Unfit(in_words(value), "base64 text")
    try:
        return pybase64.b64decode(value, validate=True)
    except ValueError as error:
        raise Unfit(f"text of {len(value)} characters that is not all base64", "base64 text") from error


def read_timestamp(value: Any, _: str) -> datetime:
    """A moment in the form of ISO 8601."""
    fits = "a moment such as 2026-01-31T12:00:00Z"
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) > MAX_TIME_CHARACTERS:
        raise Unfit(in_words(value), fits)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise Unfit(in_words(value), fits) from error


def read_array(value: Any, _: str) -> npt.NDArray[Any]:
    """Numbers in lists of lists, all on one level equally long; true and false only among themselves."""
    if isinstance(value, np.ndarray):
        return value
    fits = f"lists of numbers of at most 64 bits, nested at most {MAX_DIMENSIONS} deep and equally long on each level"
    if not isinstance(value, list | tuple):
        raise Unfit(in_words(value), fits)
    check_depth(value)
    unfit = Unfit("lists that hold something else, numbers of more than 64 bits, or lists of different lengths", fits)
    try:
        # Objects first: of texts, numpy would make an array of the longest one.
        boxed = np.array(value, dtype=object)
        types = set(map(type, boxed.ravel()))
        if boxed.ndim <= MAX_DIMENSIONS and (types <= {int, float} or types == {bool}):
            return boxed.astype(bool if types == {bool} else np.int64 if types == {int} else float)
    except (ValueError, OverflowError) as error:
        raise unfit from error
    raise unfit


def read_point(value: Any, _: str) -> Point:
    """A pair x, y in pixels."""
    if isinstance(value, list | tuple) and len(value) == 2 and _are_coordinates(value):
        return value[0], value[1]
    raise Unfit(in_words(value), "two numbers x, y")


def read_zone(value: Any, name: str) -> list[Point]:
    """At least three points in pixels."""
    fits = f"a list of 3 to {MAX_POINTS} points [x, y]"
    if not isinstance(value, list | tuple) or not 3 <= len(value) <= MAX_POINTS:
        raise Unfit(in_words(value), fits)
    points = []
    for index, point in enumerate(value):
        try:
            points.append(read_point(point, name))
        except Unfit as error:
            raise Unfit(f"{error.found} at [{index}]", fits) from error
    return points


def read_labeled_points(value: Any, _: str) -> list[dict[str, Any]]:
    """Points x, y in pixels, each an object that may say with `positive` whether it is inside."""
    fits = f"a list of at most {MAX_POINTS} objects with the numbers x and y, and `positive`, which is true or false"
    if not isinstance(value, list | tuple) or len(value) > MAX_POINTS:
        raise Unfit(in_words(value), fits)
    points = []
    for index, point in enumerate(value):
        if not isinstance(point, dict):
            raise Unfit(f"{in_words(point)} at [{index}]", fits)
        if not _are_coordinates((point.get("x"), point.get("y"))) or not isinstance(point.get("positive", True), bool):
            raise Unfit(f"the object at [{index}]", fits)
        points.append({name: point[name] for name in ("x", "y", "positive") if name in point})
    return points


def _are_coordinates(values: Any) -> bool:
    return all(is_number(value) and abs(value) <= MAX_COORDINATE for value in values)

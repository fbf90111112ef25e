"""Texts, numbers, bytes, moments, colours and containers as they come from outside."""

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
from engine.wire.unfit import Unfit, check_depth, is_number, shown

MAX_MOMENT_TEXT = 64
MAX_DIMENSIONS = 32


def read_string(value: Any) -> str:
    """Text."""
    if isinstance(value, str):
        return value
    raise Unfit(shown(value), "text")


def read_boolean(value: Any) -> bool:
    """True or false, and nothing that merely counts as one of them."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise Unfit(shown(value), "true or false")


def read_integer(value: Any) -> int:
    """A whole number of at most 64 bits, which is what JSON writers write; 2.0 is none."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return int(value)
    raise Unfit(shown(value), "a whole number of at most 64 bits")


def read_float(value: Any) -> float:
    """A finite number."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        plain = value.item() if isinstance(value, np.generic) else value
        if is_number(plain):
            return float(plain)
    raise Unfit(shown(value), "a finite number")


def read_share(value: Any) -> float:
    """A number from 0 to 1."""
    try:
        number = read_float(value)
    except Unfit:
        number = math.nan
    if not 0 <= number <= 1:
        raise Unfit(shown(value), "a number from 0 to 1")
    return number


def read_list(value: Any) -> list[Any] | tuple[Any, ...]:
    """Values in order."""
    if isinstance(value, list | tuple):
        check_depth(value)
        return value
    raise Unfit(shown(value), "a list")


def read_dictionary(value: Any) -> dict[str, Any]:
    """Named values."""
    if isinstance(value, Mapping):
        check_depth(value)
        return value if isinstance(value, dict) else dict(value)
    raise Unfit(shown(value), "an object")


def read_color(value: Any) -> str | tuple[int, int, int]:
    """A colour as text, or as red, green and blue, 0..255 each."""
    fits = "#RRGGBB, the name of a colour, or three whole numbers from 0 to 255"
    if isinstance(value, list | tuple) and not all(type(part) is int for part in value):
        raise Unfit(f"{shown(value)} that are not all whole numbers", fits)
    if not isinstance(value, str | list | tuple):
        raise Unfit(shown(value), fits)
    try:
        parsed = parse_color(value if isinstance(value, str | list) else list(value))
    except RuntimeInputError as error:
        raise Unfit(shown(value), fits) from error
    return value if isinstance(value, str) else parsed


def read_bytes(value: Any) -> bytes:
    """The bytes behind base64 text."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise Unfit(shown(value), "base64 text")
    try:
        return pybase64.b64decode(value, validate=True)
    except ValueError as error:
        raise Unfit(f"text of {len(value)} characters that is not all base64", "base64 text") from error


def read_timestamp(value: Any) -> datetime:
    """A moment in the form of ISO 8601."""
    fits = "a moment such as 2026-01-31T12:00:00Z"
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) > MAX_MOMENT_TEXT:
        raise Unfit(shown(value), fits)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise Unfit(shown(value), fits) from error


def read_array(value: Any) -> npt.NDArray[Any]:
    """Numbers in lists of lists, all of a level equally long; true and false only among themselves."""
    if isinstance(value, np.ndarray):
        return value
    fits = f"lists of numbers, nested at most {MAX_DIMENSIONS} deep and equally long on each level"
    if not isinstance(value, list | tuple):
        raise Unfit(shown(value), fits)
    check_depth(value)
    try:
        # Objects first: of texts, numpy would make an array of the longest one.
        boxed = np.array(value, dtype=object)
    except ValueError as error:
        raise Unfit("lists of different lengths", fits) from error
    types = set(map(type, boxed.ravel()))
    if not (types <= {int, float} or types == {bool}) or boxed.ndim > MAX_DIMENSIONS:
        raise Unfit("lists that hold something else, or are of different lengths", fits)
    try:
        return boxed.astype({frozenset({bool}): bool, frozenset({int}): np.int64}.get(frozenset(types), float))
    except OverflowError as error:
        raise Unfit("a number that is too large for 64 bits", fits) from error

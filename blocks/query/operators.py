"""Operators: the tests that statements make, on two values or on one."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from blocks.query.columns import Column, Mask, Same, plain
from blocks.query.operation import FAILURES, clipped
from blocks.query.takes import (
    ANYTHING,
    BOOLEAN,
    ELEMENTS,
    NUMBER,
    POINT,
    POOL,
    RANGE,
    SIZED,
    TEXT,
    ZONE,
    Takes,
)
from engine.errors import EvaluationEngineError

EXACT = 2**53
"""Whole numbers below this one are exact as 64-bit floats, and no others are rounded to them."""

MAX_PAIRS = 10_000_000
"""How many comparisons of one value with another may be needed to say which values of a list are in another list."""

Columns = Callable[[Column | Same, Column | Same], Mask | None]
"""Tests all rows at once; None when it cannot for these columns, so that rows are tested one by one.

At least one of the columns is not `Same`.
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """One type of test.

    Attributes:
        type: its name on the wire.
        operands: what each operand may be.
        test: says whether it holds; raises one of FAILURES for operands that it cannot compare.
        summary: what it does, in one sentence.
        columns: a faster way to the same answers for many rows.
    """

    type: str
    operands: tuple[Takes, ...]
    test: Callable[..., Any]
    summary: str
    columns: Columns | None = None

    def __call__(self, *values: Any) -> bool:
        """Whether it holds; EvaluationEngineError when it cannot be said."""
        for takes, value in zip(self.operands, values, strict=True):
            if not takes.fits(value):
                raise EvaluationEngineError(f"{self.type} takes {self._wanted}, got {_types(values)}.")
        try:
            return bool(self.test(*values))
        except FAILURES as error:
            raise EvaluationEngineError(f"{self.type} cannot compare {_types(values)}: {clipped(error)}.") from error

    @property
    def _wanted(self) -> str:
        return " and ".join(takes.words for takes in self.operands)


def _types(values: Iterable[Any]) -> str:
    return " and ".join(type(value).__name__ for value in values)


def _numbers(compare: Callable[[Any, Any], Any]) -> Columns:
    """A comparison of arrays of numbers, with each other or with one number."""

    def columns(left: Column | Same, right: Column | Same) -> Mask | None:
        first, second = _number(left), _number(right)
        if first is None or second is None:
            return None
        mask: Mask = compare(first, second)
        return mask

    return columns


def _number(column: Column | Same) -> npt.NDArray[np.float64] | float | None:
    """An array, or one number for all rows; None where 64-bit floats do not hold the values without loss."""
    if isinstance(column, Same):
        return float(column.value) if _is_exact(column.value) else None
    if not isinstance(column, list):
        return column
    if not set(map(type, column)) <= {int, float}:
        return None
    try:
        numbers = np.array(column, dtype=np.float64)
    except OverflowError:
        return None
    return None if (abs(numbers) >= EXACT).any() else numbers


def _is_exact(value: Any) -> bool:
    """Whether a value is a number that a 64-bit float holds without loss."""
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < EXACT)


def _in_range(value: Any, limits: Any) -> Any:
    low, high = limits
    if not (NUMBER.fits(low) and NUMBER.fits(high)):
        raise TypeError("the limits are not numbers")
    return (low <= value) & (value <= high)


def _in_range_columns(left: Column | Same, right: Column | Same) -> Mask | None:
    numbers = _number(left)
    if numbers is None or not (isinstance(right, Same) and RANGE.fits(right.value)):
        return None
    if len(right.value) == 2 and all(map(_is_exact, right.value)):
        mask: Mask = _in_range(numbers, right.value)
        return mask
    return None


def _is_among(value: Any, pool: Any) -> Any:
    return value in (map(plain, pool) if isinstance(pool, list | tuple) else pool)


def _is_among_columns(left: Column | Same, right: Column | Same) -> Mask | None:
    """Values are looked up in a set."""
    if not (isinstance(left, list) and isinstance(right, Same) and isinstance(right.value, list | tuple)):
        return None
    try:
        pool = frozenset(map(plain, right.value))
        return np.fromiter((value in pool for value in left), np.bool_, len(left))
    except TypeError:  # a list is no member of a set
        _refuse_pairs(len(left), len(right.value))
        return None


def _any_among(elements: Any, pool: Any) -> bool:
    return any(_are_among(elements, pool))


def _all_among(elements: Any, pool: Any) -> bool:
    return all(_are_among(elements, pool))


def _are_among(elements: Any, pool: Any) -> Iterable[bool]:
    """Of each element whether it is in the pool; looked up in a set where all are hashable."""
    wanted = [elements] if isinstance(elements, str) else list(map(plain, elements))
    if isinstance(pool, str):
        _refuse_pairs(len(wanted), len(pool))
        return (element in pool for element in wanted)
    members = list(map(plain, pool))
    try:
        return map(frozenset(members).__contains__, frozenset(wanted))
    except TypeError:  # a list is no member of a set
        _refuse_pairs(len(wanted), len(members))
        return (element in members for element in wanted)


def _refuse_pairs(elements: int, members: int) -> None:
    """Refuse to compare each element with each member when that would take minutes."""
    if elements * members > MAX_PAIRS:
        raise EvaluationEngineError(
            f"{elements} values cannot be compared with {members} others, one with each other.",
            hint="Use shorter lists, or lists without lists within.",
        )


def _in_zone(point: Any, zone: Any) -> bool:
    return _is_inside(point, _outline(zone))


def _in_zone_columns(left: Column | Same, right: Column | Same) -> Mask | None:
    """The outline is prepared once for all points."""
    if not (isinstance(left, list) and all(map(POINT.fits, left)) and isinstance(right, Same)):
        return None
    try:
        outline = _outline(right.value)
        return np.fromiter((_is_inside(point, outline) for point in left), np.bool_, len(left))
    except FAILURES:  # the first row that fails says why
        return None


def _outline(zone: Any) -> npt.NDArray[np.float32]:
    outline = np.asarray(zone, dtype=np.float32)
    if outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 3:
        raise ValueError("a zone has at least three points, each a pair of numbers")
    return outline


def _is_inside(point: Any, outline: npt.NDArray[np.float32]) -> bool:
    """Strictly inside, so not on the edge."""
    x, y = point
    return cv2.pointPolygonTest(outline, (float(x), float(y)), False) > 0


def _is_bool(wanted: bool) -> Callable[[Any], bool]:
    """An identity test: neither 1 nor "true" is True."""
    return lambda value: value is wanted


_ANY, _NUMBERS, _TEXTS = (ANYTHING, ANYTHING), (NUMBER, NUMBER), (TEXT, TEXT)


def _comparison(type: str, takes: tuple[Takes, ...], compare: Callable[[Any, Any], Any], words: str) -> Operator:
    return Operator(type, takes, compare, f"Whether the left operand is {words} the right one.", _numbers(compare))


BINARY: Mapping[str, Operator] = MappingProxyType(
    {
        found.type: found
        for found in (
            _comparison("==", _ANY, operator.eq, "equal to"),
            _comparison("!=", _ANY, operator.ne, "different from"),
            _comparison("(Number) ==", _ANY, operator.eq, "equal to"),
            _comparison("(Number) !=", _ANY, operator.ne, "different from"),
            _comparison("(Number) >", _NUMBERS, operator.gt, "greater than"),
            _comparison("(Number) >=", _NUMBERS, operator.ge, "at least"),
            _comparison("(Number) <", _NUMBERS, operator.lt, "less than"),
            _comparison("(Number) <=", _NUMBERS, operator.le, "at most"),
            Operator(
                "(Number) in range",
                (NUMBER, RANGE),
                _in_range,
                "Whether a number lies between two others or is one of them.",
                _in_range_columns,
            ),
            Operator("(String) startsWith", _TEXTS, str.startswith, "Whether a text begins with another."),
            Operator("(String) endsWith", _TEXTS, str.endswith, "Whether a text ends with another."),
            Operator("(String) contains", _TEXTS, operator.contains, "Whether a text has another in it."),
            Operator(
                "in (Sequence)",
                (ANYTHING, POOL),
                _is_among,
                "Whether a value is one of those in a list.",
                _is_among_columns,
            ),
            Operator("any in (Sequence)", (ELEMENTS, POOL), _any_among, "Whether a list shares a value with another."),
            Operator(
                "all in (Sequence)",
                (ELEMENTS, POOL),
                _all_among,
                "Whether all values of a list are in another; true of an empty list.",
            ),
            Operator(
                "(Detection) in zone",
                (POINT, ZONE),
                _in_zone,
                "Whether a point, such as the centre of a detection, lies inside a zone and not on its edge.",
                _in_zone_columns,
            ),
        )
    }
)

UNARY: Mapping[str, Operator] = MappingProxyType(
    {
        found.type: found
        for found in (
            Operator("Exists", (ANYTHING,), lambda value: value is not None, "Whether there is a value."),
            Operator("DoesNotExist", (ANYTHING,), lambda value: value is None, "Whether there is no value."),
            Operator("(Boolean) is True", (BOOLEAN,), _is_bool(True), "Whether a value is True itself."),
            Operator("(Boolean) is False", (BOOLEAN,), _is_bool(False), "Whether a value is False itself."),
            Operator("(Sequence) is empty", (SIZED,), lambda value: len(value) == 0, "Whether nothing is in it."),
            Operator("(Sequence) is not empty", (SIZED,), lambda value: len(value) > 0, "Whether something is in it."),
        )
    }
)

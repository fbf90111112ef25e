"""Operations on numbers."""

from __future__ import annotations

import random
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from blocks.query.operation import operation
from blocks.query.takes import ANYTHING, NUMBER, NUMBER_KINDS, TEXT_OR_NUMBER

MAX_DIGITS = 300
"""A float has no digits beyond these, on either side of the point."""


@operation("ToNumber", TEXT_OR_NUMBER, gives=NUMBER_KINDS)
def to_number(value: str | float, cast_to: Literal["int", "float"]) -> int | float:
    """Read a text as a number, or change the type of a number; what lies behind the point of an int is cut off."""
    number = float(value) if isinstance(value, str) else value
    return int(number) if cast_to == "int" else float(number)


@operation("NumberRound", NUMBER, gives=NUMBER_KINDS)
def rounded(number: float, decimal_digits: Annotated[int, Ge(-MAX_DIGITS), Le(MAX_DIGITS)]) -> float:
    """Round a number to some digits behind the point, or before it where they are negative."""
    return round(number, decimal_digits)


@operation("Multiply", NUMBER, gives=NUMBER_KINDS)
def multiplied(number: float, other: int | float) -> float:
    """Multiply by another number."""
    return number * other


@operation("Divide", NUMBER, gives=NUMBER_KINDS)
def divided(number: float, other: int | float) -> float:
    """Divide by another number, which must not be zero."""
    return number / other


@operation("RandomNumber", ANYTHING, gives=("float",), steady=False)
def random_number(value: Any, min_value: float = 0, max_value: float = 1) -> float:
    """Replace any value by a random number from a range, each of which is equally likely."""
    return random.uniform(min_value, max_value)  # noqa: S311 - nothing secret hangs on it

"""Columns: the values that an operand has for every row of a set of detections, worked on together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

NUMPY = (np.generic, np.ndarray)

Mask = npt.NDArray[np.bool_]
Column = npt.NDArray[np.float64] | list[Any]
"""One value a row: an array where all are numbers with a fraction, a list of Python values elsewhere."""


@dataclass(frozen=True, slots=True)
class Same:
    """One value that all rows share."""

    value: Any


def plain(value: Any) -> Any:
    """The numbers and arrays of numpy as Python's own, which divide, compare and print as users expect."""
    return value.tolist() if isinstance(value, NUMPY) else value


def each(column: Column | Same, count: int) -> Iterable[Any]:
    """The value of every row, as the row alone would have it."""
    if isinstance(column, Same):
        return repeat(column.value, count)
    return column if isinstance(column, list) else column.tolist()

"""How large, how far and how deeply nested values on the wire may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from engine.values.detections import MAX_PIXELS
from engine.wire.unfit import Unfit

MAX_DEPTH_IN = 64
"""Of containers in containers that come from outside; less than what is written, so that what comes in can go out."""
MAX_DEPTH_OUT = 100
"""Of containers in containers that are written."""
SMALLEST_WHOLE, LARGEST_WHOLE = -(2**63), 2**63 - 1
"""The whole numbers that values have inside."""
LARGEST_WRITTEN = 2**64 - 1
"""The largest whole number that JSON writers write as it is."""
MAX_COORDINATE = 1_000_000_000
"""Pixels to either side; twice as many still fit into 32 bits."""
FLAT = frozenset({str, int, float, bool, type(None)})


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a finite number that a float can hold; true and false are none."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) < 2**1000


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number of at most 64 bits; true, false and 2.0 are none."""
    return type(value) is int and SMALLEST_WHOLE <= value <= LARGEST_WHOLE


def check_depth(value: Any, place: str = "") -> None:
    """Unfit where a value is nested more than `MAX_DEPTH_IN` deep; `place` says where it lies in a larger one."""
    level = [value]
    for _ in range(MAX_DEPTH_IN + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, list | tuple):
                inner += item
            elif isinstance(item, dict | Mapping):
                inner += item.values()
        # Most are flat, and to ask whether a value is a Mapping of any sort takes long.
        level = [item for item in inner if type(item) not in FLAT and isinstance(item, list | tuple | dict | Mapping)]
        if not level:
            return
    where = f" at {place}" if place else ""
    raise Unfit(f"a value nested more than {MAX_DEPTH_IN} deep{where}", f"a value nested at most {MAX_DEPTH_IN} deep")


def check_mask_area(width: int, height: int, place: str) -> None:
    """Unfit where a picture is too large for a mask over it."""
    if width * height > MAX_PIXELS:
        raise Unfit(f"a picture of {width} x {height} pixels at {place}", f"one of at most {MAX_PIXELS} pixels")

"""What is said of values from outside that are not what they are declared to be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

MAX_SHOWN = 60
MAX_DEPTH = 64
"""Of containers in containers; less than what is written out again, so that what comes in can go out."""
CONTAINERS: dict[type, str] = {list: "a list", dict: "an object", tuple: "a tuple", set: "a set"}


class Unfit(ValueError):
    """A value does not fit a kind.

    Args:
        found: what was found, and where in the value.
        fits: what would fit.
    """

    def __init__(self, found: str, fits: str) -> None:
        super().__init__(f"{found} does not fit; {fits} does")
        self.found = found
        self.fits = fits


def shown(value: Any) -> str:
    """A value as a message names it: its type where it is long or a container, else itself."""
    if isinstance(value, str):
        return f"the text {value[:MAX_SHOWN]!r}" + ("..." if len(value) > MAX_SHOWN else "")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    # The text of an integer may be long, and Python refuses to write the longest.
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**MAX_SHOWN):
        return f"the number {value}"
    if type(value) in CONTAINERS:
        return f"{CONTAINERS[type(value)]} of {len(value)}"
    return f"a value of the type {type(value).__name__}"


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a finite number that a float can hold; true and false are none."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) < 2**1000


def check_depth(value: Any, place: str = "") -> None:
    """Unfit where a value is nested more than `MAX_DEPTH` deep; `place` is where it lies in a larger one."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                inner += item.values()
            elif isinstance(item, list | tuple):
                inner += item
        level = [item for item in inner if isinstance(item, Mapping | list | tuple)]
        if not level:
            return
    raise Unfit(
        f"a value nested more than {MAX_DEPTH} deep{place and f' at {place}'}",
        f"a value nested at most {MAX_DEPTH} deep",
    )

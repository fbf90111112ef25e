"""What is said of values from outside that are not what they are declared to be."""

from __future__ import annotations

from typing import Any

MAX_TEXT = 60
"""Characters, or digits, of a value that a message repeats."""
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


def in_words(value: Any) -> str:
    """A value as a message names it: its type where it is long or a container, else itself."""
    if isinstance(value, str):
        return f"the text {value[:MAX_TEXT]!r}" + ("..." if len(value) > MAX_TEXT else "")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    # The text of an integer may be long, and Python refuses to write the longest.
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**MAX_TEXT):
        return f"the number {value}"
    if type(value) in CONTAINERS:
        return f"{CONTAINERS[type(value)]} of {len(value)}"
    return f"a value of the type {type(value).__name__}"

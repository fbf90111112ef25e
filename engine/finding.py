"""What pydantic finds wrong with a value, in a few words."""

from __future__ import annotations

import reprlib
from typing import Any

from pydantic import ValidationError

MAX_SHOWN = 80
"""Characters of a value that a message repeats."""


def shown(value: Any) -> str:
    """A value at a length that fits a message."""
    text = reprlib.repr(value)  # which does not write out a whole list to show its beginning
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def finding(error: ValidationError) -> str:
    """The first of pydantic's findings, without its frames and links."""
    found = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in found["loc"] if not str(part).startswith("function-"))
    text = f"{found['msg']}, got {shown(found['input'])}"
    return f"{path}: {text}" if path else text

"""The metadata that Ultralytics embeds in the graphs it exports.

Format: `task` is a word, `names` the Python literal of a dictionary from class id to name, `imgsz` that of a list of
height and width.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from models.families.family import ImageInput

MAX_LITERAL = 1 << 18
"""Characters; the names of ten thousand classes fit."""
MAX_SIDE = 8192


def class_names(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names of the classes in the order of their ids; None when there are none, or the ids have gaps."""
    names = _literal(metadata.get("names", ""))
    if not isinstance(names, dict) or not names or set(names) != set(range(len(names))):
        return None
    try:
        return tuple(str(names[index]) for index in range(len(names)))
    except ValueError:  # a number of more digits than Python writes
        return None


def open_size(metadata: Mapping[str, str], port: ImageInput) -> tuple[int | None, int | None]:
    """The height and width to use where the graph takes any; None where it does not, or where nothing is said."""
    match _literal(metadata.get("imgsz", "")):
        case [int(height), int(width)] if 0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE:
            return None if port.height else height, None if port.width else width
    return None, None


def _literal(text: str) -> Any:
    """The value that a Python literal stands for; None when it is none, or is too long to be honest."""
    if len(text) > MAX_LITERAL:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None

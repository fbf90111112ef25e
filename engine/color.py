"""Colours as workflows write them."""

from __future__ import annotations

import re
from typing import Annotated

from engine.errors import RuntimeInputError
from engine.kinds import Kinds

Color = Annotated[str | tuple[int, int, int], Kinds("rgb_color", "string")]
"""#RGB, #RRGGBB, rgb(r, g, b), bgr(b, g, r), (r, g, b), a name, or three numbers in red, green, blue order."""

NAMES = {
    "WHITE": (255, 255, 255),
    "BLACK": (0, 0, 0),
    "GREY": (128, 128, 128),
    "RED": (255, 0, 0),
    "GREEN": (0, 255, 0),
    "BLUE": (0, 0, 255),
    "YELLOW": (255, 255, 0),
    "ROBOFLOW": (163, 81, 251),
}

_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NUMBERS = re.compile(r"(rgb|bgr)?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)


def parse_color(color: str | tuple[int, int, int] | list[int]) -> tuple[int, int, int]:
    """Red, green and blue, 0..255 each; RuntimeInputError for what is no colour."""
    if isinstance(color, str):
        rgb = _from_text(color.strip())
    else:
        rgb = (int(color[0]), int(color[1]), int(color[2])) if len(color) == 3 else None
    if rgb is None or not all(0 <= part <= 255 for part in rgb):
        raise RuntimeInputError(
            f"{color!r} is not a colour.",
            hint=f"Write #RRGGBB, rgb(255, 0, 0), three numbers from 0 to 255, or one of {', '.join(NAMES)}.",
        )
    return rgb


def _from_text(text: str) -> tuple[int, int, int] | None:
    if match := _HEX.fullmatch(text):
        digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := _NUMBERS.fullmatch(text):
        first, second, third = int(match[2]), int(match[3]), int(match[4])
        return (third, second, first) if (match[1] or "").lower() == "bgr" else (first, second, third)
    return NAMES.get(text.upper())

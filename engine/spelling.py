"""What somebody may have meant by a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MAX_LENGTH = 100
"""Longer names are left alone: comparing two takes time that grows with the square of their length."""


def nearest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name that is nearest to the one that was written; None when none is near."""
    if len(word) > MAX_LENGTH:
        return None
    near = get_close_matches(word, [known for known in words if len(known) <= MAX_LENGTH], n=1, cutoff=cutoff)
    return near[0] if near else None

"""Regular expressions that users write: what they may cost.

A backtracking matcher can take for ever, so a search has a time limit, which the `regex` package offers and `re` does
not. Its compiler unrolls repeats, and nested ones multiply, so what a pattern may unroll to is limited as well.
Patterns have to be valid for `re`, which keeps out what `regex` adds to the language, such as recursion.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

MAX_PATTERN_LENGTH = 1000
MAX_UNROLLED_LENGTH = 100_000
MAX_SECONDS = 0.2

_REPEAT = re.compile(r"\{(\d*),?(\d*)\}|\+")

Search = Callable[[str], bool]


def compile_pattern(pattern: object) -> Search:
    """A function that says whether the pattern is found anywhere in a text.

    It raises ValueError when the search takes longer than 0.2 seconds.

    Raises:
        ValueError: no pattern, or one that is too costly.
    """
    if not isinstance(pattern, str):
        raise ValueError("a regular expression is text")  # noqa: TRY004 - pydantic reports ValueErrors only
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise ValueError(f"a regular expression has at most {MAX_PATTERN_LENGTH} characters")
    if len(pattern) * math.prod(map(_copies, _REPEAT.finditer(pattern))) > MAX_UNROLLED_LENGTH:
        raise ValueError("the repeats of this regular expression multiply to more than the server takes")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return _searcher(pattern)


def _copies(repeat: re.Match[str]) -> int:
    """How many copies of its subject a repeat may unroll to."""
    if repeat[0] == "+":
        return 2
    return max(int(repeat[1] or 0), int(repeat[2] or 0)) + 1


def _searcher(pattern: str) -> Search:
    import regex  # noqa: PLC0415 - takes a while, and few workflows search

    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error

    def search(text: str) -> bool:
        try:
            return compiled.search(text, timeout=MAX_SECONDS, concurrent=True) is not None
        except TimeoutError as error:
            raise ValueError(f"the search took longer than {MAX_SECONDS} seconds") from error

    return search

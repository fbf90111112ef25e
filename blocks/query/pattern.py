"""Regular expressions that users write: what they mean, and what they may cost.

A backtracking matcher can take for ever, so a search has a time limit, which the `regex` package offers and `re` does
not. Its compiler unrolls repeats, and repeats of repeats multiply, so what a pattern may unroll to is limited as well.
Patterns mean what they mean to `re`: they have to be valid for it, and what only `regex` would read otherwise is
escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import _parser  # type: ignore[attr-defined]  # nothing public shows how deep repeats lie in each other
from typing import Any

MAX_PATTERN_LENGTH = 1000
MAX_UNROLLED_LENGTH = 100_000
"""In single characters or classes; what unrolls to as many takes `regex` a quarter of a second to compile."""

Search = Callable[[str, float], bool]
"""Says whether a pattern is found in a text; TimeoutError when that takes more than so many seconds.

They are seconds of the processor, and those of all threads of the server count.
"""

_WHOLE = re.compile(r"\\N\{[^}]*\}|\\.|\(\?#[^)]*\)|\{\d*,?\d*\}|\{|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""What is read as one: escapes, comments, repeats, braces and classes."""
_COMMENT = re.compile(_WHOLE.pattern + r"|\#[^\n]*", re.DOTALL)
"""The same where (?x) allows for comments to the end of the line."""
_IN_CLASS = re.compile(r"\\.|\[", re.DOTALL)


def compile_pattern(pattern: object) -> Search:
    """A function that says whether the pattern is found anywhere in a text.

    Raises:
        ValueError: no pattern, or one that is too costly.
    """
    if not isinstance(pattern, str):
        raise ValueError("a regular expression is text")  # noqa: TRY004 - pydantic reports ValueErrors only
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise ValueError(f"a regular expression has at most {MAX_PATTERN_LENGTH} characters")
    try:
        flags = re.compile(pattern).flags
        if _unrolled(_parser.parse(pattern)) > MAX_UNROLLED_LENGTH:
            raise ValueError("the repeats of this regular expression multiply to more than the server takes")
        return _searcher(_as_regex_has_it(pattern, verbose=bool(flags & re.VERBOSE)))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error


def _unrolled(tree: Iterable[tuple[Any, Any]]) -> int:
    """To how many characters or classes a part of a pattern unrolls: repeats multiply what they repeat."""
    return sum(_unrolled_part(str(kind), content) for kind, content in tree)


def _unrolled_part(kind: str, content: Any) -> int:
    if kind.endswith("REPEAT"):
        least, most, repeated = content
        copies = least + 1 if most is _parser.MAXREPEAT else most
        return int(max(1, copies)) * max(1, _unrolled(repeated))
    if kind == "SUBPATTERN":
        return _unrolled(content[-1])
    if kind == "BRANCH":
        return sum(map(_unrolled, content[1]))
    if kind in ("ASSERT", "ASSERT_NOT"):
        return _unrolled(content[1])
    if kind == "ATOMIC_GROUP":
        return _unrolled(content)
    if kind == "GROUPREF_EXISTS":
        return sum(_unrolled(branch) for branch in content[1:] if branch)
    return 1


def _as_regex_has_it(pattern: str, *, verbose: bool) -> str:
    """The same pattern without what `regex` adds to `re`: fuzzy matches in braces, and classes within classes."""

    def escaped(part: re.Match[str]) -> str:
        text = part[0]
        if text == "{,}":
            return "*"
        if text.startswith("{"):
            return text if text[1:2].isdigit() or text[2:3].isdigit() else f"\\{text}"
        if text.startswith("["):
            return "[" + _IN_CLASS.sub(lambda found: "\\[" if found[0] == "[" else found[0], text[1:])
        return text

    return (_COMMENT if verbose else _WHOLE).sub(escaped, pattern)


def _searcher(pattern: str) -> Search:
    import regex  # noqa: PLC0415 - takes a while, and few workflows search

    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"not a regular expression: {error}") from error

    def search(text: str, seconds: float) -> bool:
        return compiled.search(text, timeout=seconds, concurrent=True) is not None

    return search

"""Regular expressions from users: found like `re` finds them, at a bounded price."""

from __future__ import annotations

import re
import time

import pytest

from blocks.query.pattern import compile_pattern

TEXTS = ["", "ABC 123", "abc\n", "Straße", "\uff12\uff10", "a" * 50, "x=1; y=22"]
PATTERNS = [
    r"\d+",
    r"^abc$",
    r"(?i)STRASSE|abc",
    r"[A-Z]{3}\s\d{3}",
    r"\bstra",
    r"(?<=y=)(\d)\1",
    r"a{50}",
    r"^\w*$",
    "",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_finds_what_re_finds(pattern: str) -> None:
    search = compile_pattern(pattern)
    assert [search(text) for text in TEXTS] == [re.search(pattern, text) is not None for text in TEXTS]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "missing"),
        ("(?R)", "unknown extension"),
        ("a" * 1001, "at most 1000 characters"),
        ("((((a{50}){50}){50}){50}", "multiply"),
        ("(?:" * 25 + "a+" + ")+" * 25, "multiply"),
        ("a{99999999999999999999}", "multiply"),
        ("(" * 400 + "a" + ")" * 400, "not a regular expression"),
        (5, "is text"),
    ],
)
def test_what_is_refused(pattern: object, message: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError, match=message):
        compile_pattern(pattern)
    assert time.perf_counter() - start < 1


def test_a_search_without_end_is_ended() -> None:
    search = compile_pattern("^(([a-z])+.)+[A-Z]([a-z])+$")
    start = time.perf_counter()
    with pytest.raises(ValueError, match="longer than"):
        search("a" * 100_000)
    assert time.perf_counter() - start < 2

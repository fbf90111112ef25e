"""Regular expressions from users: found like `re` finds them, at a bounded price."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    assert [search(text, 1) for text in TEXTS] == [re.search(pattern, text) is not None for text in TEXTS]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "missing"),
        ("(?R)", "unknown extension"),
        ("a" * 1001, "at most 1000 characters"),
        ("((((a{50}){50}){50}){50})", "multiply"),
        ("(?:" * 25 + "a+" + ")+" * 25, "multiply"),
        ("(a{99999999}){99999999}", "multiply"),
        ("a{99999999999999999999}", "too large"),
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
    with pytest.raises(TimeoutError):
        search("a" * 100_000, 0.2)
    assert time.perf_counter() - start < 2


ORDINARY: list[tuple[str, str]] = [
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "id 123e4567-e89b-12d3-a456-426614174000",
    ),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", "2026-01-02T03:04:05.678Z"),
    (r"[A-Z]{2}\d{2} \d{4} \d{4} \d{4} \d{4} \d{2}", "DE89 3704 0044 0532 0130 00"),
    (r"\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d\+\d", "+1" * 16),
    (r"(\w+)\s+(\w+)\s+(\w+)\s+(\w+)\s+(\w+)\s+(\w+)\s+(\w+)\s+(\w+)", "one two three four five six seven 8"),
]


@pytest.mark.parametrize(("pattern", "text"), ORDINARY)
def test_repeats_side_by_side_cost_no_more_than_their_sum(pattern: str, text: str) -> None:
    assert compile_pattern(pattern)(text, 1)
    assert not compile_pattern(pattern)(text[:-1], 1)


BRACES_AND_BRACKETS = [
    *("{d}", "a{", "{", "a{}", "a{,}", "a{,2}b", "a{ 1}", "a{1,2,3}", r"\{d\}", "(?#{s)a", r"\N{DIGIT ONE}"),
    *("x{s}", "a{e<=1}", "(?:cat){s<=1}", "a{i}?b", "a{1}{", "[a{2}]", "[]a]", "[^]a]", "[^a{]", r"[\]\[{]"),
    "(?x)a # {s} [a\n {s}",
]
NESTED_SETS = ["[[:digit:]]", "[[]", "[^[a]", r"[\d[]", "[[a]]", "[a||b]", "[a&&b]", "[a~~b]"]
CRAFTED = [
    "a",
    "aa",
    "ab",
    "aab",
    "b",
    "d",
    "{d}",
    "5",
    "1",
    ":]",
    "y",
    "x{s}",
    "a{e<=1}",
    "cut",
    "cat{s<=1}",
    "[",
    "]",
]
CRAFTED += ["", "{", "}", "a{", "a{}", "a{ 1}", "a{1,2,3}", "a{i}b", "a{ib", "a{2}", "|", "&", "~", "a]", "a{s}"]


def assert_same_as_re(pattern: str, texts: list[str]) -> None:
    search = compile_pattern(pattern)
    assert [search(text, 1) for text in texts] == [re.search(pattern, text) is not None for text in texts]


@pytest.mark.parametrize("pattern", BRACES_AND_BRACKETS)
def test_braces_mean_what_they_mean_to_re(pattern: str) -> None:
    assert_same_as_re(pattern, CRAFTED)


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@pytest.mark.parametrize("pattern", NESTED_SETS)
def test_classes_mean_what_they_mean_to_re(pattern: str) -> None:
    assert_same_as_re(pattern, CRAFTED)


PIECES = [*"ab1 {}[]()^$.,:-+*?|\\<>=!sde&~", "{2}", "{1,}", "{,2}", "{s}", "{e<=1}", "[[:digit:]]", "(?:", "[^", "(?="]
patterns = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def is_valid(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(patterns.filter(is_valid), st.lists(st.text("ab1 {}[](),:-+sde=<&~|", max_size=6), max_size=8))
def test_any_pattern_means_what_it_means_to_re(pattern: str, texts: list[str]) -> None:
    assert_same_as_re(pattern, texts)

"""What travels comes back as it was; what is no message is refused."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import numpy as np
import pytest

from blocks.python.messages import HEADER, MAGIC, MAX_ODD_KEYS, Unsendable, read, sizes, write


class Colour(Enum):
    """An enumeration."""

    RED = "red"


VALUES: dict[str, Any] = {
    "nothing": None,
    "numbers": [0, -1, 2**200, 1.5, math.inf, -0.0],
    "flags": [True, False],
    "text": 'äöü \x00 "quoted" 👁',
    "bytes": b"\x00\xff",
    "containers": [(1, 2), {3}, frozenset({4}), [], (), {}],
    "keys": {1: "a", (2, 3): "b", None: "c"},
    "nested": {"a": [{"b": ({"c": [1]},)}]},
    "moments": [datetime(2024, 2, 29, 1, 2, 3, 4, UTC), datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=2)))],
    "day": date(2024, 2, 29),
}

ARRAYS: dict[str, Any] = {
    "bytes": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "odd length": np.arange(7, dtype=np.int16),
    "reversed": np.arange(6.0)[::-2],
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "booleans": np.array([True, False]),
    "texts": np.array(["a", "longer"]),
    "times": np.array(["2024-01-01"], dtype="datetime64[ms]"),
    "complex": np.array([1 + 2j]),
    "without rows": np.zeros((0, 4), np.float32),
    "without axes": np.array(3),
    "objects": np.array([None, "a", 3], dtype=object),
    "ragged": np.array([np.zeros(1), np.zeros((2, 2)), None], dtype=object),
}


def back(value: Any) -> Any:
    parts = write(value, lambda _: None, 5)
    number, text, arrays = sizes(bytes(parts[0]))
    body = bytearray(b"".join(parts[1:]))
    assert (number, len(body)) == (5, text + arrays)
    return read(body, text, refuse)


def refuse(name: str, parts: dict[str, Any]) -> Any:
    raise ValueError(name)


@pytest.mark.parametrize("case", VALUES)
def test_values(case: str) -> None:
    value = back(VALUES[case])
    assert value == VALUES[case]
    assert repr(value) == repr(VALUES[case])


def test_not_a_number() -> None:
    assert math.isnan(back(math.nan))


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case: str) -> None:
    array, found = ARRAYS[case], back({"x": ARRAYS[case]})["x"]
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_equal(found.tolist(), array.tolist())


@pytest.mark.parametrize("text", [np.str_(""), np.str_("a"), np.bytes_(b""), np.bytes_(b"a"), "x" * 2**20 + "ä"])
def test_texts_of_any_sort(text: Any) -> None:
    assert back([text, 1]) == [text, 1]


def test_a_small_array_does_not_keep_the_message() -> None:
    small, large = back([np.ones(4), np.ones(1000)])
    assert small.base is None
    assert large.base is not None


@pytest.mark.parametrize("scalar", [np.float32(1.5), np.int8(-3), np.bool_(True)])
def test_scalars_keep_their_type(scalar: Any) -> None:
    assert back(scalar) == scalar
    assert type(back(scalar)) is type(scalar)


def test_enumerations_travel_as_their_values() -> None:
    assert back([Colour.RED]) == ["red"]


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [object(), [lambda: 1], "\ud800", deep(1000), np.zeros(1, "V8")])
def test_unsendable(value: Any) -> None:
    with pytest.raises(Unsendable):
        write(value, lambda _: None, 5)


MALFORMED = {
    "no JSON": b"{",
    "an object": b'{"a": 1}',
    "an unknown tag": b'["z"]',
    "no tag": b"[]",
    "objects of Python": b'["a", "|O8", [1]]',
    "an odd type": b'["a", "i4,i4", [1]]',
    "a type of no size": b'["a", "<U0", [1000000000]]',
    "too few bytes": b'["a", "<i8", [9]]',
    "nobody's bytes": b"1",
    "the same bytes twice": b'["l", ["b", 16], ["b", 16]]',
    "bytes of a negative number": b'["b", -16]',
    "a negative shape": b'["a", "<i8", [-1, -2]]',
    "a shape of text": b'["a", "<i8", "2"]',
    "a number that fits no word as a key": b'["d", [18446744073709551615, ["b", 16]]]',
    "a key that has the hash of many": b'["l", ["b", 16], ["s", %d]]' % (8 * (2**61 - 1)),
    "a list as a key": b'["d", [["l"], 1]]',
    "no moment": b'["m", "yesterday"]',
    "a record without names": b'["r", "x", []]',
    "a record that nobody knows": b'["r", "x", {}]',
    "depth": b'["l",' * 5000 + b"1" + b"]" * 5000,
    "a shape that fits no array": b'["o", [2], 1]',
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_messages(case: str) -> None:
    text = MALFORMED[case]
    with pytest.raises(ValueError, match="malformed"):
        read(bytearray(text + bytes(16)), len(text), refuse)


def test_keys_of_which_many_can_have_one_hash() -> None:
    many = {(number, 0): number for number in range(MAX_ODD_KEYS + 1)}
    with pytest.raises(ValueError, match="neither text nor whole numbers"):
        back(many)
    several: dict[Any, int] = {
        **dict.fromkeys(range(20_000), 1),
        **dict.fromkeys(map(str, range(20_000)), 2),
        (1, 2): 3,
    }
    assert back(several) == several


@pytest.mark.parametrize("header", [HEADER.pack(b"nope", 0, 1, 1), HEADER.pack(MAGIC, 0, 2**31, 0)])
def test_malformed_headers(header: bytes) -> None:
    with pytest.raises(ValueError, match="header"):
        sizes(header)

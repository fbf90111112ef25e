"""Any value on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum, IntEnum
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.errors import ExecutionEngineRuntimeError, RuntimeInputError
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.bounds import MAX_DEPTH_IN, MAX_DEPTH_OUT
from engine.wire.encode import MAX_JPEG_SIDE, encode
from tests.engine.wire.samples import boxes, masks

TAKEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MOMENT = VideoMoment("camera", 7, TAKEN, fps=float("nan"))


class Side(Enum):
    """An enumeration of texts."""

    LEFT = "left"


class Whole(int):
    """A whole number that is not just an int."""


class Level(IntEnum):
    """An enumeration of numbers."""

    HIGH = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (-(2**63), -(2**63)),
        (2**64 - 1, 2**64 - 1),
        (2**64, 2.0**64),
        ([-(2**70)], [-(2.0**70)]),
        (10**400, None),
        ("text", "text"),
        (0.5, 0.5),
        (float("nan"), None),
        (float("-inf"), None),
        (np.float32(0.5), 0.5),
        (np.float64("inf"), None),
        (np.int64(4), 4),
        (np.bool_(True), True),
        (np.str_("text"), "text"),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array(2.5), 2.5),
        (np.array(np.nan), None),
        (np.array([1, np.nan], np.float32), [1, None]),
        (np.array([TAKEN, np.nan], object), ["2026-01-02T03:04:05+00:00", None]),
        (TAKEN, "2026-01-02T03:04:05+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (b"\x00\xff", "AP8="),
        (bytearray(b"\x00"), "AA=="),
        (memoryview(b"\x00"), "AA=="),
        (Side.LEFT, "left"),
        (Level.HIGH, 3),
        (Whole(3), 3),
        (Whole(2**70), 2.0**70),
        (np.longdouble(1.5), 1.5),
        (np.longdouble("inf"), None),
        (np.array([1, np.nan], np.longdouble), [1.0, None]),
        (np.array([[0.5]], np.longdouble), [[0.5]]),
        (np.array([(1, np.nan)], "i4,f4")[0], [1, None]),
        ((1, (2,)), [1, [2]]),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (frozenset({2, "x"}), ["x", 2]),
        ({1: {Side.LEFT: float("inf")}}, {"1": {"left": None}}),
        ({True: 1, None: 2, 1.5: 3, np.int64(4): 5}, {"true": 1, "null": 2, "1.5": 3, "4": 5}),
        ({np.bool_(False): 1, TAKEN: 2}, {"false": 1, "2026-01-02T03:04:05+00:00": 2}),
        (MOMENT.time, "2026-01-02T03:04:05+00:00"),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    found = encode(value, ("*",))
    assert found == expected
    assert type(found) is type(expected)
    assert orjson.loads(orjson.dumps(found)) == expected


def test_what_only_this_engine_has_is_found_at_any_depth() -> None:
    image = Image(np.zeros((4, 4, 3), np.uint8), "camera", video=MOMENT)
    found = encode({"a": [{"b": (image, boxes(1), MOMENT)}]}, ("dictionary",))["a"][0]["b"]
    assert found[0]["type"] == "base64"
    assert found[1]["predictions"][0]["class"] == "class 0"
    assert found[2]["frame_number"] == 7
    assert found[0]["video_metadata"]["fps"] is found[2]["fps"] is None


def test_what_is_unknown_is_left_to_the_writer() -> None:
    unknown = object()
    assert encode([unknown], ("*",)) == [unknown]
    assert encode(np.clongdouble(1 + 2j), ("*",)) == 1 + 2j


@pytest.mark.parametrize("value", [{1: "a", "1": "b"}, {True: 1, "true": 2}, {Side.LEFT: 1, "left": 2}])
def test_no_key_takes_the_place_of_another(value: Any) -> None:
    with pytest.raises(ExecutionEngineRuntimeError, match=r"two keys that JSON writes as '(1|true|left)'"):
        encode(value, ("*",))


@pytest.mark.parametrize(
    ("kinds", "key"),
    [
        (("rle_instance_segmentation_prediction",), "rle_mask"),
        (("semantic_segmentation_prediction",), "rle_mask"),
        (("string", "semantic_segmentation_prediction", "instance_segmentation_prediction"), "rle_mask"),
        (("instance_segmentation_prediction", "rle_instance_segmentation_prediction"), "points"),
        (("*",), "points"),
        ((), "points"),
    ],
)
def test_the_first_kind_says_how_masks_travel(kinds: tuple[str, ...], key: str) -> None:
    found = encode([boxes(2, mask=masks(2))], kinds)[0]["predictions"]
    assert all({"points", "rle_mask"} & row.keys() == {key} for row in found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abcdefgh", "ab********gh"),
        ("abcdefg", "********"),
        ("", "********"),
        (None, None),
        (12345678, "12********78"),
        ({"key": ["abcdefgh", b"123456"]}, {"key": ["ab********gh", "MT********U2"]}),
    ],
)
def test_secrets(value: Any, expected: Any) -> None:
    assert encode(value, ("secret",)) == expected
    assert encode(value, ("string", "secret")) == expected


def test_secrets_are_told_only_by_their_kind() -> None:
    assert encode({"api_key": "abcdefgh"}, ("*",)) == {"api_key": "abcdefgh"}


def nested(levels: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}, lambda value: (value,)])
def test_depth_is_bounded(wrap: Callable[[Any], Any]) -> None:
    encode(nested(MAX_DEPTH_OUT, wrap), ("*",))
    with pytest.raises(ExecutionEngineRuntimeError, match="100 deep"):
        encode(nested(MAX_DEPTH_OUT + 1, wrap), ("*",))


def test_values_in_themselves_are_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ExecutionEngineRuntimeError):
        encode(value, ("*",))
    array = np.empty((), object)
    array[()] = array
    with pytest.raises(ExecutionEngineRuntimeError, match="100 deep"):
        encode(array, ("*",))


@pytest.mark.parametrize(("width", "fine"), [(MAX_JPEG_SIDE, True), (MAX_JPEG_SIDE + 1, False)])
def test_pictures_that_are_too_long_for_a_jpeg(width: int, fine: bool) -> None:
    image = Image(np.zeros((1, width, 3), np.uint8), "long")
    if fine:
        assert encode(image, ("image",))["value"]
    else:
        with pytest.raises(RuntimeInputError, match=r"65501 x 1 pixels .* 1 to 65500 pixels long; resize it"):
            encode(image, ("image",))


def test_what_comes_in_can_go_out() -> None:
    assert MAX_DEPTH_IN < MAX_DEPTH_OUT


SCALARS = some.none() | some.booleans() | some.integers(-(2**63), 2**63 - 1) | some.floats() | some.text(max_size=4)


@given(some.recursive(SCALARS, lambda inner: some.lists(inner) | some.dictionaries(some.text(max_size=3), inner)))
def test_json_takes_all_of_it(value: Any) -> None:
    found = encode(value, ("*",))
    assert orjson.loads(orjson.dumps(found)) == found
    assert encode(found, ("*",)) == found

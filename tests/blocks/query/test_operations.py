"""Every operation on values that it takes, on empty ones, and on those that it refuses."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import cv2
import numpy as np
import pytest

from blocks.query import Row, parse_operations
from blocks.query.operations import OPERATIONS
from engine.errors import (
    EvaluationEngineError,
    InvalidInputTypeError,
    OperationError,
    RoboflowQueryLanguageError,
    UndeclaredSymbolError,
)
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.write_detections import encode_detections
from tests.blocks.query.samples import (
    NOTHING,
    PAIR,
    TAKEN,
    binary,
    detections,
    dynamic,
    keep,
    of_row,
    op,
    picture,
    static,
)

SINGLE = {
    "top": "cat",
    "confidence": 0.75,
    "predictions": [
        {"class": "dog", "class_id": 1, "confidence": 0.25},
        {"class": "cat", "class_id": 0, "confidence": 0.75},
    ],
}
SEVERAL = {
    "predictions": {
        "cat": {"class_id": 0, "confidence": 0.5},
        "dog": {"class_id": 1, "confidence": 0.75},
        "cow": {"class_id": 2, "confidence": 0.25},
    },
    "predicted_classes": ["cat", "dog"],
}
NO_LABEL = {"predictions": {"cat": {"class_id": 0, "confidence": 0.1}}, "predicted_classes": []}

CLASSES = op("DetectionsPropertyExtract", property_name="class_name")
LEFTS = op("DetectionsPropertyExtract", property_name="x_min")
HERD = detections(
    ("a", 0.5, (50, 0, 60, 10)),
    ("b", 0.75, (0, 0, 70, 30)),
    ("a", 0.25, (20, 20, 30, 80)),
    ("c", 0.75, (40, 5, 45, 15)),
)
"""Left edges 50, 0, 20, 40; centres (55, 5), (35, 15), (25, 50), (42.5, 10)."""


def sort(mode: str, **parameters: Any) -> list[dict[str, Any]]:
    return [op("SortDetections", mode=mode, **parameters), LEFTS]


def select(mode: str) -> list[dict[str, Any]]:
    return [op("DetectionsSelection", mode=mode), LEFTS]


def classification(property_name: str) -> list[dict[str, Any]]:
    return [op("ClassificationPropertyExtract", property_name=property_name)]


def frame(property_name: str) -> list[dict[str, Any]]:
    return [op("ExtractFrameMetadata", property_name=property_name)]


def image(property_name: str) -> list[dict[str, Any]]:
    return [op("ExtractImageProperty", property_name=property_name)]


def aggregate(function: str) -> list[dict[str, Any]]:
    return [op("NumericSequenceAggregate", function=function, neutral_value=-1)]


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else None


TABLE = {"1": "one", "a": "letter", "True": "truth", "None": "nothing", "1.5": "more"}

CASES: list[tuple[list[dict[str, Any]], Any, Any]] = [
    ([], "as it is", "as it is"),
    ([], np.zeros(2), lambda array: isinstance(array, np.ndarray)),
    ([op("StringToLowerCase")], "ÄbC", "äbc"),
    ([op("StringToUpperCase")], "äbC", "ÄBC"),
    ([op("StringSubSequence")], "plate", "plat"),
    ([op("StringSubSequence", start=1, end=3)], "plate", "la"),
    ([op("StringSubSequence", start=-2, end=100)], "plate", "te"),
    ([op("StringMatches", regex=r"\d{3}")], "ab123", True),
    ([op("StringMatches", regex=r"^\d{3}$")], "ab123", False),
    ([op("LookupTable", lookup_table=TABLE)], "a", "letter"),
    ([op("LookupTable", lookup_table=TABLE)], 1, "one"),
    ([op("LookupTable", lookup_table=TABLE)], 1.5, "more"),
    ([op("LookupTable", lookup_table=TABLE)], True, "truth"),
    ([op("LookupTable", lookup_table=TABLE)], None, "nothing"),
    ([op("LookupTable", lookup_table={1: "number", "1": "text"})], 1, "number"),
    ([op("ToNumber", cast_to="int")], "3.9", 3),
    ([op("ToNumber", cast_to="int")], -3.9, -3),
    ([op("ToNumber", cast_to="int")], 2**60 + 1, 2**60 + 1),
    ([op("ToNumber", cast_to="float")], " 3 ", 3.0),
    ([op("NumberRound", decimal_digits=1)], 2.449, 2.4),
    ([op("NumberRound", decimal_digits=-2)], 1250, 1200),
    ([op("Multiply", other=2.5)], 4, 10.0),
    ([op("Multiply", other=3)], 4, 12),
    ([op("Divide", other=4)], np.float32(2), 0.5),
    ([op("RandomNumber", min_value=3, max_value=3)], "anything", 3.0),
    ([op("ToString")], 1.0, "1.0"),
    ([op("ToString")], None, "None"),
    ([op("ToBoolean")], "False", True),
    ([op("ToBoolean")], 0, False),
    ([op("ToBoolean")], NOTHING, False),
    ([op("ToBoolean")], PAIR, True),
    ([op("SequenceMap", lookup_table=TABLE)], [1, "a"], ["one", "letter"]),
    ([op("SequenceMap", lookup_table={})], [], []),
    ([op("SequenceApply", operations=[op("Multiply", other=2), op("ToString")])], [1, 2], ["2", "4"]),
    ([op("SequenceApply", operations=[op("SequenceLength")])], [PAIR, NOTHING], [2, 0]),
    (aggregate("min"), [3, 1.5, 2], 1.5),
    (aggregate("max"), (3, 1.5, 2), 3),
    (aggregate("sum"), np.array([3, 1, 2]), 6),
    (aggregate("max"), [np.int64(2), np.float32(0.5)], lambda number: number == 2),
    (aggregate("sum"), [np.uint8(200), np.uint8(100)], 300),
    (aggregate("max"), [np.float32(0.5)], 0.5),
    (aggregate("sum"), [], -1),
    ([op("SequenceAggregate", mode="first")], ["x", "y"], "x"),
    ([op("SequenceAggregate", mode="last")], ["x", "y"], "y"),
    ([op("SequenceAggregate", mode="first")], [np.True_], True),
    ([op("SequenceAggregate", mode="most_common")], [np.int8(2), 1, 2], 2),
    ([op("DetectionsRename", class_map={"a": "y"}, strict="np_false"), CLASSES], PAIR, ["b", "y"]),
    ([op("SequenceAggregate", mode="most_common")], ["x", "y", "z", "y", "z"], "y"),
    ([op("SequenceAggregate", mode="least_common")], ["x", "x", "y", "z"], "y"),
    ([op("SequenceLength")], [1, 2], 2),
    ([op("SequenceLength")], PAIR, 2),
    ([op("SequenceLength")], NOTHING, 0),
    ([op("SequenceLength")], {"a": 1}, 1),
    ([op("SequenceElementsCount")], ["x", 1, "x", "1"], {"x": 2, "1": 2}),
    ([op("SequenceElementsCount")], [], {}),
    ([op("SequenceJoin")], ["x", 1], "x, 1"),
    ([op("SequenceJoin", separator="")], ["x", "y"], "xy"),
    ([op("SequenceJoin")], [], ""),
    ([CLASSES], PAIR, ["b", "a"]),
    ([op("DetectionsPropertyExtract", property_name="time_in_zone")], NOTHING, []),
    ([op("ExtractDetectionProperty", property_name="confidence")], Row(PAIR, 1), 0.75),
    ([op("ExtractDetectionProperty", property_name="time_in_zone")], Row(PAIR, 1), None),
    ([op("DetectionsToDictionary")], PAIR, encode_detections(PAIR)),
    ([op("DetectionsToDictionary")], NOTHING, {"image": {"width": 200, "height": 100}, "predictions": []}),
    ([keep(binary(of_row("size"), "(Number) >", static(100))), CLASSES], PAIR, ["b"]),
    ([keep(binary(of_row("size"), "(Number) >", static(100))), CLASSES], NOTHING, []),
    (select("left_most"), HERD, [20]),
    (select("right_most"), HERD, [50]),
    (select("top_confidence"), HERD, [0]),
    (select("first"), HERD, [50]),
    (select("last"), HERD, [40]),
    *((select(mode), NOTHING, []) for mode in ("left_most", "right_most", "top_confidence", "first", "last")),
    (sort("confidence"), HERD, [20, 50, 0, 40]),
    (sort("confidence", ascending=False), HERD, [0, 40, 50, 20]),
    (sort("x_min"), HERD, [0, 20, 40, 50]),
    (sort("x_max"), HERD, [20, 40, 50, 0]),
    (sort("y_min"), HERD, [50, 0, 40, 20]),
    (sort("y_max"), HERD, [50, 40, 0, 20]),
    (sort("size"), HERD, [40, 50, 20, 0]),
    (sort("center_x"), HERD, [20, 0, 40, 50]),
    (sort("center_y", ascending=False), HERD, [20, 0, 40, 50]),
    (sort("size"), NOTHING, []),
    ([op("DetectionsOffset", offset_x=10, offset_y=4)], PAIR, lambda d: d.xyxy.tolist()[0] == [5, 18, 35, 62]),
    ([op("DetectionsOffset", offset_x=10, offset_y=4), LEFTS], NOTHING, []),
    ([op("DetectionsShift", shift_x=-20, shift_y=5)], PAIR, lambda d: d.xyxy.tolist()[0] == [-10, 25, 10, 65]),
    ([op("DetectionsShift", shift_x=-20, shift_y=5), LEFTS], NOTHING, []),
    ([op("DetectionsRename", class_map={"a": "y", "b": "x"}), CLASSES], PAIR, ["x", "y"]),
    ([op("DetectionsRename", class_map={"a": "y"}), CLASSES], NOTHING, []),
    ([op("PickDetectionsByParentClass", parent_class="b"), LEFTS], HERD, [0, 50, 40]),
    ([op("PickDetectionsByParentClass", parent_class="z"), LEFTS], HERD, []),
    ([op("PickDetectionsByParentClass", parent_class="b"), LEFTS], NOTHING, []),
    (classification("top_class"), SINGLE, "cat"),
    (classification("top_class_confidence"), SINGLE, 0.75),
    (classification("top_class_confidence_single"), SINGLE, 0.75),
    (classification("all_classes"), SINGLE, ["dog", "cat"]),
    (classification("all_confidences"), SINGLE, [0.25, 0.75]),
    (classification("top_class"), SEVERAL, ["cat", "dog"]),
    (classification("top_class_confidence"), SEVERAL, [0.5, 0.75]),
    (classification("top_class_confidence_single"), SEVERAL, 0.75),
    (classification("all_classes"), SEVERAL, ["cat", "dog", "cow"]),
    (classification("all_confidences"), SEVERAL, [0.5, 0.75, 0.25]),
    (classification("top_class"), NO_LABEL, []),
    (classification("top_class_confidence_single"), NO_LABEL, 0.0),
    (image("size"), picture(), 8),
    (image("width"), picture(), 4),
    (image("height"), picture(), 2),
    (image("aspect_ratio"), picture(), 2.0),
    (frame("frame_number"), picture(), 31),
    (frame("frame_timestamp"), picture(), TAKEN),
    (frame("seconds_since_start"), picture(), 3.0),
    (frame("seconds_since_start"), Image(np.zeros((1, 1, 3), np.uint8), "still"), -1 / 30),
    ([op("ConvertImageToJPEG")], picture(), lambda data: data[:2] == b"\xff\xd8"),
    ([op("ConvertImageToBase64")], picture(), lambda text: b64decode(text, validate=True).startswith(b"\xff\xd8")),
    ([op("ConvertDictionaryToJSON")], {"a": [np.float32(0.5), TAKEN]}, f'{{"a": [0.5, "{TAKEN.isoformat()}"]}}'),
    ([op("ConvertDictionaryToJSON")], {"a": float("nan")}, '{"a": null}'),
    ([op("DetectionsToDictionary"), op("ConvertDictionaryToJSON")], NOTHING, json.loads),
    ([op("TimestampToISOFormat")], TAKEN, "2026-01-02T03:04:05+00:00"),
]


def test_every_operation_has_a_case() -> None:
    assert {step["type"] for operations, _, _ in CASES for step in operations} == set(OPERATIONS)


@pytest.mark.parametrize(("operations", "value", "expected"), CASES)
def test_outcomes(operations: list[dict[str, Any]], value: Any, expected: Any) -> None:
    found = parse_operations(operations)(value, {"np_false": np.False_})
    if callable(expected):
        assert expected(found)
    else:
        assert found == expected
        assert type(found) is type(expected)


REFUSALS: list[tuple[list[dict[str, Any]], Any, type[RoboflowQueryLanguageError], str]] = [
    ([op("StringToLowerCase")], 1, InvalidInputTypeError, r"operations\[0\] \(StringToLowerCase\) takes text, got int"),
    ([op("ToString"), op("Multiply", other=2)], 1, InvalidInputTypeError, r"operations\[1\] \(Multiply\).* got str"),
    ([op("SequenceLength")], 5, InvalidInputTypeError, "something with a length, got int"),
    ([op("SequenceJoin")], "text", InvalidInputTypeError, "a list, got str"),
    ([CLASSES], [PAIR], InvalidInputTypeError, "takes detections, got list"),
    ([op("ExtractDetectionProperty", property_name="size")], PAIR, InvalidInputTypeError, "one detection"),
    ([op("ToNumber", cast_to="int")], None, InvalidInputTypeError, "text or a number, got NoneType"),
    ([op("LookupTable", lookup_table=TABLE)], "z", InvalidInputTypeError, r"operations\[0\] \(LookupTable\).*'z'"),
    ([op("LookupTable", lookup_table=TABLE)], ["a"], InvalidInputTypeError, r"\['a'\]"),
    ([op("SequenceMap", lookup_table=TABLE)], ["a", "z"], InvalidInputTypeError, "'z'"),
    (aggregate("sum"), [1, "2"], InvalidInputTypeError, "str, not a number"),
    ([op("ToNumber", cast_to="int")], "three", OperationError, r"operations\[0\] \(ToNumber\) failed.*'three'"),
    ([op("ToNumber", cast_to="int")], "inf", OperationError, "infinity"),
    ([op("Divide", other=0)], 1, OperationError, "division by zero"),
    ([op("Divide", other=0)], np.float32(1), OperationError, "division by zero"),
    ([op("SequenceAggregate", mode="first")], [], OperationError, "empty"),
    ([op("SequenceAggregate", mode="most_common")], [[1]], OperationError, "unhashable"),
    ([op("SequenceJoin", separator="x" * 400_000)], [""] * 4, OperationError, "1000000 characters"),
    ([op("SequenceJoin")], ["x" * 600_000] * 2, OperationError, "1000000 characters"),
    ([op("StringMatches", regex="^(([a-z])+.)+[A-Z]([a-z])+$")], "a" * 10_000, OperationError, "longer than 1 s"),
    ([op("DetectionsPropertyExtract", property_name="speed")], PAIR, OperationError, "'speed'"),
    ([op("DetectionsPropertyExtract", property_name="tracker_id")], PAIR, OperationError, "'tracker_id'"),
    ([op("DetectionsRename", class_map={"a": "x"})], PAIR, OperationError, "class 'b'"),
    ([op("DetectionsRename", class_map="names")], PAIR, UndeclaredSymbolError, r"\(DetectionsRename\).*'names'"),
    ([op("DetectionsRename", class_map="number")], PAIR, InvalidInputTypeError, "class map .* got int"),
    ([op("DetectionsRename", class_map={}, strict="number")], PAIR, InvalidInputTypeError, "true or false, got int"),
    (classification("top_class"), {}, OperationError, "predictions"),
    (frame("seconds_since_start"), picture(video=VideoMoment("x", 3, TAKEN)), OperationError, "frames a second"),
    ([op("ConvertImageToJPEG")], picture(70_000, 1), OperationError, "70000 x 1"),
    ([op("ConvertDictionaryToJSON")], {"a": object()}, OperationError, "not JSON serializable"),
    ([op("ConvertDictionaryToJSON")], {1: 1, "1": 2}, OperationError, r"operations\[0\] \(Conv.*two keys .* '1'\."),
    ([op("ConvertDictionaryToJSON")], {"a": nested(101)}, OperationError, r"operations\[0\] \(Conv.* nested more than"),
    (
        [op("SequenceApply", operations=[op("ToString"), op("NumberRound", decimal_digits=1)])],
        [1],
        InvalidInputTypeError,
        r"^operations\[0\]\.operations\[1\] \(NumberRound\) takes a number, got str\.$",
    ),
    (
        [op("ToString"), keep(binary(dynamic("_"), "==", dynamic("_")))],
        PAIR,
        InvalidInputTypeError,
        r"operations\[1\] \(DetectionsFilter\)",
    ),
    (
        [keep(binary(of_row("class_name"), "(Number) >", static(1)))],
        PAIR,
        EvaluationEngineError,
        r"^operations\[0\]\.filter_operation\.statements\[0\]: \(Number\) > takes a number and a number",
    ),
    (
        [keep(binary(of_row("size", op("StringToLowerCase")), "==", static(1)))],
        PAIR,
        InvalidInputTypeError,
        r"statements\[0\]\.left_operand\.operations\[1\] \(StringToLowerCase\) takes text, got float",
    ),
    (
        [keep(binary(of_row("size"), "==", dynamic("numbre")))],
        PAIR,
        UndeclaredSymbolError,
        r"statements\[0\]\.right_operand: There is no parameter 'numbre'\. Did you mean 'number'\?",
    ),
]


@pytest.mark.parametrize(("operations", "value", "error", "message"), REFUSALS)
def test_refusals(
    operations: list[dict[str, Any]], value: Any, error: type[RoboflowQueryLanguageError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        parse_operations(operations)(value, {"number": 1})
    assert type(caught.value) is error
    assert caught.value.context == "step_execution | roboflow_query_language_evaluation"


def test_long_values_are_cut_in_messages() -> None:
    chain = parse_operations([op("ToNumber", cast_to="int")])
    with pytest.raises(OperationError) as caught:
        chain("x" * 10_000, {})
    assert len(str(caught.value)) < 250


def test_parameters_of_the_step_reach_nested_statements() -> None:
    chain = parse_operations([op("SequenceApply", operations=[keep(binary(of_row("size"), "==", dynamic("area")))])])
    assert [len(found) for found in chain([PAIR, HERD], {"area": 800})] == [1, 0]


def test_numbers_are_random_within_their_range() -> None:
    draw = parse_operations([op("RandomNumber", min_value=-2, max_value=5)])
    drawn = [draw(None, {}) for _ in range(200)]
    assert all(-2 <= number <= 5 for number in drawn)
    assert max(drawn) - min(drawn) > 1


def test_an_encoded_picture_is_the_picture() -> None:
    encoded = parse_operations([op("ConvertImageToJPEG")])(picture(16, 8), {})
    decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert abs(decoded.astype(int) - picture(16, 8).pixels).max() <= 2


def test_a_lower_compression_level_makes_a_smaller_file() -> None:
    noise = Image(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8), "noise")
    sizes = [len(parse_operations([op("ConvertImageToJPEG", compression_level=q)])(noise, {})) for q in (20, 95)]
    assert sizes[0] < sizes[1] / 2

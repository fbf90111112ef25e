"""What editors are told about the query language."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from blocks.query.describe import describe
from blocks.query.operations import OPERATIONS
from blocks.query.operators import BINARY, UNARY
from blocks.query.properties import DetectionProperty
from engine.kinds import KINDS
from engine.wire.detection_kinds import DETECTION_KINDS

DESCRIBED: dict[str, Any] = describe()
BY_TYPE: dict[str, dict[str, Any]] = {entry["operation_type"]: entry for entry in DESCRIBED["operations_description"]}


def test_everything_is_described_once() -> None:
    assert [entry["operation_type"] for entry in DESCRIBED["operations_description"]] == list(OPERATIONS)
    assert [entry["operator_type"] for entry in DESCRIBED["operators_descriptions"]] == [*BINARY, *UNARY]


def test_it_can_be_sent() -> None:
    assert json.loads(json.dumps(DESCRIBED)) == DESCRIBED


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation(name: str) -> None:
    entry = BY_TYPE[name]
    assert {*entry["input_kind"], *entry["output_kind"]} <= KINDS.keys()
    assert entry["input_kind"]
    assert entry["output_kind"]
    assert entry["description"].endswith(".")
    assert entry["parameters_schema"]["additionalProperties"] is False


def test_compound_operations_say_what_is_inside() -> None:
    compound = {name for name, entry in BY_TYPE.items() if entry["compound"]}
    assert compound == {"SequenceApply", "DetectionsFilter"}
    assert BY_TYPE["DetectionsFilter"]["nested_operation_input_kind"] == ["detection"]
    assert BY_TYPE["DetectionsFilter"]["nested_operation_output_kind"] == ["boolean"]
    assert BY_TYPE["SequenceApply"]["nested_operation_input_kind"] == ["*"]
    assert "nested_operation_input_kind" not in BY_TYPE["ToString"]


def test_all_kinds_of_detections_can_be_connected() -> None:
    assert set(BY_TYPE["DetectionsFilter"]["input_kind"]) == DETECTION_KINDS.keys()


def test_properties_can_be_chosen_from() -> None:
    options = {
        name: entry["property_name_options"] for name, entry in BY_TYPE.items() if "property_name_options" in entry
    }
    assert options["ExtractDetectionProperty"] == list(get_args(DetectionProperty))
    assert options["DetectionsPropertyExtract"] == list(get_args(DetectionProperty))
    assert options["ExtractImageProperty"] == ["size", "height", "width", "aspect_ratio"]
    assert options.keys() >= {"ClassificationPropertyExtract", "ExtractFrameMetadata"}


def test_parameters_are_described_with_their_bounds() -> None:
    schema = BY_TYPE["ConvertImageToJPEG"]["parameters_schema"]["properties"]["compression_level"]
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (0, 100, 95)
    assert BY_TYPE["NumberRound"]["parameters_schema"]["required"] == ["decimal_digits"]


@pytest.mark.parametrize("entry", DESCRIBED["operators_descriptions"], ids=lambda entry: str(entry["operator_type"]))
def test_an_operator(entry: dict[str, Any]) -> None:
    assert entry["operands_number"] == len(entry["operands_kinds"]) == (2 if entry["operator_type"] in BINARY else 1)
    assert all(kinds and set(kinds) <= KINDS.keys() for kinds in entry["operands_kinds"])
    assert entry["description"].endswith(".")

"""Turning detections into others with a query."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.query import parse_operations
from blocks.transformations.detections_transformation import detections_transformation
from engine.errors import InvalidInputTypeError, UndeclaredSymbolError
from tests.blocks.samples import found

SURE: dict[str, Any] = {
    "type": "DetectionsFilter",
    "filter_operation": {
        "type": "StatementGroup",
        "statements": [
            {
                "type": "BinaryStatement",
                "left_operand": {
                    "type": "DynamicOperand",
                    "operations": [{"type": "ExtractDetectionProperty", "property_name": "confidence"}],
                },
                "comparator": {"type": "(Number) >="},
                "right_operand": {"type": "DynamicOperand", "operand_name": "least"},
            }
        ],
    },
}


def test_operations_follow_each_other() -> None:
    operations = parse_operations([SURE, {"type": "SortDetections", "mode": "confidence", "ascending": True}])
    before = found((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 3, 3))
    after = detections_transformation(before, operations, {"least": 0.6})["predictions"]
    assert after.xyxy[:, 2].tolist() == [2, 1]
    assert len(before) == 3


def test_no_operations_change_nothing() -> None:
    before = found((0, 0, 1, 1))
    assert detections_transformation(before, parse_operations([]))["predictions"] is before


def test_nothing_found_keeps_its_frame() -> None:
    after = detections_transformation(found(), parse_operations([SURE]), {"least": 0.5})["predictions"]
    assert len(after) == 0
    assert after.frame.width == 64


def test_parameters_have_to_be_given() -> None:
    with pytest.raises(UndeclaredSymbolError, match="least"):
        detections_transformation(found((0, 0, 1, 1)), parse_operations([SURE]))


def test_operations_have_to_end_in_detections() -> None:
    with pytest.raises(InvalidInputTypeError, match="int"):
        detections_transformation(found((0, 0, 1, 1)), parse_operations([{"type": "SequenceLength"}]))

"""Filtering detections with a query."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.query import parse_operations
from blocks.transformations.detections_filter import detections_filter
from engine.errors import InvalidInputTypeError, UndeclaredSymbolError
from tests.blocks.samples import found


def by(property_name: str, comparator: str, right: dict[str, Any]) -> list[dict[str, Any]]:
    statement = {
        "type": "BinaryStatement",
        "left_operand": {
            "type": "DynamicOperand",
            "operations": [{"type": "ExtractDetectionProperty", "property_name": property_name}],
        },
        "comparator": {"type": comparator},
        "right_operand": right,
    }
    return [{"type": "DetectionsFilter", "filter_operation": {"type": "StatementGroup", "statements": [statement]}}]


def test_rows_that_fit_are_kept_in_order() -> None:
    operations = parse_operations(by("class_name", "==", {"type": "StaticOperand", "value": "a"}))
    detections = found((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 3, 3))
    kept = detections_filter(detections, operations)["predictions"]
    assert kept.xyxy[:, 2].tolist() == [1, 3]
    assert kept.detection_id.tolist() == detections.detection_id[[0, 2]].tolist()


def test_parameters() -> None:
    right = {"type": "DynamicOperand", "operand_name": "least"}
    operations = parse_operations(by("confidence", "(Number) >=", right))
    detections = found((0, 0, 1, 1), (0, 0, 2, 2))
    assert len(detections_filter(detections, operations, {"least": 0.7})["predictions"]) == 1
    with pytest.raises(UndeclaredSymbolError, match="least"):
        detections_filter(detections, operations)


def test_nothing_found_keeps_its_frame() -> None:
    operations = parse_operations(by("confidence", "(Number) >=", {"type": "StaticOperand", "value": 0.5}))
    kept = detections_filter(found(), operations)["predictions"]
    assert len(kept) == 0
    assert kept.frame.width == 64


def test_operations_have_to_end_in_detections() -> None:
    operations = parse_operations([{"type": "SequenceLength"}])
    with pytest.raises(InvalidInputTypeError, match="int"):
        detections_filter(found((0, 0, 1, 1)), operations)

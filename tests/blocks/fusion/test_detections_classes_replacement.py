"""Classes of crops, given to the detections that the crops were cut for."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from blocks.fusion.detections_classes_replacement import detections_classes_replacement
from engine.values.detections import Detections, strings
from tests.blocks.samples import found


def three() -> Detections:
    return replace(found((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 3, 3)), detection_id=strings(["x", "y", "z"]))


def single(parent: str, name: str, confidence: float = 0.8) -> dict[str, Any]:
    predictions = [
        {"class": name, "class_id": 7, "confidence": confidence},
        {"class": "other", "class_id": 8, "confidence": 0.1},
    ]
    return {"parent_id": parent, "top": name, "confidence": confidence, "predictions": predictions}


NOTHING = {"parent_id": "y", "top": "", "confidence": 0.0, "predictions": []}
LABELS = {
    "parent_id": "z",
    "predictions": {
        "wet": {"class_id": 1, "confidence": 0.6},
        "dry": {"class_id": 2, "confidence": 0.7},
        "hot": {"class_id": 3, "confidence": 0.9},
    },
    "predicted_classes": ["wet", "dry"],
}
NO_LABELS = LABELS | {"predicted_classes": []}


@pytest.mark.parametrize(
    ("classifications", "expected"),
    [
        ([single("x", "cat")], [(1, "cat", 7, 0.8)]),
        ([single("z", "cat"), single("x", "dog", 0.3)], [(1, "dog", 7, 0.3), (3, "cat", 7, 0.8)]),
        ([None, single("y", "cat"), None], [(2, "cat", 7, 0.8)]),
        ([NOTHING, LABELS], [(3, "dry", 2, 0.7)]),
        ([NO_LABELS], []),
        ([single("nobody", "cat")], []),
        (["one", None, "three"], [(1, "one", 0, 1.0), (3, "three", 0, 1.0)]),
        (["", ["a", "b"], []], [(2, "a b", 0, 1.0)]),
        (["one", "two", "three", "four"], [(1, "one", 0, 1.0), (2, "two", 0, 1.0), (3, "three", 0, 1.0)]),
        ([], []),
        ([None, None, None], []),
    ],
)
def test_classes(classifications: list[Any], expected: list[tuple[int, str, int, float]]) -> None:
    replaced = detections_classes_replacement(three(), classifications)["predictions"]
    rows = zip(replaced.xyxy[:, 2], replaced.class_name, replaced.class_id, replaced.confidence, strict=True)
    seen: list[Any] = [(int(a), b, int(c), pytest.approx(float(d))) for a, b, c, d in rows]
    assert seen == expected
    assert replaced.frame.width == 64


@pytest.mark.parametrize(("number", "expected"), [(None, sys.maxsize), (0, 0), (12, 12)])
def test_fallback(number: int | None, expected: int) -> None:
    replaced = detections_classes_replacement(three(), [single("x", "cat"), NOTHING], "none", number)["predictions"]
    assert replaced.class_name.tolist() == ["cat", "none", "none"]
    assert replaced.class_id.tolist() == [7, expected, expected]
    assert replaced.confidence.tolist() == pytest.approx([0.8, 0.0, 0.0])


def test_no_classifications_leave_nothing_in_spite_of_a_fallback() -> None:
    assert len(detections_classes_replacement(three(), [], "none")["predictions"]) == 0


def test_nothing_found() -> None:
    assert len(detections_classes_replacement(found(), [], "none")["predictions"]) == 0
    assert len(detections_classes_replacement(found(), ["text"])["predictions"]) == 0


def test_ids_are_new_and_the_input_is_as_it_was() -> None:
    before = three()
    after = detections_classes_replacement(before, [single("x", "cat")])["predictions"]
    assert after.detection_id[0] not in ("x", "y", "z")
    assert before.class_name.tolist() == ["a", "b", "a"]


def test_many_texts_take_no_time() -> None:
    crowd = found(*[(0, 0, 1, 1)] * 10_000)
    started = time.process_time()
    assert len(detections_classes_replacement(crowd, ["text"] * 10_000)["predictions"]) == 10_000
    assert time.process_time() - started < 2


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_ids_that_no_class_can_have(number: int) -> None:
    parameter = detections_classes_replacement.signature.parameters["fallback_class_id"]
    with pytest.raises(ValueError, match="than or equal to"):
        parameter.takes(number)
    assert parameter.takes(2**63 - 1) == 2**63 - 1
    assert parameter.takes(None) is None

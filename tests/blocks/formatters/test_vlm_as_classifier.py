"""Reading the answers of language models as classifications."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.formatters.vlm_as_classifier import vlm_as_classifier
from engine.values.shape import MISSING
from tests.blocks.samples import picture

CLASSES = ["cat", "dog"]


def read(text: str) -> Any:
    return vlm_as_classifier(picture(), text, CLASSES)


def test_one_class() -> None:
    result = read('```json\n{"class_name": "dog", "confidence": "0.7"}\n```')
    found = result["predictions"]
    assert result["error_status"] is False
    assert (found["top"], found["confidence"]) == ("dog", 0.7)
    assert found["predictions"] == [
        {"class": "dog", "class_id": 1, "confidence": 0.7},
        {"class": "cat", "class_id": 0, "confidence": 0.0},
    ]
    assert found["image"] == {"width": 64, "height": 48}
    assert found["parent_id"] == found["root_parent_id"] == "image"
    assert found["prediction_type"] == "classification"
    assert found["inference_id"] == result["inference_id"]


def test_a_class_that_was_not_on_offer() -> None:
    found = read('{"class_name": "cow", "confidence": 7}')["predictions"]
    assert (found["top"], found["confidence"]) == ("cow", 1.0)
    assert found["predictions"][0] == {"class": "cow", "class_id": -1, "confidence": 1.0}
    assert [item["class_id"] for item in found["predictions"]] == [-1, 0, 1]


def test_several_classes() -> None:
    answer = (
        '{"predicted_classes": [{"class": "dog", "confidence": 0.2}, {"class": "cow", "confidence": 0.5}, '
        '{"class": "dog", "confidence": 0.4}]}'
    )
    found = read(answer)["predictions"]
    assert found["predicted_classes"] == ["dog", "cow"]
    assert found["predictions"] == {
        "cat": {"confidence": 0.0, "class_id": 0},
        "dog": {"confidence": 0.4, "class_id": 1},
        "cow": {"confidence": 0.5, "class_id": -1},
    }


def test_nothing_recognised() -> None:
    found = read('{"predicted_classes": []}')["predictions"]
    assert found["predicted_classes"] == []
    assert set(found["predictions"]) == {"cat", "dog"}


def test_a_crop_says_where_it_comes_from() -> None:
    crop = picture().crop("part", 4, 4, 8, 8)
    result = vlm_as_classifier(crop, '{"class_name": "cat", "confidence": 1}', CLASSES)
    assert isinstance(result["predictions"], dict)
    assert result["predictions"]["parent_id"] == "part"
    assert result["predictions"]["root_parent_id"] == "image"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It is a cat.",
        "{}",
        '["cat"]',
        '{"class_name": "cat"}',
        '{"class_name": 5, "confidence": 1}',
        '{"class_name": "cat", "confidence": "high"}',
        '{"class_name": "cat", "confidence": "nan"}',
        '{"class_name": "cat", "confidence": null}',
        '{"predicted_classes": "cat"}',
        '{"predicted_classes": [{"class": "cat"}]}',
        '{"predicted_classes": null}',
    ],
)
def test_answers_that_cannot_be_read(text: str) -> None:
    result = read(text)
    assert result["error_status"] is True
    assert result["predictions"] is MISSING
    assert result["inference_id"]

"""What editors are told of the forms of values is what the engine sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from pydantic import TypeAdapter, ValidationError

from api.describe.forms import WIRE_FORMS, json_schema
from engine.kinds import INSTANCES, KEYPOINTS, KINDS, OBJECTS, RLE_INSTANCES
from engine.values.detections import Detections, strings
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.detection_kinds import DETECTION_KINDS
from engine.wire.encode import encode
from tests.engine.wire.samples import CROPPED, boxes, sets, travelled

MASKS = np.ones((2, 16, 24), np.bool_)
POINTS = {
    "keypoints_class_id": np.array([[0, 1]] * 2),
    "keypoints_class_name": np.array([["nose", "eye"]] * 2),
    "keypoints_confidence": np.array([[0.5, np.nan]] * 2),
    "keypoints_xy": np.zeros((2, 2, 2)),
}
PICTURE = Image(np.zeros((8, 8, 3), np.uint8), "whole")
ONE = {"predictions": [{"class": "cat", "class_id": 0, "confidence": 0.5}], "top": "cat", "confidence": 0.5}
MANY = {"predictions": {"cat": {"class_id": 0, "confidence": 0.5}}, "predicted_classes": []}

VALUES: dict[str, list[Any]] = {
    "image": [PICTURE, PICTURE.crop("part", 1, 2, 3, 4)],
    "video_metadata": [VideoMoment("v", 1, datetime.now(UTC))],
    OBJECTS: [boxes(0), boxes(2), boxes(2, CROPPED, tracker_id=np.array([1, 2]))],
    INSTANCES: [boxes(0), boxes(2, mask=MASKS)],
    RLE_INSTANCES: [boxes(2, mask=MASKS)],
    "semantic_segmentation_prediction": [boxes(2, mask=MASKS)],
    KEYPOINTS: [boxes(2, columns=POINTS)],
    "qr_code_detection": [boxes(1, columns={"data": strings(["x"])})],
    "bar_code_detection": [boxes(1, columns={"data": strings(["x"])})],
    "classification_prediction": [ONE, MANY, {**ONE, "image": {"width": 1, "height": 2}}],
}
REQUIRED = {"image": ("type", "value", "video_metadata"), "video_metadata": ("video_identifier", "fps")}
"""Parts that are always there, of kinds that have no predictions."""


def fits(kind: str, sent: Any) -> bool:
    """Whether what was sent has one of the forms of its kind."""
    for form in WIRE_FORMS[kind]:
        try:
            TypeAdapter(form).validate_python(sent, strict=True)
        except ValidationError:
            continue
        return True
    return False


@pytest.mark.parametrize("kind", WIRE_FORMS)
def test_what_is_sent_has_the_form(kind: str) -> None:
    for value in VALUES[kind]:
        sent = travelled(encode(value, (kind,)))
        assert fits(kind, sent), sent
        for part in REQUIRED.get(kind, ("predictions",)):
            assert not fits(kind, {key: item for key, item in sent.items() if key != part})


def test_every_kind_of_detections_has_a_form() -> None:
    assert not DETECTION_KINDS.keys() - WIRE_FORMS.keys()


@given(sets())
def test_any_detections_have_the_form(detections: Detections) -> None:
    assert fits(OBJECTS, travelled(encode(detections, (OBJECTS,))))


@pytest.mark.parametrize("kind", WIRE_FORMS)
def test_the_schemas_are_of_objects(kind: str) -> None:
    schema = json_schema(kind)
    for form in schema if isinstance(schema, list) else [schema]:
        assert form["type"] == "object"
        assert form["required"]
    assert kind in KINDS
    assert isinstance(schema, list) == (kind == "classification_prediction")

"""What the object detection blocks of all versions share: run a model, name what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from engine.kinds import Image, InferenceId, ModelId, ObjectDetections
from engine.values.detections import Detections, fresh_id, fresh_ids, strings
from models.pool import ModelPool
from models.prediction import Boxes, DetectionOptions


class Found(TypedDict):
    """Outputs of the first version."""

    inference_id: str
    predictions: ObjectDetections


class FoundBy(TypedDict):
    """Outputs that say which model they come from."""

    inference_id: InferenceId
    predictions: ObjectDetections
    model_id: ModelId


def detect(
    models: ModelPool,
    images: Sequence[Image],
    model_id: str,
    options: DetectionOptions,
    class_filter: Sequence[str] | None,
) -> list[Detections]:
    """Detections of a model in pictures, one set a picture.

    Args:
        class_filter: names of the classes to keep; None or none at all keeps every class.
    """
    with models.lease(model_id) as model:
        found = model.detect([image.pixels for image in images], options)
        names = strings(model.manifest.classes)
    sets = [_named(boxes, image, names) for boxes, image in zip(found, images, strict=True)]
    if class_filter:
        wanted = set(class_filter)
        sets = [found.select([row for row, name in enumerate(found.class_name) if name in wanted]) for found in sets]
    return sets


def _named(boxes: Boxes, image: Image, names: np.ndarray[tuple[int], np.dtype[np.object_]]) -> Detections:
    return Detections(
        frame=image.frame,
        xyxy=boxes.xyxy,
        confidence=boxes.confidence,
        class_id=boxes.class_id,
        class_name=names[boxes.class_id],
        detection_id=fresh_ids(len(boxes.xyxy)),
        inference_id=fresh_id(),
    )

"""Give detections the classes that a classifier saw in their crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypedDict

import numpy as np
from annotated_types import Ge, Le
from typing_extensions import Doc

from engine.block import block
from engine.kinds import AnyDetections, Kinds
from engine.values.detections import fresh_ids, strings
from engine.values.shape import Gathered
from engine.wire.bounds import LARGEST_WHOLE, SMALLEST_WHOLE

ClassOrText = Annotated[Any, Kinds("classification_prediction", "string", "list_of_values")]


class Replaced(TypedDict):
    """Detections with other classes and new ids."""

    predictions: AnyDetections


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    id: int
    confidence: float


@block("roboflow_core/detections_classes_replacement@v1", aliases=("DetectionsClassesReplacement",))
def detections_classes_replacement(
    object_detection_predictions: AnyDetections,
    classification_predictions: Annotated[
        Gathered[ClassOrText | None],
        Doc("What a classifier, or a reader of text, made of the crops of the detections."),
    ],
    fallback_class_name: Annotated[
        str | None, Doc("The class of a detection whose crop has none; such detections go when this is not set.")
    ] = None,
    fallback_class_id: Annotated[
        Annotated[int, Ge(SMALLEST_WHOLE), Le(LARGEST_WHOLE)] | None, Doc("The id of that class.")
    ] = None,
) -> Replaced:
    """Give detections the classes that a classifier saw in their crops."""
    found = object_detection_predictions
    if all(item is None for item in classification_predictions):
        return {"predictions": found.select([])}
    fallback = None
    if fallback_class_name:
        number = LARGEST_WHOLE if fallback_class_id is None else fallback_class_id
        fallback = _Class(fallback_class_name, number, 0.0)
    seen = _by_detection(found.detection_id.tolist(), classification_predictions)
    classes = [seen.get(name) or fallback for name in found.detection_id]
    rows = [row for row, item in enumerate(classes) if item is not None]
    kept = [item for item in classes if item is not None]
    return {
        "predictions": replace(
            found.select(rows),
            class_name=strings([item.name for item in kept]),
            class_id=np.array([item.id for item in kept], np.int64),
            confidence=np.array([item.confidence for item in kept], np.float32),
            detection_id=fresh_ids(len(kept)),
        )
    }


def _by_detection(names: Sequence[str], predictions: Sequence[Any]) -> dict[str, _Class]:
    """The class of each detection: classifications say which crop they saw, texts come in the order of detections."""
    seen: dict[str, _Class] = {}
    for position, item in enumerate(predictions):
        if isinstance(item, dict):
            name, found = item.get("parent_id"), _class_of(item)
        else:
            name, found = names[position] if position < len(names) else None, _text(item)
        if found is not None and name is not None:
            seen[name] = found
    return seen


def _class_of(prediction: dict[str, Any]) -> _Class | None:
    """The best class of a classification of one label or several; None when it saw none."""
    if "top" in prediction:
        top = prediction["top"]
        ids = [entry["class_id"] for entry in prediction.get("predictions", []) if entry["class"] == top]
        return _Class(top, ids[0], prediction["confidence"]) if ids else None
    labels = prediction.get("predictions", {})
    present = [name for name in prediction.get("predicted_classes", []) if name in labels]
    if not present:
        return None
    best = max(present, key=lambda name: labels[name]["confidence"])
    return _Class(best, labels[best]["class_id"], labels[best]["confidence"])


def _text(item: Any) -> _Class | None:
    """Text as a class; a list of texts is read as one, its parts in order."""
    text = " ".join(str(part) for part in item if part is not None) if isinstance(item, list | tuple) else item
    return _Class(str(text), 0, 1.0) if text else None

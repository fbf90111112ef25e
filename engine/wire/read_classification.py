"""Classifications as they come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.values.detections import fresh_id
from engine.wire.read_detections import read_confidence, read_size, read_text
from engine.wire.unfit import Unfit, check_depth, shown

MAX_CLASSES = 100_000
FITS = '{"image": ..., "predictions": [{"class", "class_id", "confidence"}, ...] or {class: {...}, ...}}'


def read_classification(value: Any, name: str) -> dict[str, Any]:
    """What a picture shows: one class, of which the candidates are a list, or several, by their names.

    What says where it comes from is filled in where it is missing, as are the best class and the classes that are
    present.

    Args:
        name: of the value; the picture that it is about where it says none.
    """
    if not isinstance(value, Mapping) or "predictions" not in value:
        raise Unfit(shown(value) + (" without `predictions`" if isinstance(value, Mapping) else ""), FITS)
    read_size(value.get("image"))
    check_depth(value)
    predictions = value["predictions"]
    if not isinstance(predictions, list | dict) or len(predictions) > MAX_CLASSES:
        raise Unfit(f"{shown(predictions)} at predictions", f"a list or an object of at most {MAX_CLASSES}")
    answer = _single(value, predictions) if isinstance(predictions, list) else _multiple(value, predictions)
    parent = read_text(value, "parent_id", "parent_id", name)
    defaults = {
        "inference_id": fresh_id(),
        "parent_id": parent,
        "root_parent_id": parent,
        "prediction_type": "classification",
    }
    texts = {key: read_text(value, key, key, default) for key, default in defaults.items()}
    return {**{key: item for key, item in value.items() if item is not None}, **texts, **answer}


def _single(value: Mapping[str, Any], predictions: list[Any]) -> dict[str, Any]:
    """The best class and its confidence."""
    for index, candidate in enumerate(predictions):
        _check(candidate, f"predictions.[{index}]")
        if not isinstance(candidate.get("class"), str):
            raise Unfit(f"{shown(candidate.get('class'))} at predictions.[{index}].class", "text")
    best = max(predictions, key=lambda candidate: candidate["confidence"], default={"class": "", "confidence": 0.0})
    top, confidence = value.get("top", best["class"]), value.get("confidence", best["confidence"])
    if not isinstance(top, str):
        raise Unfit(f"{shown(top)} at top", "text")
    return {"top": top, "confidence": read_confidence(confidence, "confidence")}


def _multiple(value: Mapping[str, Any], predictions: dict[Any, Any]) -> dict[str, Any]:
    """The classes that are present."""
    for label, candidate in predictions.items():
        _check(candidate, f"predictions.{str(label)[:60]}")
    present = value.get("predicted_classes")
    if not isinstance(present, list) or not all(isinstance(label, str) for label in present):
        raise Unfit(f"{shown(present)} at predicted_classes", "a list of the names of the classes that are present")
    return {"predicted_classes": present}


def _check(candidate: Any, place: str) -> None:
    if not isinstance(candidate, dict):
        raise Unfit(f"{shown(candidate)} at {place}", "an object with class_id and confidence")
    read_confidence(candidate.get("confidence"), f"{place}.confidence")
    class_id = candidate.get("class_id")
    if type(class_id) is not int or not -(2**63) <= class_id < 2**63:
        raise Unfit(f"{shown(class_id)} at {place}.class_id", "a whole number")

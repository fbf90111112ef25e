"""Classifications as they come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.values.detections import fresh_id
from engine.wire.bounds import check_depth
from engine.wire.members import read_confidence, read_text, read_whole
from engine.wire.read_detections import read_image_size
from engine.wire.unfit import MAX_TEXT, Unfit, in_words

MAX_CLASSES = 100_000
FITS = '{"image": ..., "predictions": [{"class", "class_id", "confidence"}, ...] or {class: {...}, ...}}'


def read_classification(value: Any, name: str) -> dict[str, Any]:
    """What a picture shows: one class, of which the candidates are a list, or several, by their names.

    What says where it comes from is filled in where it is missing, as are the best class and the classes that are
    present.

    Args:
        name: of the value; the picture that it is about where it says none.

    Raises:
        Unfit: something in it is missing, malformed or too large; an `inference_id` that is no text, too.
    """
    if not isinstance(value, Mapping) or "predictions" not in value:
        raise Unfit(in_words(value) + (" without `predictions`" if isinstance(value, Mapping) else ""), FITS)
    read_image_size(value)
    check_depth(value)
    predictions = value["predictions"]
    if not isinstance(predictions, list | dict) or len(predictions) > MAX_CLASSES:
        raise Unfit(f"{in_words(predictions)} at predictions", f"a list or an object of at most {MAX_CLASSES}")
    answer = _single(value, predictions) if isinstance(predictions, list) else _multiple(value, predictions)
    parent = read_text(value, "parent_id", default=name)
    defaults = {
        "inference_id": fresh_id(),
        "parent_id": parent,
        "root_parent_id": parent,
        "prediction_type": "classification",
    }
    texts = {key: read_text(value, key, default=default) for key, default in defaults.items()}
    return {**{key: item for key, item in value.items() if item is not None}, **texts, **answer}


def _single(value: Mapping[str, Any], candidates: list[Any]) -> dict[str, Any]:
    """The best class and its confidence."""
    for index, candidate in enumerate(candidates):
        _check(candidate, f"predictions.[{index}]")
        read_text(candidate, "class", f"predictions.[{index}].")
    best = max(candidates, key=lambda candidate: candidate["confidence"], default={"class": "", "confidence": 0.0})
    answer = {"top": value.get("top", best["class"]), "confidence": value.get("confidence", best["confidence"])}
    return {"top": read_text(answer, "top"), "confidence": read_confidence(answer)}


def _multiple(value: Mapping[str, Any], candidates: dict[Any, Any]) -> dict[str, Any]:
    """The classes that are present."""
    for label, candidate in candidates.items():
        _check(candidate, f"predictions.{str(label)[:MAX_TEXT]}")
    present = value.get("predicted_classes")
    if not isinstance(present, list) or not all(isinstance(label, str) for label in present):
        raise Unfit(f"{in_words(present)} at predicted_classes", "a list of the names of the classes that are present")
    return {"predicted_classes": present}


def _check(candidate: Any, place: str) -> None:
    if not isinstance(candidate, dict):
        raise Unfit(f"{in_words(candidate)} at {place}", "an object with class_id and confidence")
    read_confidence(candidate, f"{place}.")
    read_whole(candidate, "class_id", f"{place}.")

"""Read the answer of a language model as a classification."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict
from uuid import uuid4

from typing_extensions import Doc

from blocks.formatters.json_parser import read_object
from engine.block import block
from engine.kinds import Classification, Image, InferenceId, Kinds
from engine.values.shape import MISSING, Missing, Wired

UNKNOWN_CLASS = -1

Answer = Annotated[Wired[Annotated[str, Kinds("language_model_output")]], Doc("The answer, with JSON in it.")]


class Read(TypedDict):
    """What the answer says; the predictions are missing when it cannot be read."""

    error_status: bool
    predictions: Classification | Missing
    inference_id: InferenceId


@block("roboflow_core/vlm_as_classifier@v2")
def vlm_as_classifier(
    image: Annotated[Image, Doc("The picture that the model was asked about.")],
    vlm_output: Answer,
    classes: Annotated[list[str], Doc("The classes that the model was asked to choose from.")],
) -> Read:
    """Read the answer of a language model as a classification.

    It is `{"class_name": ..., "confidence": ...}`, or `{"predicted_classes": [{"class": ..., "confidence": ...}]}` when
    several classes were asked for.
    """
    inference_id = str(uuid4())
    answer = read_object(vlm_output)
    try:
        found = _labels(answer, classes) if answer and "predicted_classes" in answer else _label(answer, classes)
    except (KeyError, TypeError, ValueError):  # the model has answered something else than it was asked for
        return {"error_status": True, "predictions": MISSING, "inference_id": inference_id}
    frame = image.frame
    found |= {
        "inference_id": inference_id,
        "image": {"width": frame.width, "height": frame.height},
        "prediction_type": "classification",
        "parent_id": image.id,
        "root_parent_id": frame.outermost().id,
    }
    return {"error_status": False, "predictions": found, "inference_id": inference_id}


def _label(answer: Any, classes: Sequence[str]) -> dict[str, Any]:
    """One class, listed first; the others follow with no confidence."""
    name, confidence = _name(answer["class_name"]), _confidence(answer)
    ids = _ids([name, *classes], classes)
    predictions = [
        {"class": known, "class_id": class_id, "confidence": confidence if known == name else 0.0}
        for known, class_id in ids.items()
    ]
    return {"predictions": predictions, "top": name, "confidence": confidence}


def _labels(answer: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """Several classes: all are listed, and of one that is named more than once the highest confidence counts."""
    chosen: dict[str, float] = {}
    for prediction in answer["predicted_classes"]:
        name = _name(prediction["class"])
        chosen[name] = max(chosen.get(name, 0.0), _confidence(prediction))
    predictions = {
        name: {"confidence": chosen.get(name, 0.0), "class_id": class_id}
        for name, class_id in _ids([*classes, *chosen], classes).items()
    }
    return {"predictions": predictions, "predicted_classes": list(chosen)}


def _ids(names: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    """The place of every name among the classes."""
    places = {name: place for place, name in enumerate(classes)}
    return {name: places.get(name, UNKNOWN_CLASS) for name in names}


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("the name of a class is text")
    return value


def _confidence(answer: Mapping[str, Any]) -> float:
    """A number from 0 to 1; models like to go beyond."""
    confidence = float(answer["confidence"])
    if not math.isfinite(confidence):
        raise ValueError("a confidence is a number")
    return min(max(confidence, 0.0), 1.0)

"""The model families: one file for each, that knows its graphs and reads their outputs."""

from __future__ import annotations

from engine.errors import ModelNotRecognisedError
from models.families import classifier, fastestdet, yolo, yolo_classifier, yolox
from models.families.family import Classifier, Detector, Recognition
from models.session import Signature

FAMILIES: tuple[Detector | Classifier, ...] = (
    yolo.FAMILY,
    yolo_classifier.FAMILY,
    yolox.FAMILY,
    fastestdet.FAMILY,
    classifier.FAMILY,
)


def family(name: str) -> Detector | Classifier:
    """The family of this name.

    Raises:
        ModelNotRecognisedError: there is none.
    """
    for candidate in FAMILIES:
        if candidate.name == name:
            return candidate
    raise ModelNotRecognisedError(
        f"There is no model family {name!r}.", hint=f"There are {', '.join(known.name for known in FAMILIES)}."
    )


def recognise(signature: Signature) -> Recognition | None:
    """What a graph says of itself, by the first family that knows it; None when none does."""
    for candidate in FAMILIES:
        if recognition := candidate.recognise(signature):
            return recognition
    return None

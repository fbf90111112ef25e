"""Say what pictures show with a classification model, by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict
from uuid import uuid4

import numpy as np

from blocks.models.inputs import DEFAULT_CONFIDENCE, Confidence, Model, PlainMode, Unused, UnusedTarget
from engine.block import block
from engine.kinds import Classification, Image, InferenceId, ModelId
from engine.values.shape import Batch
from models.pool import ModelPool
from models.prediction import Scores

DECIMALS = 4


class Classified(TypedDict):
    """Outputs of the first version."""

    predictions: Classification
    inference_id: str


class ClassifiedBy(TypedDict):
    """Outputs that say which model they come from."""

    predictions: Classification
    inference_id: InferenceId
    model_id: ModelId


@block(
    "roboflow_core/roboflow_classification_model@v1",
    aliases=("RoboflowClassificationModel", "ClassificationModel"),
)
def classification_v1(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[Classified]:
    """Say which class each picture shows."""
    return classify(models, images, model_id, confidence)


@block("roboflow_core/roboflow_classification_model@v2")
def classification_v2(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[ClassifiedBy]:
    """Say which class each picture shows, and by which model."""
    return [{**found, "model_id": model_id} for found in classify(models, images, model_id, confidence)]


@block("roboflow_core/roboflow_classification_model@v3")
def classification_v3(
    images: Batch[Image],
    model_id: Model,
    confidence_mode: PlainMode = "default",
    custom_confidence: Confidence = DEFAULT_CONFIDENCE,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[ClassifiedBy]:
    """Say which class each picture shows, as sure as the model recommends or as you say."""
    confidence = custom_confidence if confidence_mode == "custom" else DEFAULT_CONFIDENCE
    return [{**found, "model_id": model_id} for found in classify(models, images, model_id, confidence)]


def classify(models: ModelPool, images: Sequence[Image], model_id: str, confidence: float) -> list[Classified]:
    """What a model sees in pictures: the classes that score at least `confidence`, best first."""
    with models.lease(model_id) as model:
        scores = model.classify([image.pixels for image in images])
        names = model.manifest.classes
    return [_classified(item, image, names, confidence) for item, image in zip(scores, images, strict=True)]


def _classified(scores: Scores, image: Image, names: Sequence[str], confidence: float) -> Classified:
    kept = [index for index in np.argsort(-scores.values, kind="stable") if scores.values[index] >= confidence]
    predictions: list[dict[str, Any]] = [
        {"class": names[index], "class_id": int(index), "confidence": round(float(scores.values[index]), DECIMALS)}
        for index in kept
    ]
    best = predictions[0] if predictions else {"class": "", "confidence": 0.0}
    inference_id = str(uuid4())
    return {
        "inference_id": inference_id,
        "predictions": {
            "inference_id": inference_id,
            "image": {"width": image.width, "height": image.height},
            "predictions": predictions,
            "top": best["class"],
            "confidence": best["confidence"],
            "prediction_type": "classification",
            "parent_id": image.id,
            "root_parent_id": image.frame.outermost().id,
        },
    }

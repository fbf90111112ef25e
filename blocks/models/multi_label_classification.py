"""Say which labels fit pictures with a multi-label model, by its id."""

from __future__ import annotations

from typing import TypedDict

from blocks.models.inputs import DEFAULT_CONFIDENCE, Confidence, Mode, Model, Unused, UnusedTarget
from blocks.models.unread import refuse
from engine.block import block
from engine.kinds import Classification, Image, InferenceId, ModelId
from engine.values.shape import Batch
from models.manifest import Task
from models.pool import ModelPool


class Found(TypedDict):
    """Outputs of the first version."""

    inference_id: str
    predictions: Classification


class FoundBy(TypedDict):
    """Outputs that say which model they come from."""

    inference_id: InferenceId
    predictions: Classification
    model_id: ModelId


@block(
    "roboflow_core/roboflow_multi_label_classification_model@v1",
    aliases=("RoboflowMultiLabelClassificationModel", "MultiLabelClassificationModel"),
)
def multi_label_classification_v1(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[Found]:
    """Say which labels fit pictures."""
    refuse(models, model_id, Task.MULTI_LABEL_CLASSIFICATION)


@block("roboflow_core/roboflow_multi_label_classification_model@v2")
def multi_label_classification_v2(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[FoundBy]:
    """Say which labels fit pictures, and say by which model."""
    refuse(models, model_id, Task.MULTI_LABEL_CLASSIFICATION)


@block("roboflow_core/roboflow_multi_label_classification_model@v3")
def multi_label_classification_v3(
    images: Batch[Image],
    model_id: Model,
    confidence_mode: Mode = "best",
    custom_confidence: Confidence = DEFAULT_CONFIDENCE,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[FoundBy]:
    """Say which labels fit pictures, as sure as the model recommends or as you say."""
    refuse(models, model_id, Task.MULTI_LABEL_CLASSIFICATION)

"""Outline objects in pictures with a segmentation model, by its id."""

from __future__ import annotations

from typing import TypedDict

from blocks.models.inputs import (
    DEFAULT_CONFIDENCE,
    ClassFilter,
    Confidence,
    Count,
    MaskMode,
    Mode,
    Model,
    Overlap,
    Unused,
    UnusedTarget,
)
from blocks.models.unread import refuse
from engine.block import block
from engine.kinds import Image, InferenceId, InstanceSegmentation, ModelId, ZeroToOne
from engine.values.shape import Batch
from models.manifest import Task
from models.pool import ModelPool


class Found(TypedDict):
    """Outputs of the first version."""

    inference_id: str
    predictions: InstanceSegmentation


class FoundBy(TypedDict):
    """Outputs that say which model they come from."""

    inference_id: InferenceId
    predictions: InstanceSegmentation
    model_id: ModelId


@block(
    "roboflow_core/roboflow_instance_segmentation_model@v1",
    aliases=("RoboflowInstanceSegmentationModel", "InstanceSegmentationModel"),
)
def instance_segmentation_v1(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    class_filter: ClassFilter = None,
    iou_threshold: Overlap = 0.3,
    max_detections: Count = 300,
    class_agnostic_nms: bool = False,
    max_candidates: Count = 3000,
    mask_decode_mode: MaskMode = "accurate",
    tradeoff_factor: ZeroToOne = 0.0,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    enforce_dense_masks_in_inference_models: bool = True,
    *,
    models: ModelPool,
) -> list[Found]:
    """Outline objects in pictures."""
    refuse(models, model_id, Task.INSTANCE_SEGMENTATION)


@block("roboflow_core/roboflow_instance_segmentation_model@v2")
def instance_segmentation_v2(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    class_filter: ClassFilter = None,
    iou_threshold: Overlap = 0.3,
    max_detections: Count = 300,
    class_agnostic_nms: bool = False,
    max_candidates: Count = 3000,
    mask_decode_mode: MaskMode = "accurate",
    tradeoff_factor: ZeroToOne = 0.0,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    enforce_dense_masks_in_inference_models: bool = True,
    *,
    models: ModelPool,
) -> list[FoundBy]:
    """Outline objects in pictures, and say by which model."""
    refuse(models, model_id, Task.INSTANCE_SEGMENTATION)


@block("roboflow_core/roboflow_instance_segmentation_model@v3")
def instance_segmentation_v3(
    images: Batch[Image],
    model_id: Model,
    confidence_mode: Mode = "best",
    custom_confidence: Confidence = DEFAULT_CONFIDENCE,
    class_filter: ClassFilter = None,
    iou_threshold: Overlap = 0.3,
    max_detections: Count = 300,
    class_agnostic_nms: bool = False,
    max_candidates: Count = 3000,
    mask_decode_mode: MaskMode = "accurate",
    tradeoff_factor: ZeroToOne = 0.0,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    enforce_dense_masks_in_inference_models: bool = True,
    *,
    models: ModelPool,
) -> list[FoundBy]:
    """Outline objects in pictures, as sure as the model recommends or as you say."""
    refuse(models, model_id, Task.INSTANCE_SEGMENTATION)

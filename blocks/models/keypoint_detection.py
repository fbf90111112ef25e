"""Find objects and their keypoints in pictures with a pose model, by its id."""

from __future__ import annotations

from typing import TypedDict

from blocks.models.inputs import (
    DEFAULT_CONFIDENCE,
    ClassFilter,
    Confidence,
    Count,
    Model,
    Overlap,
    PlainMode,
    Unused,
    UnusedTarget,
)
from blocks.models.unread import refuse
from engine.block import block
from engine.kinds import Image, InferenceId, KeypointDetections, ModelId, ZeroToOne
from engine.values.shape import Batch
from models.manifest import Task
from models.pool import ModelPool


class Found(TypedDict):
    """Outputs of the first version."""

    inference_id: str
    predictions: KeypointDetections


class FoundBy(TypedDict):
    """Outputs that say which model they come from."""

    inference_id: InferenceId
    predictions: KeypointDetections
    model_id: ModelId


@block(
    "roboflow_core/roboflow_keypoint_detection_model@v1",
    aliases=("RoboflowKeypointDetectionModel", "KeypointsDetectionModel"),
)
def keypoint_detection_v1(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    keypoint_confidence: ZeroToOne = 0.0,
    class_filter: ClassFilter = None,
    iou_threshold: Overlap = 0.3,
    max_detections: Count = 300,
    class_agnostic_nms: bool = False,
    max_candidates: Count = 3000,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[Found]:
    """Find objects and their keypoints in pictures."""
    refuse(models, model_id, Task.KEYPOINT_DETECTION)


@block("roboflow_core/roboflow_keypoint_detection_model@v2")
def keypoint_detection_v2(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
    keypoint_confidence: ZeroToOne = 0.0,
    class_filter: ClassFilter = None,
    iou_threshold: Overlap = 0.3,
    max_detections: Count = 300,
    class_agnostic_nms: bool = False,
    max_candidates: Count = 3000,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[FoundBy]:
    """Find objects and their keypoints in pictures, and say by which model."""
    refuse(models, model_id, Task.KEYPOINT_DETECTION)


@block("roboflow_core/roboflow_keypoint_detection_model@v3")
def keypoint_detection_v3(
    images: Batch[Image],
    model_id: Model,
    confidence_mode: PlainMode = "default",
    custom_confidence: Confidence = DEFAULT_CONFIDENCE,
    keypoint_confidence: ZeroToOne = 0.0,
    class_filter: ClassFilter = None,
    iou_threshold: Overlap = 0.3,
    max_detections: Count = 300,
    class_agnostic_nms: bool = False,
    max_candidates: Count = 3000,
    disable_active_learning: Unused = True,
    active_learning_target_dataset: UnusedTarget = None,
    *,
    models: ModelPool,
) -> list[FoundBy]:
    """Find objects and their keypoints in pictures, as sure as the model recommends or as you say."""
    refuse(models, model_id, Task.KEYPOINT_DETECTION)

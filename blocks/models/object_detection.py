"""Find objects in pictures with a detection model, by its id."""

from __future__ import annotations

from blocks.models.detection import Found, FoundBy, detect
from blocks.models.inputs import (
    DEFAULT_CONFIDENCE,
    ClassFilter,
    Confidence,
    Count,
    Mode,
    Model,
    Overlap,
    Unused,
    UnusedTarget,
)
from engine.block import block
from engine.kinds import Image
from engine.values.detections import Detections
from engine.values.shape import Batch
from models.pool import ModelPool
from models.prediction import DetectionOptions


@block(
    "roboflow_core/roboflow_object_detection_model@v1",
    aliases=("RoboflowObjectDetectionModel", "ObjectDetectionModel"),
)
def object_detection_v1(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
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
    """Find objects in pictures."""
    options = DetectionOptions(confidence, iou_threshold, max_detections, max_candidates, class_agnostic_nms)
    return [_found(item) for item in detect(models, images, model_id, options, class_filter)]


@block("roboflow_core/roboflow_object_detection_model@v2")
def object_detection_v2(
    images: Batch[Image],
    model_id: Model,
    confidence: Confidence = DEFAULT_CONFIDENCE,
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
    """Find objects in pictures, and say by which model."""
    options = DetectionOptions(confidence, iou_threshold, max_detections, max_candidates, class_agnostic_nms)
    return [_found_by(item, model_id) for item in detect(models, images, model_id, options, class_filter)]


@block("roboflow_core/roboflow_object_detection_model@v3")
def object_detection_v3(
    images: Batch[Image],
    model_id: Model,
    confidence_mode: Mode = "best",
    custom_confidence: Confidence = DEFAULT_CONFIDENCE,
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
    """Find objects in pictures, as sure as the model recommends or as you say."""
    confidence = custom_confidence if confidence_mode == "custom" else DEFAULT_CONFIDENCE
    options = DetectionOptions(confidence, iou_threshold, max_detections, max_candidates, class_agnostic_nms)
    return [_found_by(item, model_id) for item in detect(models, images, model_id, options, class_filter)]


def _found(item: Detections) -> Found:
    return {"inference_id": item.inference_id or "", "predictions": item}


def _found_by(item: Detections, model_id: str) -> FoundBy:
    return {**_found(item), "model_id": model_id}

"""Plain inference as workflows of one block, built once."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from api.door import Caller
from api.drawing import as_box, draw, refuse_undrawable
from api.schemas.inference import ClassificationRequest, InferenceRequest, ObjectDetectionRequest
from api.server import Server
from engine.errors import (
    ClientCausedStepExecutionError,
    InputImageLoadError,
    InvalidModelIDError,
    StepExecutionError,
)
from engine.values.detections import Detections
from engine.values.image import Image

MAX_IMAGES = 256

DETECTOR = "roboflow_core/roboflow_object_detection_model@v3"
DETECTOR_OPTIONS = ("class_filter", "iou_threshold", "max_detections", "class_agnostic_nms", "max_candidates")
CLASSIFIER = "roboflow_core/roboflow_classification_model@v3"


@lru_cache(maxsize=64)
def _one_block(block: str, parameters: tuple[str, ...]) -> dict[str, Any]:
    """A workflow of one model block, with these of its parameters as inputs; the others keep their defaults."""
    wired = {name: f"$inputs.{name}" for name in ("images", *parameters)}
    declared = [{"type": "WorkflowParameter", "name": name} for name in parameters]
    shown = {"type": "JsonField", "name": "result", "selector": "$steps.model.predictions", "coordinates_system": "own"}
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "images"}, *declared],
        "steps": [{"type": block, "name": "model", **wired}],
        "outputs": [shown],
    }


def detect(server: Server, request: ObjectDetectionRequest, caller: Caller) -> Any:
    """Answer a request for objects: one object a picture, a list when a list of pictures came."""
    images, inputs = _images(server, request, caller), _confidence(request)
    given = request.model_fields_set
    inputs |= {name: getattr(request, name) for name in DETECTOR_OPTIONS if name in given}
    found, seconds = _predicted(server, DETECTOR, images, inputs, caller)
    answers = [_detections(item, request.id, seconds) for item in found]
    if request.visualize_predictions:
        stroke, labels = request.visualization_stroke_width, request.visualization_labels
        for item, drawn in zip(answers, draw(server, images, found, stroke, labels, caller.control), strict=True):
            item["visualization"] = drawn
    return answers if isinstance(request.image, list) else answers[0]


def classify(server: Server, request: ClassificationRequest, caller: Caller) -> Any:
    """Answer a request for classes: one object a picture, a list when a list of pictures came."""
    images, inputs = _images(server, request, caller), _confidence(request)
    inputs["confidence_mode"] = "custom" if inputs["confidence_mode"] == "custom" else "default"
    found, seconds = _predicted(server, CLASSIFIER, images, inputs, caller)
    answers = []
    for item in found:
        kept = {key: item[key] for key in ("image", "predictions", "top", "confidence")}
        answers.append({"inference_id": request.id, "time": seconds, **kept})
    if request.visualize_predictions:
        boxes = [as_box(image, item["top"], item["confidence"]) for image, item in zip(images, found, strict=True)]
        stroke = request.visualization_stroke_width
        for answer, drawn in zip(answers, draw(server, images, boxes, stroke, True, caller.control), strict=True):
            answer["visualization"] = drawn
    return answers if isinstance(request.image, list) else answers[0]


def _predicted(
    server: Server, block: str, images: list[Image], inputs: dict[str, Any], caller: Caller
) -> tuple[list[Any], float]:
    """What a model block predicts for each picture, and the seconds that it took; raises what the model raises."""
    started = time.perf_counter()
    plan = server.engine.plan(_one_block(block, tuple(inputs)))
    try:
        results = server.engine.run(plan, {"images": images, **inputs}, control=caller.control)
    except (StepExecutionError, ClientCausedStepExecutionError) as error:
        # Who asks for a model knows of no workflow with a step in it.
        raise error.__cause__ or error from None
    return [result["result"] for result in results], time.perf_counter() - started


def _images(server: Server, request: InferenceRequest, caller: Caller) -> list[Image]:
    """The pictures of a request, loaded for a run as long as that may go on."""
    listed = request.image if isinstance(request.image, list) else [request.image]
    if not listed or len(listed) > MAX_IMAGES:
        raise InputImageLoadError(
            f"`image` is a list of {len(listed)} pictures.", hint=f"Send one picture, or a list of 1 to {MAX_IMAGES}."
        )
    images = []
    for index, value in enumerate(listed):
        images.append(server.images.load(value, f"image.[{index}]"))
        caller.control.hold(images[-1])
    if request.visualize_predictions:
        refuse_undrawable(images)
    return images


def _confidence(request: InferenceRequest) -> dict[str, Any]:
    """What all one-block workflows take; a confidence beyond 1 finds nothing, as in today's servers."""
    if not request.model_id:
        raise InvalidModelIDError(
            "The request names no model.", hint="Say which in `model_id`, for instance 'fastestdet/1'."
        )
    if isinstance(request.confidence, str):
        return {"model_id": request.model_id, "confidence_mode": request.confidence, "custom_confidence": 0.0}
    bounded = min(max(request.confidence, 0.0), 1.0)
    return {"model_id": request.model_id, "confidence_mode": "custom", "custom_confidence": bounded}


def _detections(found: Detections, inference_id: str, seconds: float) -> dict[str, Any]:
    """The answer for one picture."""
    centres = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    sizes = found.xyxy[:, 2:] - found.xyxy[:, :2]
    rows = zip(
        centres.tolist(),
        sizes.tolist(),
        found.confidence.tolist(),
        found.class_name,
        found.class_id.tolist(),
        found.detection_id,
        strict=True,
    )
    return {
        "inference_id": inference_id,
        "time": seconds,
        "image": {"width": found.frame.width, "height": found.frame.height},
        "predictions": [
            {
                "x": x,
                "y": y,
                "width": width,
                "height": height,
                "confidence": confidence,
                "class": name,
                "class_id": class_id,
                "detection_id": detection_id,
            }
            for (x, y), (width, height), confidence, name, class_id, detection_id in rows
        ],
    }

"""What a model predicts, drawn on the picture, for plain inference: a workflow like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pybase64 import b64encode_as_string

from api.server import Server
from engine.control import Control
from engine.errors import ImageTooLargeError
from engine.values.detections import Detections, fresh_id, strings
from engine.values.image import Image
from engine.wire.encode import encode_jpeg

QUALITY = 90
LONGEST_SIDE = 65_500
"""Pixels on a side of a JPEG."""

DRAW = {
    "version": "1.0",
    "inputs": [
        {"type": "WorkflowImage", "name": "image"},
        {"type": "WorkflowBatchInput", "name": "predictions", "kind": ["object_detection_prediction"]},
        {"type": "WorkflowParameter", "name": "thickness"},
    ],
    "steps": [
        {
            "type": "roboflow_core/bounding_box_visualization@v1",
            "name": "boxes",
            "image": "$inputs.image",
            "predictions": "$inputs.predictions",
            "thickness": "$inputs.thickness",
        },
        {
            "type": "roboflow_core/label_visualization@v1",
            "name": "labels",
            "image": "$steps.boxes.image",
            "predictions": "$inputs.predictions",
            "text": "Class and Confidence",
            "text_scale": 0.5,
        },
    ],
    "outputs": [
        {"type": "JsonField", "name": "boxes", "selector": "$steps.boxes.image"},
        {"type": "JsonField", "name": "labels", "selector": "$steps.labels.image"},
    ],
}


def refuse_undrawable(images: Sequence[Image]) -> None:
    """Raise ImageTooLargeError when a picture, with something drawn on it, could not be sent back."""
    for image in images:
        if max(image.width, image.height) > LONGEST_SIDE:
            raise ImageTooLargeError(
                f"{image.id} has {image.width} x {image.height} pixels, too many on a side for `visualization`.",
                hint=f"Send pictures of up to {LONGEST_SIDE} pixels on a side, or leave `visualize_predictions` out.",
            )


def draw(
    server: Server, images: Sequence[Image], found: Sequence[Detections], thickness: int, labels: bool, control: Control
) -> list[str]:
    """The pictures with what was found drawn on them, as base64 JPEG.

    Args:
        thickness: of the boxes, in pixels.
        labels: whether the class and the confidence are written at them.
    """
    wanted, other = ("labels", "boxes") if labels else ("boxes", "labels")
    inputs: dict[str, Any] = {"image": images, "predictions": found, "thickness": thickness}
    results = server.engine.run(server.engine.plan(DRAW), inputs, excluded=(other,), control=control)
    return [b64encode_as_string(encode_jpeg(result[wanted], QUALITY)) for result in results]


def as_box(image: Image, top: str, confidence: float) -> Detections:
    """The class of a picture as a box around the whole of it; nothing where it has none."""
    if not top:
        return Detections.empty(image.frame)
    return Detections(
        image.frame,
        np.array([[0, 0, image.width, image.height]], np.float32),
        np.array([confidence], np.float32),
        np.zeros(1, np.int64),
        strings((top,)),
        strings((fresh_id(),)),
    )

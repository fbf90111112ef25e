"""Detections and pictures that the tests of blocks share."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.values.detections import Detections, fresh_ids, strings
from engine.values.frame import Frame
from engine.values.image import Image


def picture(width: int = 64, height: int = 48, name: str = "image") -> Image:
    """A picture whose every pixel tells where it is: blue grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = np.arange(width)
    pixels[:, :, 1] = np.arange(height)[:, None]
    return Image(pixels, name)


def found(*boxes: tuple[float, float, float, float], frame: Frame | None = None, **columns: Any) -> Detections:
    """One detection a box, of falling confidence, of the classes a, b, a, b, ..."""
    count = len(boxes)
    return Detections(
        frame=frame or Frame("image", 64, 48),
        xyxy=np.array(boxes, np.float32).reshape(count, 4),
        confidence=np.linspace(0.9, 0.5, count, dtype=np.float32),
        class_id=np.arange(count) % 2,
        class_name=strings(["ab"[row % 2] for row in range(count)]),
        detection_id=fresh_ids(count),
        **columns,
    )

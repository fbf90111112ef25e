"""Split pictures into bright and dark."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

import cv2
import numpy as np
from typing_extensions import Doc

from blocks.classical_cv.convert_grayscale import brightness, three_channels
from engine.block import block
from engine.kinds import Image

ThresholdType = Annotated[
    Literal["binary", "binary_inv", "trunc", "tozero", "tozero_inv", "adaptive_mean", "adaptive_gaussian", "otsu"],
    Doc("What becomes of bright and dark pixels; adaptive and otsu types find the threshold themselves."),
]

FIXED = {
    "binary": cv2.THRESH_BINARY,
    "binary_inv": cv2.THRESH_BINARY_INV,
    "trunc": cv2.THRESH_TRUNC,
    "tozero": cv2.THRESH_TOZERO,
    "tozero_inv": cv2.THRESH_TOZERO_INV,
    "otsu": cv2.THRESH_BINARY | cv2.THRESH_OTSU,
}
ADAPTIVE = {"adaptive_mean": cv2.ADAPTIVE_THRESH_MEAN_C, "adaptive_gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C}
NEIGHBOURHOOD = 11
"""An adaptive threshold is what this many pixels across have on average, less `MARGIN`."""
MARGIN = 2


class Split(TypedDict):
    """The picture in shades of gray, with three equal channels."""

    image: Image


@block("roboflow_core/threshold@v1")
def threshold(
    image: Image,
    thresh_value: Annotated[int, Doc("Pixels brighter than this are bright; 0 to 255.")],
    threshold_type: ThresholdType = "binary",
    max_value: Annotated[int, Doc("What bright pixels become; 0 to 255.")] = 255,
) -> Split:
    """Split the picture into bright and dark."""
    gray, most = brightness(image.pixels), min(max(max_value, 0), 255)
    if threshold_type in ADAPTIVE:
        split = cv2.adaptiveThreshold(gray, most, ADAPTIVE[threshold_type], cv2.THRESH_BINARY, NEIGHBOURHOOD, MARGIN)
    else:
        _, split = cv2.threshold(gray, min(max(thresh_value, -1), 255), most, FIXED[threshold_type])
    return {"image": image.redrawn(three_channels(split.astype(np.uint8, copy=False)))}

"""Take the colours out of pictures."""

from __future__ import annotations

from typing import TypedDict

import cv2
import numpy as np

from engine.block import block
from engine.kinds import Image
from engine.values.image import Pixels


class Gray(TypedDict):
    """The picture in shades of gray, with three equal channels."""

    image: Image


@block("roboflow_core/convert_grayscale@v1")
def convert_grayscale(image: Image) -> Gray:
    """Take the colours out of the picture."""
    return {"image": image.redrawn(three_channels(brightness(image.pixels)))}


def brightness(pixels: Pixels) -> Pixels:
    """How bright every pixel looks, as a height x width array."""
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def three_channels(values: Pixels) -> Pixels:
    """A height x width array as a picture in shades of gray."""
    return cv2.cvtColor(values, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)

"""Resize, rotate or flip pictures."""

from __future__ import annotations

from math import ceil, cos, radians, sin
from typing import Annotated, Literal, TypedDict

import cv2
import numpy as np
from annotated_types import Ge, Le
from typing_extensions import Doc

from engine.block import block
from engine.errors import RuntimeInputError
from engine.guard.limits import Limits
from engine.kinds import Image
from engine.values.image import Image as Image_
from engine.values.image import Pixels
from engine.values.shape import Fixed

Flip = Literal["vertical", "horizontal", "both"]

FLIP_CODES = {"vertical": 0, "horizontal": 1, "both": -1}
"""As OpenCV counts the ways to flip."""


class Preprocessed(TypedDict):
    """The picture as it is now."""

    image: Image


@block("roboflow_core/image_preprocessing@v1")
def image_preprocessing(
    image: Image,
    task_type: Annotated[Fixed[Literal["resize", "rotate", "flip"]], Doc("What to do.")],
    width: Annotated[int, Ge(1), Doc("The width to resize to, in pixels.")] = 640,
    height: Annotated[int, Ge(1), Doc("The height to resize to, in pixels.")] = 640,
    rotation_degrees: Annotated[
        int, Ge(-360), Le(360), Doc("Counter-clockwise; less than 0 turns the other way.")
    ] = 90,
    flip_type: Annotated[Flip, Doc("vertical puts the top at the bottom.")] = "vertical",
) -> Preprocessed:
    """Resize, rotate or flip the picture.

    The result keeps its name and its place in a video. It is no part of a larger picture any more: what is found in it
    could not be found again at the same place there.
    """
    if task_type == "resize":
        pixels = _resized(image.pixels, width, height)
    elif task_type == "rotate":
        pixels = _rotated(image.pixels, rotation_degrees)
    else:
        pixels = cv2.flip(image.pixels, FLIP_CODES[flip_type]).astype(np.uint8, copy=False)
    return {"image": Image_(pixels, image.id, video=image.video)}


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    _refuse_huge(width, height)
    smaller = width * height < pixels.shape[0] * pixels.shape[1]
    resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def _rotated(pixels: Pixels, degrees: int) -> Pixels:
    """Turned counter-clockwise about its middle, on a black canvas that is large enough for all of it."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(pixels, degrees // 90))
    height, width = pixels.shape[:2]
    across, along = abs(cos(radians(degrees))), abs(sin(radians(degrees)))
    new_width, new_height = ceil(width * across + height * along), ceil(width * along + height * across)
    _refuse_huge(new_width, new_height)
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    turn[:, 2] += [(new_width - width) / 2, (new_height - height) / 2]
    return cv2.warpAffine(pixels, turn, (new_width, new_height)).astype(np.uint8, copy=False)


def _refuse_huge(width: int, height: int) -> None:
    limit = Limits().max_image_pixels
    if width * height > limit:
        raise RuntimeInputError(
            f"A picture of {width} x {height} pixels is larger than {limit} pixels.", hint="Make it smaller."
        )

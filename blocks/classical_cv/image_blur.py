"""Blur pictures."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

import cv2
import numpy as np
from annotated_types import Ge, Le
from typing_extensions import Doc

from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import Image

BlurType = Annotated[
    Literal["average", "gaussian", "median", "bilateral"],
    Doc("average and gaussian blur all alike, median removes specks, bilateral keeps edges."),
]

MAX_BILATERAL = 31
"""A bilateral blur looks at this many pixels squared for every pixel; more would take minutes."""
BILATERAL_SIGMA = 75


class Blurred(TypedDict):
    """The picture, blurred."""

    image: Image


@block("roboflow_core/image_blur@v1")
def image_blur(
    image: Image,
    blur_type: BlurType = "gaussian",
    kernel_size: Annotated[int, Ge(1), Le(255), Doc("How many pixels across are mixed; more blurs more.")] = 5,
) -> Blurred:
    """Blur the picture. A gaussian or median kernel has a middle, so an even size counts as the next odd one."""
    pixels, odd = image.pixels, kernel_size | 1
    if blur_type == "average":
        blurred = cv2.blur(pixels, (kernel_size, kernel_size))
    elif blur_type == "gaussian":
        blurred = cv2.GaussianBlur(pixels, (odd, odd), 0)
    elif blur_type == "median":
        blurred = cv2.medianBlur(pixels, odd)
    elif kernel_size > MAX_BILATERAL:
        raise RuntimeInputError(
            f"A bilateral blur of {kernel_size} pixels takes too long.",
            hint=f"Use a kernel_size of at most {MAX_BILATERAL}, or another blur_type.",
        )
    else:
        blurred = cv2.bilateralFilter(pixels, kernel_size, BILATERAL_SIGMA, BILATERAL_SIGMA)
    return {"image": image.redrawn(blurred.astype(np.uint8, copy=False))}

"""Cut one crop out of the picture for every detection."""

from __future__ import annotations

from typing import Annotated, TypedDict

import numpy as np
from typing_extensions import Doc

from engine.block import block
from engine.color import Color, parse_color
from engine.kinds import AnyDetections, Image, ZeroToOne
from engine.values.image import Pixels
from engine.values.shape import MISSING, Each, Missing


class Crops(TypedDict):
    """One crop a detection, and that detection in the coordinates of its crop; both are missing for an empty box."""

    crops: Each[Image | Missing]
    predictions: Each[AnyDetections | Missing]


@block("roboflow_core/dynamic_crop@v1", aliases=("DynamicCrop", "Crop"))
def dynamic_crop(
    images: Image,
    predictions: AnyDetections,
    mask_opacity: Annotated[ZeroToOne, Doc("How far to fade what lies outside of the mask; 0 leaves it.")] = 0.0,
    background_color: Annotated[Color, Doc("What to fade to: #RRGGBB, a name, or three numbers.")] = (0, 0, 0),
) -> Crops:
    """Cut one crop out of the picture for every detection."""
    frame = images.frame
    sides = (frame.width, frame.height) * 2
    lefts, tops, rights, bottoms = np.rint(predictions.xyxy).clip(0, sides).astype(int).T
    result: Crops = {"crops": [], "predictions": []}
    for row, (x, y, right, bottom) in enumerate(zip(lefts, tops, rights, bottoms, strict=True)):
        width, height = int(right - x), int(bottom - y)
        if width <= 0 or height <= 0:
            result["crops"].append(MISSING)
            result["predictions"].append(MISSING)
            continue
        found = predictions.select([row])
        place = (found.detection_id[0], int(x), int(y), width, height)
        found = found.moved(frame.cut(*place), -float(x), -float(y))
        pixels = images.pixels[y:bottom, x:right]
        if mask_opacity > 0 and found.mask is not None:
            pixels = _faded(pixels, found.mask[0], mask_opacity, parse_color(background_color))
        result["crops"].append(images.crop(*place, pixels))
        result["predictions"].append(found)
    return result


def _faded(
    pixels: Pixels, inside: np.ndarray[tuple[int, int], np.dtype[np.bool_]], opacity: float, color: tuple[int, int, int]
) -> Pixels:
    """Pixels blended towards an RGB colour wherever they are not inside."""
    background = np.array(color[::-1], np.float32)
    blended = pixels * (1 - opacity) + background * opacity
    return np.where(inside[:, :, None], pixels, np.rint(blended).astype(np.uint8))

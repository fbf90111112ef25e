"""From a picture to the input tensor, and back from the tensor's coordinates to the picture's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from engine.errors import ModelInputError
from engine.values.image import Pixels
from models.manifest import Preprocessing

Floats = npt.NDArray[np.float32]


class Rect(NamedTuple):
    """A part of a picture, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture lies in the input tensor: a point (x, y) of it is at (x * scale_x + pad_x, y * scale_y + pad_y).

    Attributes:
        scale_x, scale_y: pixels of the tensor a pixel of the picture.
        pad_x, pad_y: the corner of the picture, in pixels of the tensor; negative where the picture was cut.
        width, height: of the picture, in pixels.
    """

    scale_x: float
    scale_y: float
    pad_x: float
    pad_y: float
    width: int
    height: int

    def to_image(self, xyxy: Floats) -> Floats:
        """Boxes of the tensor (N x 4) in pixels of the picture, clamped to it.

        Coordinates are rounded to whole pixels, as today's servers do: clients compare them.
        """
        corner, scale, limit = np.array(
            (
                (self.pad_x, self.pad_y) * 2,
                (self.scale_x, self.scale_y) * 2,
                (self.width, self.height) * 2,
            )
        )
        boxes = (xyxy - corner) / scale
        np.minimum(np.maximum(boxes, 0, out=boxes), limit, out=boxes)
        rounded: Floats = np.rint(boxes, out=boxes).astype(np.float32)
        return rounded


def prepare(pixels: Pixels, preprocessing: Preprocessing, width: int, height: int, out: Floats) -> Placement:
    """Fill `out` (3 x height x width) with a picture, and say where in it the picture lies.

    Raises:
        ModelInputError: the picture has no pixels.
    """
    if not pixels.size:
        raise ModelInputError("A picture without pixels cannot be given to a model.")
    full_height, full_width = pixels.shape[:2]
    whole = Rect(0, 0, full_width, full_height)
    cut = _middle(whole, width, height) if preprocessing.resize == "crop" else whole
    spot = _spot(whole, width, height, preprocessing.resize)

    part = pixels[cut.y : cut.y + cut.height, cut.x : cut.x + cut.width]
    resized = cv2.resize(part, (spot.width, spot.height), interpolation=cv2.INTER_LINEAR)
    tables = _tables(preprocessing.scale, preprocessing.mean, preprocessing.std)
    if spot != (0, 0, width, height):
        out[:] = tables[:, preprocessing.pad, None, None]
    planes = cv2.split(resized)
    for plane, table, target in zip(planes[::-1] if preprocessing.color == "rgb" else planes, tables, out, strict=True):
        cv2.LUT(plane, table, dst=target[spot.y : spot.y + spot.height, spot.x : spot.x + spot.width])

    scale_x, scale_y = spot.width / cut.width, spot.height / cut.height
    return Placement(scale_x, scale_y, spot.x - cut.x * scale_x, spot.y - cut.y * scale_y, full_width, full_height)


def prepare_batch(
    images: Sequence[Pixels], preprocessing: Preprocessing, size: tuple[int, int]
) -> tuple[Floats, list[Placement]]:
    """Pictures of any sizes as one N x 3 x height x width tensor, and where each lies in it.

    Args:
        size: height and width of the tensor.
    """
    height, width = size
    batch = np.empty((len(images), 3, height, width), np.float32)
    return batch, [prepare(image, preprocessing, width, height, out) for image, out in zip(images, batch, strict=True)]


def _middle(whole: Rect, width: int, height: int) -> Rect:
    """The largest part in the middle that has the aspect ratio of the tensor.

    To cut before resizing gives what resizing the short side and then cutting gives, and a picture that is a thousand
    times as wide as high does not become one that fills the memory.
    """
    scale = max(width / whole.width, height / whole.height)
    cut_width = min(whole.width, max(1, round(width / scale)))
    cut_height = min(whole.height, max(1, round(height / scale)))
    return Rect((whole.width - cut_width) // 2, (whole.height - cut_height) // 2, cut_width, cut_height)


def _spot(whole: Rect, width: int, height: int, resize: str) -> Rect:
    """The part of the tensor that the resized picture fills."""
    if not resize.startswith("letterbox"):
        return Rect(0, 0, width, height)
    scale = min(width / whole.width, height / whole.height)
    new_width, new_height = max(1, int(whole.width * scale)), max(1, int(whole.height * scale))
    if resize == "letterbox-corner":
        return Rect(0, 0, new_width, new_height)
    return Rect((width - new_width) // 2, (height - new_height) // 2, new_width, new_height)


@lru_cache(maxsize=64)
def _tables(scale: float, mean: tuple[float, ...], std: tuple[float, ...]) -> Floats:
    """What becomes of each of the 256 levels in each channel: scale, mean and deviation in one look-up, exact."""
    levels = np.arange(256) / scale
    tables: Floats = ((levels - np.array(mean)[:, None]) / np.array(std)[:, None]).astype(np.float32)
    tables.flags.writeable = False
    return tables

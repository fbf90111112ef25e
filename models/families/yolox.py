"""YOLOX detectors (https://arxiv.org/abs/2107.08430), with the raw head that its own tools export.

Output: N x cells x (5 + classes): offsets of the centre, logarithms of the size, objectness, scores; the last two after
the sigmoid. The cells are those of the grids of stride 8, 16 and 32, each row by row. Offsets count in cells from the
corner of the cell, sizes in cells: centre = (offset + cell) * stride, size = exp(logarithm) * stride.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import ModelNotRecognisedError
from models.families.candidates import corners, detections, shortlist
from models.families.family import Detector, Recognition, bare_shapes, head
from models.manifest import Preprocessing
from models.prediction import Boxes, DetectionOptions
from models.session import Signature, Tensor

STRIDES = (8, 16, 32)
COLUMNS = 5
PREPROCESSING = Preprocessing(resize="letterbox-corner", color="bgr", scale=1.0)
MAX_LOGARITHM = 20
"""A box whose side is the power of more is larger than any picture: 4e9 pixels."""


def _recognise(signature: Signature) -> Recognition | None:
    match bare_shapes(signature):
        case (height, width, (_, cells, int(columns))) if columns > COLUMNS and cells == _starts(height, width)[-1]:
            return Recognition(FAMILY.name, columns - COLUMNS, None, PREPROCESSING)
    return None


def _check(output: Tensor) -> None:
    """Heads that are decoded, as of YOLOv6 and of YOLOX with another export, have this shape, too."""
    if (np.abs(output[..., 2:4]) > MAX_LOGARITHM).any():
        raise ModelNotRecognisedError(
            "The graph gives sizes in pixels, where the raw head of YOLOX gives logarithms.",
            hint="If it is YOLOX, export it without --decode_in_inference.",
        )


def _decode(outputs: Sequence[Tensor], input_size: tuple[int, int], options: DetectionOptions) -> list[Boxes]:
    starts = _starts(*input_size)
    return [_picture(picture, starts, input_size[1], options) for picture in head(outputs, None, int(starts[-1]), None)]


@np.errstate(over="ignore", invalid="ignore")
def _picture(picture: Tensor, starts: npt.NDArray[np.intp], width: int, options: DetectionOptions) -> Boxes:
    """Boxes of one picture, from cells x (5 + classes)."""
    # No class scores more than 1, so a cell whose objectness is too low needs no further look.
    likely = np.flatnonzero(picture[:, 4] > options.confidence)
    scores = picture[likely, COLUMNS:]
    confidence = picture[likely, 4] * scores.max(axis=1)
    best = shortlist(confidence, options)
    cells = likely[best]
    grid = np.searchsorted(starts, cells, side="right") - 1
    stride = np.array(STRIDES)[grid]
    row, column = np.divmod(cells - starts[grid], width // stride)
    offset, size = picture[cells, 0:2], np.exp(picture[cells, 2:4])
    boxes = np.hstack([offset + np.stack([column, row], axis=1), size]) * stride[:, None]
    return detections(corners(boxes), confidence[best], scores[best].argmax(axis=1), options)


def _starts(height: int, width: int) -> npt.NDArray[np.intp]:
    """The first cell of each grid, and behind the last one the number of all cells."""
    return np.cumsum([0, *((height // stride) * (width // stride) for stride in STRIDES)])


FAMILY = Detector("yolox", _recognise, _decode, check=_check)

"""FastestDet detectors (https://github.com/dog-qiuqiu/FastestDet): one grid of stride 16, one box a cell.

Output: N x (5 + classes) x rows x columns: objectness after the sigmoid, four raw numbers for the box, scores after the
softmax. The centre is (column + tanh(a)) / columns and (row + tanh(b)) / rows of the picture, the size sigmoid(c) and
sigmoid(d) of it; confidence = objectness^0.6 * score^0.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.families.candidates import corners, detections, shortlist
from models.families.family import Detector, Recognition, bare_shapes, head
from models.manifest import Preprocessing
from models.prediction import Boxes, DetectionOptions
from models.session import Signature, Tensor

STRIDE = 16
CHANNELS = 5
PREPROCESSING = Preprocessing(resize="stretch", color="bgr")


def _recognise(signature: Signature) -> Recognition | None:
    match bare_shapes(signature):
        case (height, width, (_, int(channels), rows, columns)) if channels > CHANNELS and (rows, columns) == (
            height // STRIDE,
            width // STRIDE,
        ):
            return Recognition(FAMILY.name, channels - CHANNELS, None, PREPROCESSING)
    return None


def _decode(outputs: Sequence[Tensor], input_size: tuple[int, int], options: DetectionOptions) -> list[Boxes]:
    return [_picture(picture, input_size, options) for picture in head(outputs, None, None, None, None)]


@np.errstate(over="ignore", invalid="ignore")
def _picture(picture: Tensor, input_size: tuple[int, int], options: DetectionOptions) -> Boxes:
    """Boxes of one picture, from (5 + classes) x rows x columns."""
    grid = picture.shape[1:]
    cells = picture.reshape(len(picture), -1)
    scores = cells[CHANNELS:]
    confidence = np.maximum(cells[0], 0) ** 0.6 * np.maximum(scores.max(axis=0), 0) ** 0.4
    best = shortlist(confidence, options)
    row, column = np.divmod(best, grid[1])
    raw = cells[1:CHANNELS, best].T
    centre = (np.stack([column, row], axis=1) + np.tanh(raw[:, :2])) / grid[::-1]
    size = 1 / (1 + np.exp(-raw[:, 2:]))
    boxes = np.hstack([centre, size]) * (input_size[::-1] * 2)
    return detections(corners(boxes), confidence[best], scores[:, best].argmax(axis=0), options)


FAMILY = Detector("fastestdet", _recognise, _decode)

"""YOLO detectors as Ultralytics exports them: v8, v9, 11, 12 and their like, and the heads that need no NMS.

Two heads come out of the export (https://docs.ultralytics.com/modes/export/):
    N x (4 + classes) x anchors   centre x, centre y, width, height in pixels, then the score of each class
    N x detections x 6            left, top, right, bottom in pixels, score, class: v10, 26, and exports with NMS inside
An input has at least 21 anchors, so six columns at the end always mean the second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.families import ultralytics
from models.families.candidates import corners, detections, shortlist, sound
from models.families.family import Detector, Recognition, head, image_input
from models.manifest import Preprocessing
from models.prediction import Boxes, DetectionOptions
from models.session import Signature, Tensor

BOX = 4
FINISHED = 6


def _recognise(signature: Signature) -> Recognition | None:
    port = image_input(signature)
    classes = ultralytics.class_names(signature.metadata)
    if port is None or classes is None or signature.metadata.get("task") != "detect":
        return None
    if not signature.outputs:
        return None
    # The transformers that Ultralytics also exports have heads that only look alike: sizes are 0..1.
    if "rtdetr" in signature.metadata.get("description", "").lower():
        return None
    shape = signature.outputs[0].shape
    if len(shape) != 3 or (shape[2] != FINISHED and shape[1] != BOX + len(classes)):
        return None
    height, width = ultralytics.open_size(signature.metadata, port)
    return Recognition(
        FAMILY.name, len(classes), classes, Preprocessing(height=height, width=width, resize="letterbox")
    )


def _decode(outputs: Sequence[Tensor], _input_size: tuple[int, int], options: DetectionOptions) -> list[Boxes]:
    output = head(outputs, None, None, None)
    read = _finished if output.shape[2] == FINISHED else _anchors
    return [read(picture, options) for picture in output]


@np.errstate(over="ignore", invalid="ignore")
def _anchors(picture: Tensor, options: DetectionOptions) -> Boxes:
    """Boxes of one picture, from (4 + classes) x anchors."""
    scores = picture[BOX:]
    confidence = scores.max(axis=0)
    rows = shortlist(confidence, options)
    return detections(corners(picture[:BOX, rows].T), confidence[rows], scores[:, rows].argmax(axis=0), options)


@np.errstate(invalid="ignore")
def _finished(picture: Tensor, options: DetectionOptions) -> Boxes:
    """Boxes of one picture, from detections x 6."""
    found = picture[shortlist(picture[:, 4], options)]
    class_id = found[:, 5].astype(np.int64)
    good = np.flatnonzero(sound(found[:, :4]) & np.isfinite(found[:, 5]) & (class_id >= 0))[: options.max_detections]
    return Boxes(
        found[good, :4].astype(np.float32, copy=False), found[good, 4].astype(np.float32, copy=False), class_id[good]
    )


FAMILY = Detector("yolo", _recognise, _decode)

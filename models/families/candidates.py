"""What all detectors share: which candidates are worth a look, and which of them become detections."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.nms import suppress
from models.prediction import Boxes, DetectionOptions

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.intp]


def shortlist(confidence: Floats, options: DetectionOptions) -> Rows:
    """The rows that are surer than asked for, by falling confidence, at most `max_candidates`; no NaN, no infinity."""
    rows = ((confidence > options.confidence) & (confidence < np.inf)).nonzero()[0]
    return rows[(-confidence[rows]).argsort(kind="stable")[: options.max_candidates]]


def corners(cxcywh: Floats) -> Floats:
    """N x 4 centres and sizes as left, top, right, bottom."""
    centre, half = cxcywh[:, :2], cxcywh[:, 2:] / 2
    return np.concatenate((centre - half, centre + half), axis=1)


def sound(xyxy: Floats) -> npt.NDArray[np.bool_]:
    """Which of N x 4 boxes have finite coordinates, with left before right and top above bottom."""
    left, top, right, bottom = xyxy.T
    good: npt.NDArray[np.bool_] = np.isfinite(xyxy).all(axis=1) & (left <= right) & (top <= bottom)
    return good


def detections(xyxy: Floats, confidence: Floats, class_id: Integers, options: DetectionOptions) -> Boxes:
    """The candidates that no better one suppresses. Boxes that are none, see `sound`, are dropped.

    Families call it with NumPy's warnings of overflow off: what overflows is dropped.
    """
    xyxy = xyxy.astype(np.float32, copy=False)
    good = sound(xyxy)
    if not good.all():
        xyxy, confidence, class_id = xyxy[good], confidence[good], class_id[good]
    scores, ids = confidence.astype(np.float32, copy=False), class_id.astype(np.int64, copy=False)
    rows = suppress(xyxy, scores, ids, options.iou_threshold, options.class_agnostic, options.max_detections)
    return Boxes(xyxy[rows], scores[rows], ids[rows])

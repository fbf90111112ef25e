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
    rows = np.flatnonzero((confidence > options.confidence) & (confidence < np.inf))
    return rows[np.argsort(-confidence[rows], kind="stable")[: options.max_candidates]]


def corners(cxcywh: Floats) -> Floats:
    """N x 4 centres and sizes as left, top, right, bottom."""
    centre, half = cxcywh[:, :2], cxcywh[:, 2:] / 2
    return np.hstack([centre - half, centre + half])


def detections(xyxy: Floats, confidence: Floats, class_id: Integers, options: DetectionOptions) -> Boxes:
    """The candidates that no better one suppresses. Those with a side that is no finite number are dropped."""
    with np.errstate(over="ignore"):
        xyxy = xyxy.astype(np.float32)
    finite = np.isfinite(xyxy).all(axis=1)
    boxes = Boxes(xyxy[finite], confidence[finite].astype(np.float32), class_id[finite].astype(np.int64))
    rows = suppress(
        boxes.xyxy,
        boxes.confidence,
        boxes.class_id,
        options.iou_threshold,
        options.class_agnostic,
        options.max_detections,
    )
    return Boxes(boxes.xyxy[rows], boxes.confidence[rows], boxes.class_id[rows])

"""Non-maximum suppression: of boxes that show the same object, keep the surest.

OpenCV has this too, but not exactly: two boxes without area count as the same wherever they are, boxes of different
classes meet when coordinates are negative, and an overlap equal to the threshold is rounded over it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

BLOCK = 128
"""Boxes compared at a time: large enough to spread the cost of a call, small enough to stay in the cache."""


def suppress(
    xyxy: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    class_ids: npt.NDArray[np.int64],
    iou_threshold: float,
    class_agnostic: bool,
    max_detections: int,
) -> Rows:
    """The rows that stay, by falling score; equal scores in the order given.

    Greedy: a box goes when its intersection over union with a better box that stays is more than `iou_threshold`.

    Args:
        xyxy: N x 4, finite.
        scores: N.
        class_ids: N; boxes of different classes do not suppress each other unless `class_agnostic`.
        iou_threshold: 0..1.
        class_agnostic: whether all boxes count as of one class.
        max_detections: stop when so many have been found to stay.
    """
    order = (-scores).argsort(kind="stable")
    if len(order) <= 1:
        return order[:max_detections]
    sides = np.ascontiguousarray(xyxy[order].T)
    classes = np.zeros(len(order), np.int64) if class_agnostic else class_ids[order]
    kept = np.empty(0, np.intp)
    for start in range(0, len(order), BLOCK):
        if len(kept) >= max_detections:
            break
        block = np.arange(start, min(start + BLOCK, len(order)))
        block = block[~_same(sides, classes, block, kept, iou_threshold).any(axis=1)]
        if len(block):
            block = block[_stays(_same(sides, classes, block, block, iou_threshold))]
            kept = np.concatenate([kept, block])
    return order[kept[:max_detections]]


@np.errstate(over="ignore", invalid="ignore")
def _same(
    sides: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], rows: Rows, others: Rows, iou_threshold: float
) -> Flags:
    """For each of `rows` and each of `others`, whether they show the same object."""
    left, top, right, bottom = sides[:, rows, None]
    other_left, other_top, other_right, other_bottom = sides[:, None, others]
    width = np.maximum(np.minimum(right, other_right) - np.maximum(left, other_left), 0)
    height = np.maximum(np.minimum(bottom, other_bottom) - np.maximum(top, other_top), 0)
    shared = width * height
    union = (right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top) - shared
    same: Flags = (shared > iou_threshold * union) & (classes[rows, None] == classes[others])
    return same


def _stays(same: Flags) -> Flags:
    """Which rows stay, given which pairs (N x N) show the same object; the best rows come first."""
    worse = np.triu(same, k=1)
    gone = np.zeros(len(same), np.bool_)
    for row in np.flatnonzero(worse.any(axis=1)):
        if not gone[row]:
            gone |= worse[row]
    return ~gone

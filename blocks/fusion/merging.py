"""Groups of detections of one object as one detection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from blocks.fusion.joining import masks_of
from engine.values.detections import Boxes, Detections, fresh_ids, strings

Aggregation = Literal["average", "max", "min"]
MaskAggregation = Literal["union", "intersection", "max", "min"]
Mask = npt.NDArray[np.bool_]


def merged_rows(
    found: Detections,
    groups: Sequence[Sequence[int]],
    confidence: Aggregation,
    coordinates: Aggregation,
    masks: MaskAggregation,
) -> Detections:
    """One row a group, under a new id.

    With `max` confidence, the class is that of the surest row, with `min` that of the least sure one, and with
    `average` the one that most rows have. A box is the largest, the smallest or the mean one; where there are masks,
    it is the box around the merged mask.
    """
    best = [_class_row(found, group, confidence) for group in groups]
    boxes = [_box(found.xyxy[list(group)], coordinates) for group in groups]
    merged_masks = None
    if found.mask is not None:
        all_masks = masks_of(found)
        merged_masks = np.zeros((len(groups), *all_masks.shape[1:]), bool)
        for number, group in enumerate(groups):
            merged_masks[number] = _mask(all_masks[list(group)], masks)
            boxes[number] = _around(merged_masks[number], boxes[number])
    return Detections(
        frame=found.frame,
        xyxy=np.array(boxes, np.float32).reshape(len(groups), 4),
        confidence=np.array([aggregated(confidence, found.confidence[list(g)].tolist()) for g in groups], np.float32),
        class_id=found.class_id[best] if best else np.zeros(0, np.int64),
        class_name=strings([found.class_name[row] for row in best]),
        detection_id=fresh_ids(len(groups)),
        prediction_type="object-detection" if merged_masks is None else "instance-segmentation",
        inference_id=found.inference_id,
        mask=merged_masks,
    )


def aggregated(aggregation: Aggregation, values: Sequence[float]) -> float:
    """The mean, the largest or the smallest of some values."""
    if aggregation == "average":
        return sum(values) / len(values)
    return max(values) if aggregation == "max" else min(values)


def _class_row(found: Detections, group: Sequence[int], confidence: Aggregation) -> int:
    """The row of a group that lends its class; of equal ones the first."""
    if confidence == "max":
        return max(group, key=lambda row: found.confidence[row])
    if confidence == "min":
        return min(group, key=lambda row: found.confidence[row])
    counts = Counter(found.class_name[row] for row in group)
    return max(group, key=lambda row: counts[found.class_name[row]])


def _box(boxes: Boxes, coordinates: Aggregation) -> Boxes:
    if coordinates == "average":
        mean: Boxes = boxes.mean(axis=0)
        return mean
    sizes = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    row: Boxes = boxes[sizes.argmax() if coordinates == "max" else sizes.argmin()]
    return row


def _mask(masks: Mask, how: MaskAggregation) -> Mask:
    if how == "union":
        return np.asarray(masks.any(axis=0))
    if how == "intersection":
        return np.asarray(masks.all(axis=0))
    sizes = masks.sum(axis=(1, 2))
    mask: Mask = masks[sizes.argmax() if how == "max" else sizes.argmin()]
    return mask


def _around(mask: Mask, otherwise: Boxes) -> Boxes:
    """The box around a mask, or another one when the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return otherwise
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)

"""Detections as they travel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.values.detections import Detections
from engine.wire.plain import numbers, plain
from engine.wire.rle import write_rle
from engine.wire.write_frame import ANCESTRY, encode_ancestry

ROW = ("width", "height", "x", "y", "confidence", "class_id", "class", "detection_id", "parent_id")
"""The keys of every detection, in the order in which they are written."""
KEYPOINTS_XY = "keypoints_xy"
KEYPOINT_PARTS = {
    "class_id": "keypoints_class_id",
    "class": "keypoints_class_name",
    "confidence": "keypoints_confidence",
}
"""The keys of a keypoint beside its place, with the columns that have their values."""
RLE_KEYS = ("rle_mask", "rle")
"""Run lengths as workflows write them, and as models answer; both are read."""
BOX_SIZES = {"width": "box_width", "height": "box_height"}
"""A column may be called `width`, that of a rotated box; it then takes that key, and the width of the upright box moves
to `box_width`."""
RESERVED = frozenset(
    {
        *(set(ROW) - BOX_SIZES.keys()),
        *BOX_SIZES.values(),
        *ANCESTRY,
        *("points", *RLE_KEYS, "mask_format", "tracker_id", "keypoints", "prediction_type", "inference_id"),
        *(KEYPOINTS_XY, *KEYPOINT_PARTS.values()),
    }
)
"""Names under which no column is written or read: the keys of other parts of a detection or a set, and the columns that
keypoints have inside."""

Entry = dict[str, Any]


def encode_detections(detections: Detections, *, rle: bool = False) -> dict[str, Any]:
    """The object on the wire: the size of the picture, and one dict per detection with its centre, size and columns.

    A detection whose mask is empty is left out where masks travel as outlines, since it has none. A row of a column
    that is None is left out; a number that is not finite is None.

    `read_detections` reads all of this again, within its bounds, unless a box, a confidence or a keypoint is not
    finite. What is lost on the way: `prediction_type` and `inference_id`, which today's servers do not write either;
    of a mask that travels as an outline, its holes and all but its largest part; and the name of the picture that a
    crop was cut out of, when that was a crop, too; and the columns of a set without rows.

    Args:
        rle: whether masks travel as run lengths rather than as outlines.
    """
    rows = _boxes(detections)
    _add_masks(rows, detections, rle)
    if detections.tracker_id is not None:
        for entry, tracker in zip(rows, detections.tracker_id.tolist(), strict=True):
            entry["tracker_id"] = tracker
    if KEYPOINTS_XY in detections.columns:
        for row, entry in enumerate(rows):
            entry["keypoints"] = _keypoints(detections, row)
    for name, column in detections.columns.items():
        if name not in RESERVED:
            _add_column(rows, name, column)
    if detections.mask is not None and not rle:
        rows = [entry for entry in rows if entry["points"]]
    frame = detections.frame
    return {"image": {"width": frame.width, "height": frame.height}, "predictions": rows}


def outline(mask: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """The largest outer contour of a mask as x, y points in pixels; at least three, or none when it is empty."""
    pixels = np.ascontiguousarray(mask, np.bool_).view(np.uint8)
    contours, _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return []
    return _points(max(contours, key=cv2.contourArea).reshape(-1, 2))


def _boxes(detections: Detections) -> list[Entry]:
    """One dict per row with what every detection has."""
    xyxy = detections.xyxy.astype(np.float64)
    sizes = xyxy[:, 2:] - xyxy[:, :2]
    centres = xyxy[:, :2] + sizes / 2
    parents = detections.parent_id
    columns = (
        numbers(sizes[:, 0]),
        numbers(sizes[:, 1]),
        numbers(centres[:, 0]),
        numbers(centres[:, 1]),
        numbers(detections.confidence),
        detections.class_id.tolist(),
        detections.class_name.tolist(),
        detections.detection_id.tolist(),
        [detections.frame.id] * len(detections) if parents is None else parents.tolist(),
    )
    ancestry = encode_ancestry(detections.frame.parent, detections.frame.root)
    return [dict(zip(ROW, row, strict=True), **ancestry) for row in zip(*columns, strict=True)]


def _add_masks(rows: list[Entry], detections: Detections, rle: bool) -> None:
    if detections.mask is None:
        return
    stored = detections.columns.get("polygon")
    for row, entry in enumerate(rows):
        mask = detections.mask[row]
        if rle:
            entry["rle_mask"] = {"size": list(mask.shape), "counts": write_rle(mask)}
        elif stored is not None and stored[row] is not None and len(stored[row]):
            entry["points"] = _points(np.asarray(stored[row]))
        else:
            entry["points"] = outline(mask)


def _points(points: npt.NDArray[Any]) -> list[dict[str, float]]:
    """Points as they travel; the last one again and again where there are less than three."""
    pairs = points.astype(float).reshape(-1, 2).tolist()
    pairs += [pairs[-1]] * (3 - len(pairs))
    return [{"x": x, "y": y} for x, y in pairs]


def _keypoints(detections: Detections, row: int) -> list[Entry]:
    """The keypoints of a row, each with its place and as many other keys as there are columns."""
    places = detections.columns[KEYPOINTS_XY][row]
    if places is None:
        return []
    xy = np.asarray(places, np.float64).reshape(-1, 2)
    parts = {
        key: plain(np.asarray(detections.columns[name][row]))
        for key, name in KEYPOINT_PARTS.items()
        if name in detections.columns and detections.columns[name][row] is not None
    }
    parts |= {"x": numbers(xy[:, 0]), "y": numbers(xy[:, 1])}
    return [dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)]


def _add_column(rows: list[Entry], name: str, column: npt.NDArray[Any]) -> None:
    """Write a column into the rows that have a value of it."""
    for entry, value, written in zip(rows, column, plain(column), strict=True):
        if value is None:
            continue
        if name in BOX_SIZES:
            entry[BOX_SIZES[name]] = entry[name]
        entry[name] = written

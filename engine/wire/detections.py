"""Detections as they travel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.values.detections import Detections
from engine.values.frame import Origin
from engine.wire.plain import numbers, plain
from engine.wire.rle import write_rle

KEYPOINT_COLUMNS = ("keypoints_class_id", "keypoints_class_name", "keypoints_confidence", "keypoints_xy")
KEYPOINT_PARTS = tuple(zip(("class_id", "class", "confidence"), KEYPOINT_COLUMNS[:3], strict=True))
BOX_SIZES = {"width": "box_width", "height": "box_height"}
"""Where the size of a box goes when a column of the name says another size, that of a rotated box."""
ROW_KEYS = (
    ("width", "height", "x", "y", "confidence", "class_id", "class", "detection_id", "parent_id"),
    ("parent_origin", "root_parent_id", "root_parent_origin"),
    ("points", "rle_mask", "tracker_id", "keypoints"),
    ("box_width", "box_height"),
)
RESERVED = frozenset(key for keys in ROW_KEYS for key in keys) - BOX_SIZES.keys()
"""Keys of a detection that no column can take."""

Entry = dict[str, Any]


def encode_detections(detections: Detections, *, rle: bool = False) -> dict[str, Any]:
    """The object on the wire: the size of the picture, and a dict a detection with its centre, size and columns.

    A detection whose mask is empty is left out where masks travel as outlines, since it has none. A row of a column
    that is None is left out; a number that is not finite is None.

    Args:
        rle: whether masks travel as run lengths rather than as outlines.
    """
    rows = _boxes(detections)
    _add_masks(rows, detections, rle)
    if detections.tracker_id is not None:
        for entry, tracker in zip(rows, detections.tracker_id.tolist(), strict=True):
            entry["tracker_id"] = tracker
    if "keypoints_xy" in detections.columns:
        for row, entry in enumerate(rows):
            entry["keypoints"] = _keypoints(detections, row)
    for name, column in detections.columns.items():
        if name not in KEYPOINT_COLUMNS and name not in RESERVED:
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


def encode_origin(origin: Origin) -> dict[str, int]:
    """Where a crop lies, as it travels."""
    return {"offset_x": origin.x, "offset_y": origin.y, "width": origin.width, "height": origin.height}


def _boxes(detections: Detections) -> list[Entry]:
    """A dict a row with what every detection has."""
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
    ancestry = _ancestry(detections)
    return [dict(zip(ROW_KEYS[0], row, strict=True), **ancestry) for row in zip(*columns, strict=True)]


def _ancestry(detections: Detections) -> Entry:
    """What a detection in a crop says of where the crop lies; nothing for a picture from outside."""
    parent, root = detections.frame.parent, detections.frame.root
    if parent is None or root is None:
        return {}
    return {
        "parent_origin": encode_origin(parent),
        "root_parent_id": root.id,
        "root_parent_origin": encode_origin(root),
    }


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
    """The keypoints of a row, with what is known of each."""
    points = detections.columns["keypoints_xy"][row]
    if points is None:
        return []
    place = np.asarray(points, np.float64).reshape(-1, 2)
    known = {key: detections.columns[name][row] for key, name in KEYPOINT_PARTS if name in detections.columns}
    parts = {key: plain(np.asarray(column)) for key, column in known.items() if column is not None}
    parts |= {"x": numbers(place[:, 0]), "y": numbers(place[:, 1])}
    return [dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)]


def _add_column(rows: list[Entry], name: str, column: npt.NDArray[Any]) -> None:
    """Write a column of any sort into the rows that have a value of it."""
    if column.dtype == object:
        values = [plain(value) if value is not None else None for value in column]
        present = [value is not None for value in column]
    else:
        values, present = plain(column), [True] * len(rows)
    saved = BOX_SIZES.get(name)
    for entry, value, there in zip(rows, values, present, strict=True):
        if not there:
            continue
        if saved is not None:
            entry[saved] = entry[name]
        entry[name] = value

"""Detections as they travel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.values.detections import Detections
from engine.values.frame import Origin

KEYPOINT_COLUMNS = ("keypoints_class_id", "keypoints_class_name", "keypoints_confidence", "keypoints_xy")


def encode_detections(detections: Detections) -> dict[str, Any]:
    """The object on the wire: the size of the picture, and a dict a detection with its centre, size and columns.

    A detection whose mask is empty is left out, since it has no outline.
    """
    xyxy = detections.xyxy.astype(float)
    corners, sizes = xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]
    centres = (corners + sizes / 2).tolist()
    ancestry = _ancestry(detections)
    extras = {name: column for name, column in detections.columns.items() if name not in KEYPOINT_COLUMNS}
    predictions = []
    for row, ((width, height), (x, y)) in enumerate(zip(sizes.tolist(), centres, strict=True)):
        entry: dict[str, Any] = {
            "width": width,
            "height": height,
            "x": x,
            "y": y,
            "confidence": float(detections.confidence[row]),
            "class_id": int(detections.class_id[row]),
            "class": detections.class_name[row],
            "detection_id": detections.detection_id[row],
            "parent_id": detections.frame.id if detections.parent_id is None else detections.parent_id[row],
            **ancestry,
        }
        if detections.mask is not None:
            points = outline(detections.mask[row])
            if not points:
                continue
            entry["points"] = points
        if detections.tracker_id is not None:
            entry["tracker_id"] = int(detections.tracker_id[row])
        if "keypoints_xy" in detections.columns:
            entry["keypoints"] = _keypoints(detections, row)
        for name, column in extras.items():
            if column[row] is not None:
                entry[name] = column[row].tolist() if isinstance(column[row], np.generic | np.ndarray) else column[row]
        predictions.append(entry)
    frame = detections.frame
    return {"image": {"width": frame.width, "height": frame.height}, "predictions": predictions}


def outline(mask: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """The largest outer contour of a mask as x, y points in pixels; at least three, or none when it is empty."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return []
    points = max(contours, key=cv2.contourArea).reshape(-1, 2).astype(float).tolist()
    points += [points[-1]] * (3 - len(points))
    return [{"x": x, "y": y} for x, y in points]


def encode_origin(origin: Origin) -> dict[str, int]:
    """Where a crop lies, as it travels."""
    return {"offset_x": origin.x, "offset_y": origin.y, "width": origin.width, "height": origin.height}


def _ancestry(detections: Detections) -> dict[str, Any]:
    """What a detection in a crop says of where the crop lies; nothing for a picture from outside."""
    parent, root = detections.frame.parent, detections.frame.root
    if parent is None or root is None:
        return {}
    return {
        "parent_origin": encode_origin(parent),
        "root_parent_id": root.id,
        "root_parent_origin": encode_origin(root),
    }


def _keypoints(detections: Detections, row: int) -> list[dict[str, Any]]:
    ids, names, confidences, points = (detections.columns[name][row] for name in KEYPOINT_COLUMNS)
    return [
        {"class_id": int(i), "class": n, "confidence": float(c), "x": float(p[0]), "y": float(p[1])}
        for i, n, c, p in zip(ids, names, confidences, points, strict=True)
    ]

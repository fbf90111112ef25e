"""The columns of detections that blocks add, as they come from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.values.detections import POINT_COLUMNS, strings
from engine.wire.detections import BOX_SIZES, KEYPOINT_COLUMNS, RESERVED
from engine.wire.unfit import Unfit, is_number, shown

MAX_COLUMNS = 64
MAX_KEYPOINTS = 1_000
"""Of one detection."""
MAX_ALL_KEYPOINTS = 500_000
INT64 = 2**63
NOT_COLUMNS = RESERVED.union(BOX_SIZES, KEYPOINT_COLUMNS, ("rle", "mask_format", "inference_id", "prediction_type"))
"""Keys that are parts of a detection, or names that columns have inside only."""

Row = dict[str, Any]
Columns = dict[str, npt.NDArray[Any]]


def read_columns(rows: list[Row]) -> Columns:
    """Keypoints and every other key that no other part of a detection has, a column each.

    Raises:
        Unfit: keypoints are malformed, or there is too much of something.
    """
    names = dict.fromkeys(name for row in rows for name in row if name not in NOT_COLUMNS)
    if len(names) > MAX_COLUMNS:
        raise Unfit(f"{len(names)} different keys beside those of detections", f"at most {MAX_COLUMNS} of them")
    columns = {name: _column(name, rows) for name in names}
    for name, saved in BOX_SIZES.items():
        if any(saved in row for row in rows):
            columns[name] = _column(name, [row if saved in row else {} for row in rows])
    if any("keypoints" in row for row in rows):
        columns |= _keypoints([row.get("keypoints", []) for row in rows])
    return columns


def _column(name: str, rows: list[Row]) -> npt.NDArray[Any]:
    """Numbers as numbers, where every row has them and null is one that is not finite; else objects, None if absent."""
    values = [row.get(name) for row in rows]
    everywhere = all(name in row for row in rows)
    if everywhere and name not in POINT_COLUMNS:
        numeric = _numeric(values)
        if numeric is not None:
            return numeric
    if name in POINT_COLUMNS:
        return objects([_points(value, index, name) for index, value in enumerate(values)])
    return objects(values)


def objects(values: list[Any]) -> npt.NDArray[Any]:
    """A column of any objects, lists among them."""
    column = strings([""] * len(values))
    for row, value in enumerate(values):
        column[row] = value
    return column


def _numeric(values: list[Any]) -> npt.NDArray[Any] | None:
    """A column of booleans, numbers or vectors of numbers of one length; None where it is nothing of that."""
    types = {type(value) for value in values}
    if types == {bool}:
        return np.array(values, np.bool_)
    if types == {int} and all(-INT64 <= value < INT64 for value in values):
        return np.array(values, np.int64)
    if types <= {int, float, type(None)} and all(value is None or is_number(value) for value in values):
        return np.array(values, np.float64)
    if types == {list} and len({len(value) for value in values}) == 1:
        flat = _numeric([part for value in values for part in value]) if values[0] else None
        if flat is not None and flat.ndim == 1:
            return flat.reshape(len(values), -1)
    return None


def _points(value: Any, index: int, name: str) -> npt.NDArray[Any] | None:
    """Points as K x 2 numbers, which can be moved with the frame."""
    if value is None:
        return None
    good = isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 2 and all(map(is_number, point)) for point in value
    )
    numbers = _numeric(value) if good and value else None
    if numbers is None and value != []:
        raise Unfit(f"{shown(value)} at predictions.[{index}].{name}", "a list of points [x, y]")
    return np.zeros((0, 2)) if numbers is None else numbers


def _keypoints(rows: list[Any]) -> Columns:
    """The columns of keypoints: an array a detection, K x 2 for the places in pixels and K for the rest."""
    fits = f"a list of at most {MAX_KEYPOINTS} objects with the numbers x and y"
    total = sum(len(points) for points in rows if isinstance(points, list))
    if total > MAX_ALL_KEYPOINTS:
        raise Unfit(f"{total} keypoints", f"at most {MAX_ALL_KEYPOINTS} of them")
    known: set[str] = set()
    for index, points in enumerate(rows):
        place = f"predictions.[{index}].keypoints"
        if not isinstance(points, list) or len(points) > MAX_KEYPOINTS:
            raise Unfit(f"{shown(points)} at {place}", fits)
        for number, point in enumerate(points):
            _check_keypoint(point, f"{place}.[{number}]", fits)
            known.update(point)
    ids, names, confidences, places = KEYPOINT_COLUMNS
    columns: dict[str, list[Any]] = {
        places: [np.array([(p["x"], p["y"]) for p in row], np.float64).reshape(-1, 2) for row in rows]
    }
    if "confidence" in known:
        columns[confidences] = [np.array([p.get("confidence", 1) for p in row], np.float64) for row in rows]
    if "class_id" in known:
        columns[ids] = [np.array([p.get("class_id", at) for at, p in enumerate(row)], np.int64) for row in rows]
    if "class" in known:
        columns[names] = [strings([p.get("class", str(at)) for at, p in enumerate(row)]) for row in rows]
    return {name: objects(column) for name, column in columns.items()}


def _check_keypoint(point: Any, place: str, fits: str) -> None:
    if not isinstance(point, dict):
        raise Unfit(f"{shown(point)} at {place}", fits)
    for key in ("x", "y", "confidence"):
        value = point.get(key, 1 if key == "confidence" else None)
        if not is_number(value):
            raise Unfit(f"{shown(value)} at {place}.{key}", "a number")
    class_id = point.get("class_id", 0)
    if type(class_id) is not int or not 0 <= class_id < INT64:
        raise Unfit(f"{shown(class_id)} at {place}.class_id", "a whole number from 0 on")
    if not isinstance(point.get("class", ""), str):
        raise Unfit(f"{shown(point['class'])} at {place}.class", "text")

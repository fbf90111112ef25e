"""The columns of detections that blocks add, as they come from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.values.detections import POINT_COLUMNS, objects
from engine.wire.bounds import MAX_COORDINATE, is_number, is_whole
from engine.wire.members import read_number, read_text, read_whole
from engine.wire.unfit import Unfit, in_words
from engine.wire.write_detections import BOX_SIZES, KEYPOINT_PARTS, KEYPOINTS_XY, RESERVED

MAX_COLUMNS = 64
MAX_KEYPOINTS = 1_000
"""Of one detection."""
MAX_ALL_KEYPOINTS = 500_000
NOT_COLUMNS = RESERVED | BOX_SIZES.keys()

Row = dict[str, Any]
Columns = dict[str, npt.NDArray[Any]]


def read_columns(rows: list[Row]) -> Columns:
    """Keypoints and every other key that no other part of a detection has, one column each.

    Raises:
        Unfit: keypoints or points are malformed, or there is too much of something.
    """
    names = dict.fromkeys(name for row in rows for name in row if name not in NOT_COLUMNS)
    if len(names) > MAX_COLUMNS:
        raise Unfit(f"{len(names)} different keys beside those of detections", f"at most {MAX_COLUMNS} of them")
    columns = {name: _column(name, rows) for name in names}
    for name, upright in BOX_SIZES.items():
        # The size under the plain name is that of a rotated box only where that of the upright one stands beside it.
        if any(upright in row for row in rows):
            columns[name] = _column(name, [row if upright in row else {} for row in rows])
    if any("keypoints" in row for row in rows):
        columns |= _keypoints([row.get("keypoints", []) for row in rows])
    return columns


def _column(name: str, rows: list[Row]) -> npt.NDArray[Any]:
    """Numbers as numbers, where every row has them and null is one that is not finite; else objects, None if absent."""
    values = [row.get(name) for row in rows]
    if name in POINT_COLUMNS:
        return objects([_points(value, f"predictions.[{index}].{name}") for index, value in enumerate(values)])
    column = _numeric(values) if all(name in row for row in rows) else None
    return objects(values) if column is None else column


def _numeric(values: list[Any]) -> npt.NDArray[Any] | None:
    """A column of booleans, numbers or vectors of numbers of one length; None where it is nothing of that."""
    types = {type(value) for value in values}
    if types == {bool}:
        return np.array(values, np.bool_)
    if types == {int} and all(map(is_whole, values)):
        return np.array(values, np.int64)
    if types <= {int, float, type(None)} and all(value is None or is_number(value) for value in values):
        return np.array(values, np.float64)
    if types == {list} and len({len(value) for value in values}) == 1:
        flat = _numeric([part for value in values for part in value]) if values[0] else None
        if flat is not None and flat.ndim == 1:
            return flat.reshape(len(values), -1)
    return None


def _points(value: Any, place: str) -> npt.NDArray[Any] | None:
    """Points as K x 2 numbers, which can be moved with the frame."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(
        isinstance(point, list) and len(point) == 2 and all(map(is_number, point)) for point in value
    ):
        raise Unfit(f"{in_words(value)} at {place}", "a list of points [x, y]")
    return _numeric(value) if value else np.zeros((0, 2))


def _keypoints(rows: list[Any]) -> Columns:
    """The columns of keypoints: one array per detection, K x 2 for the places in pixels and K for the rest."""
    fits = f"a list of at most {MAX_KEYPOINTS} objects with the numbers x and y"
    total = sum(len(points) for points in rows if isinstance(points, list))
    if total > MAX_ALL_KEYPOINTS:
        raise Unfit(f"{total} keypoints", f"at most {MAX_ALL_KEYPOINTS} of them")
    keys: set[str] = set()
    for index, points in enumerate(rows):
        place = f"predictions.[{index}].keypoints"
        if not isinstance(points, list) or len(points) > MAX_KEYPOINTS:
            raise Unfit(f"{in_words(points)} at {place}", fits)
        for number, point in enumerate(points):
            if not isinstance(point, dict):
                raise Unfit(f"{in_words(point)} at {place}.[{number}]", fits)
            _check_keypoint(point, f"{place}.[{number}].")
            keys.update(point)
    columns: Columns = {
        KEYPOINTS_XY: objects([np.array([(p["x"], p["y"]) for p in row], np.float64).reshape(-1, 2) for row in rows])
    }
    for key, dtype in (("class_id", np.int64), ("class", np.object_), ("confidence", np.float64)):
        if key in keys:
            parts = [[p[key] if key in p else _default(key, at) for at, p in enumerate(row)] for row in rows]
            columns[KEYPOINT_PARTS[key]] = objects([np.array(row, dtype) for row in parts])
    return columns


def _check_keypoint(point: dict[str, Any], place: str) -> None:
    for key in ("x", "y"):
        read_number(point, key, place, -MAX_COORDINATE, MAX_COORDINATE)
    if "class_id" in point:
        read_whole(point, "class_id", place)
    if "class" in point:
        read_text(point, "class", place)
    # Those that are read off heat maps may be above 1.
    if not is_number(point.get("confidence", 1)):
        raise Unfit(f"{in_words(point['confidence'])} at {place}confidence", "a number")


def _default(key: str, number: int) -> Any:
    """What a keypoint is whose neighbours say it and which does not itself."""
    return {"class_id": number, "class": str(number), "confidence": 1}[key]

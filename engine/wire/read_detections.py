"""Detections as they come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.values.detections import Detections, Strings, fresh_ids, strings
from engine.values.frame import Frame, Origin
from engine.wire.detections import BOX_SIZES
from engine.wire.read_columns import read_columns
from engine.wire.read_masks import MAX_MASK_PIXELS, check_pixels, mask_key, read_masks
from engine.wire.unfit import Unfit, check_depth, is_number, shown

MAX_DETECTIONS = 10_000
MAX_COORDINATE = 10**9
"""Pixels; what a 32-bit integer can hold."""
BOX = ("x", "y", "width", "height")
ANCESTRY = ("parent_origin", "root_parent_id", "root_parent_origin")
FITS = '{"image": {"width": ..., "height": ...}, "predictions": [...]}'

Row = dict[str, Any]


def read_detections(value: Any, name: str, prediction_type: str) -> Detections:
    """A set of detections from its object on the wire.

    Its frame is called as the parent of the detections; where they have different parents, or none, as the set.

    Args:
        name: of the value; the parent of detections that say none.
        prediction_type: what the set is where it does not say it.

    Raises:
        Unfit: something in it is missing, malformed or too large.
    """
    if isinstance(value, Detections):
        return value
    if not isinstance(value, Mapping) or "predictions" not in value:
        raise Unfit(shown(value) + (" without `predictions`" if isinstance(value, Mapping) else ""), FITS)
    rows = _rows(value["predictions"])
    width, height = read_size(value.get("image"), optional=not rows)
    parents = [_text(row, index, "parent_id", name) for index, row in enumerate(rows)]
    shared = len(set(parents)) == 1
    frame = _frame(parents[0] if shared else name, width, height, rows)
    if frame.root is not None and mask_key(rows) is not None:
        # Results are brought to the outermost picture, and the masks with them.
        check_pixels(len(rows), frame.root.width, frame.root.height)
    xyxy = _xyxy(rows)
    return Detections(
        frame,
        xyxy,
        _confidence(rows),
        _whole(rows, "class_id"),
        strings([_text(row, index, "class", None) for index, row in enumerate(rows)]),
        _ids(rows),
        _said(value, rows, "prediction_type") or prediction_type,
        _said(value, rows, "inference_id"),
        read_masks(rows, width, height),
        _whole(rows, "tracker_id") if any(row.get("tracker_id") is not None for row in rows) else None,
        None if shared or not rows else strings(parents),
        read_columns(rows),
    )


def read_size(image: Any, place: str = "image", *, optional: bool = False) -> tuple[int, int]:
    """The width and height of a picture in pixels; 0 for both where they may be null and are.

    Raises:
        Unfit: they are no sizes, or the picture would be too large for a mask over it.
    """
    fits = "an object with the numbers width and height, whole and from 1 on"
    if not isinstance(image, Mapping):
        raise Unfit(f"{shown(image)} at {place}", fits)
    width, height = image.get("width"), image.get("height")
    if optional and width is None and height is None:
        return 0, 0
    smallest = 0 if optional else 1
    for key, side in (("width", width), ("height", height)):
        if type(side) is not int or not smallest <= side <= MAX_MASK_PIXELS:
            raise Unfit(f"{shown(side)} at {place}.{key}", fits)
    sides = cast("tuple[int, int]", (width, height))
    if sides[0] * sides[1] > MAX_MASK_PIXELS:
        raise Unfit(f"a picture of {width} x {height} pixels", f"one of at most {MAX_MASK_PIXELS} pixels")
    return sides


def _rows(predictions: Any) -> list[Row]:
    fits = f"a list of at most {MAX_DETECTIONS} objects"
    if not isinstance(predictions, list | tuple) or len(predictions) > MAX_DETECTIONS:
        raise Unfit(f"{shown(predictions)} at predictions", fits)
    for index, row in enumerate(predictions):
        if not isinstance(row, dict):
            raise Unfit(f"{shown(row)} at predictions.[{index}]", fits)
        check_depth(row, f"predictions.[{index}]")
    return list(predictions)


def _frame(id: str, width: int, height: int, rows: list[Row]) -> Frame:
    """The frame of a set, which lies in larger ones where its detections say so; all have to say the same."""
    if not rows or not any(key in rows[0] for key in ANCESTRY[::2]):
        return Frame(id, width, height)
    said = [tuple(row.get(key) for key in ANCESTRY) for row in rows]
    for index, ancestry in enumerate(said):
        if ancestry != said[0]:
            raise Unfit(f"another origin at predictions.[{index}] than at predictions.[0]", "a set with one origin")
    parent_origin, _, root_origin = said[0]
    outermost = _text(rows[0], 0, "root_parent_id", id)
    # The picture that a crop was cut out of has no name on the wire: it gets that of the outermost one.
    parent = _origin(outermost, root_origin if parent_origin is None else parent_origin, "parent_origin")
    root = _origin(outermost, parent_origin if root_origin is None else root_origin, "root_parent_origin")
    return Frame(id, width, height, parent, root)


def _origin(id: str, value: Any, key: str) -> Origin:
    place = f"predictions.[0].{key}"
    fits = "an object with the whole numbers offset_x, offset_y, width and height"
    if not isinstance(value, Mapping):
        raise Unfit(f"{shown(value)} at {place}", fits)
    x, y = value.get("offset_x"), value.get("offset_y")
    for offset in (x, y):
        if type(offset) is not int or abs(offset) > MAX_COORDINATE:
            raise Unfit(f"{shown(offset)} as an offset at {place}", fits)
    width, height = read_size(value, place)
    return Origin(id, *cast("tuple[int, int]", (x, y)), width, height)


def _xyxy(rows: list[Row]) -> npt.NDArray[np.float32]:
    """N x 4: the boxes of which the wire has centres and sizes."""
    columns = []
    for key in BOX:
        saved = BOX_SIZES.get(key, key)
        values = [row.get(saved, row.get(key)) for row in rows]
        smallest = 0 if key in BOX_SIZES else -MAX_COORDINATE
        for index, (row, value) in enumerate(zip(rows, values, strict=True)):
            if not (is_number(value) and smallest <= value <= MAX_COORDINATE):
                place = f"predictions.[{index}].{saved if saved in row else key}"
                raise Unfit(f"{shown(value)} at {place}", f"a number from {smallest} to {MAX_COORDINATE}")
        columns.append(np.array(values, np.float64))
    x, y, width, height = columns
    corners = np.stack((x - width / 2, y - height / 2, x + width / 2, y + height / 2), axis=1)
    return corners.astype(np.float32)


def _confidence(rows: list[Row]) -> npt.NDArray[np.float32]:
    values = [
        read_confidence(row.get("confidence"), f"predictions.[{index}].confidence") for index, row in enumerate(rows)
    ]
    return np.array(values, np.float32)


def _whole(rows: list[Row], key: str) -> npt.NDArray[np.int64]:
    """A column of whole numbers that every row has."""
    for index, row in enumerate(rows):
        value = row.get(key)
        if type(value) is not int or not -(2**63) <= value < 2**63:
            raise Unfit(f"{shown(value)} at predictions.[{index}].{key}", "a whole number for every detection")
    return np.array([row[key] for row in rows], np.int64)


def _text(row: Row, index: int, key: str, default: str | None) -> str:
    return read_text(row, key, f"predictions.[{index}].{key}", default)


def read_text(holder: Mapping[str, Any], key: str, place: str, default: str | None = None) -> str:
    """The text that an object has under a key; the default, if there is one, where it has null or nothing."""
    value = holder.get(key)
    text = default if value is None else value
    if not isinstance(text, str):
        raise Unfit(f"{shown(text)} at {place}", "text")
    return text


def read_confidence(value: Any, place: str) -> float:
    """A number from 0 to 1, as it was written."""
    if is_number(value) and 0 <= value <= 1:
        return value
    raise Unfit(f"{shown(value)} at {place}", "a number from 0 to 1")


def _ids(rows: list[Row]) -> Strings:
    """The names of the detections; fresh ones for those without."""
    ids = fresh_ids(len(rows)) if any(row.get("detection_id") is None for row in rows) else [None] * len(rows)
    return strings(
        [_text(row, index, "detection_id", fresh) for index, (row, fresh) in enumerate(zip(rows, ids, strict=True))]
    )


def _said(value: Mapping[str, Any], rows: list[Row], key: str) -> str | None:
    """What a set says of itself, or its first detection for it."""
    for place, holder in (("", value), *(("predictions.[0].", row) for row in rows[:1])):
        if holder.get(key) is not None:
            return read_text(holder, key, f"{place}{key}")
    return None

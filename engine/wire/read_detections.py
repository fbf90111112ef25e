"""Detections as they come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.values.detections import Detections, Strings, fresh_ids, strings
from engine.values.frame import Frame
from engine.wire.bounds import MAX_COORDINATE, check_depth, check_mask_area
from engine.wire.detection_kinds import DetectionKind
from engine.wire.members import read_confidence, read_number, read_size, read_text, read_whole
from engine.wire.read_columns import read_columns
from engine.wire.read_frame import read_ancestry
from engine.wire.read_masks import check_mask_pixels, mask_key, read_masks
from engine.wire.unfit import Unfit, in_words
from engine.wire.write_detections import BOX_SIZES
from engine.wire.write_frame import ANCESTRY, PARENT, ROOT

MAX_DETECTIONS = 10_000
FITS = '{"image": {"width": ..., "height": ...}, "predictions": [...]}'

Row = dict[str, Any]


def read_detections(value: Any, name: str, kind: DetectionKind) -> Detections:
    """A set of detections from its object on the wire.

    The frame gets the `parent_id` that all detections share; where they differ, or there are none, the name of the
    value. What the set does not say of itself, its `prediction_type` and `inference_id`, its first detection may say.

    Args:
        name: of the value; the parent of detections that say none.
        kind: what the set is declared to be.

    Raises:
        Unfit: something in it is missing, malformed or too large; an `inference_id` that is no text, too.
    """
    if isinstance(value, Detections):
        return value
    if not isinstance(value, Mapping) or "predictions" not in value:
        raise Unfit(in_words(value) + (" without `predictions`" if isinstance(value, Mapping) else ""), FITS)
    rows = _rows(value["predictions"])
    width, height = read_image_size(value, may_be_unknown=not rows)
    parents = [read_text(row, "parent_id", _place(index), name) for index, row in enumerate(rows)]
    shared = len(set(parents)) == 1
    frame = _frame(parents[0] if shared else name, width, height, rows)
    if frame.root is not None and mask_key(rows) is not None:
        # Results are brought to the outermost picture, and the masks with them.
        check_mask_pixels(len(rows), frame.root.width, frame.root.height)
    return Detections(
        frame,
        _xyxy(rows),
        np.array([read_confidence(row, _place(index)) for index, row in enumerate(rows)], np.float32),
        _whole_numbers(rows, "class_id"),
        strings([read_text(row, "class", _place(index)) for index, row in enumerate(rows)]),
        _ids(rows),
        _of_the_set(value, rows, "prediction_type") or kind.prediction_type,
        _of_the_set(value, rows, "inference_id"),
        read_masks(rows, width, height),
        _whole_numbers(rows, "tracker_id") if any(row.get("tracker_id") is not None for row in rows) else None,
        None if shared or not rows else strings(parents),
        read_columns(rows),
    )


def read_image_size(value: Mapping[str, Any], *, may_be_unknown: bool = False) -> tuple[int, int]:
    """The width and height of the picture that predictions are about, in pixels, from their `image`.

    Args:
        may_be_unknown: whether both may be null or 0, and are 0 then.

    Raises:
        Unfit: they are no sizes, or the picture would be too large for a mask over it.
    """
    image = value.get("image")
    if not isinstance(image, Mapping):
        raise Unfit(f"{in_words(image)} at image", "an object with the whole numbers width and height")
    if may_be_unknown and image.get("width") is None and image.get("height") is None:
        return 0, 0
    width, height = read_size(image, "image.", smallest=0 if may_be_unknown else 1)
    check_mask_area(width, height, "image")
    return width, height


def _place(index: int) -> str:
    """Where a detection lies in its set, for messages."""
    return f"predictions.[{index}]."


def _rows(predictions: Any) -> list[Row]:
    fits = f"a list of at most {MAX_DETECTIONS} objects"
    if not isinstance(predictions, list | tuple) or len(predictions) > MAX_DETECTIONS:
        raise Unfit(f"{in_words(predictions)} at predictions", fits)
    for index, row in enumerate(predictions):
        if not isinstance(row, dict):
            raise Unfit(f"{in_words(row)} at predictions.[{index}]", fits)
        check_depth(row, f"predictions.[{index}]")
    return list(predictions)


def _frame(id: str, width: int, height: int, rows: list[Row]) -> Frame:
    """The frame of a set, which lies in larger ones where its detections say so; all have to say the same."""
    if not any(row.get(key) is not None for row in rows for key in (PARENT, ROOT)):
        return Frame(id, width, height)
    first, *others = ([row.get(key) for key in ANCESTRY] for row in rows)
    for index, ancestry in enumerate(others, 1):
        if ancestry != first:
            raise Unfit(f"another origin at predictions.[{index}] than at predictions.[0]", "a set with one origin")
    parent, root = read_ancestry(rows[0], id, _place(0))
    for key, origin in ((PARENT, parent), (ROOT, root)):
        if origin is not None:
            check_mask_area(origin.width, origin.height, _place(0) + key)
    return Frame(id, width, height, parent, root)


def _xyxy(rows: list[Row]) -> npt.NDArray[np.float32]:
    """N x 4: the boxes of which the wire has centres and sizes."""
    x, y = (_column(rows, key, -MAX_COORDINATE) for key in ("x", "y"))
    width, height = (_column(rows, key, 0) for key in BOX_SIZES)
    corners = np.stack((x - width / 2, y - height / 2, x + width / 2, y + height / 2), axis=1)
    return corners.astype(np.float32)


def _column(rows: list[Row], key: str, smallest: int) -> npt.NDArray[np.float64]:
    """A part of the boxes, in pixels; of an upright box around a rotated one, its size has another key."""
    upright = BOX_SIZES.get(key, key)
    return np.array(
        [
            read_number(row, upright if upright in row else key, _place(index), smallest, MAX_COORDINATE)
            for index, row in enumerate(rows)
        ],
        np.float64,
    )


def _whole_numbers(rows: list[Row], key: str) -> npt.NDArray[np.int64]:
    return np.array([read_whole(row, key, _place(index)) for index, row in enumerate(rows)], np.int64)


def _ids(rows: list[Row]) -> Strings:
    """The names of the detections; fresh ones for those without."""
    return strings(
        [
            read_text(row, "detection_id", _place(index), fresh)
            for index, (row, fresh) in enumerate(zip(rows, fresh_ids(len(rows)), strict=True))
        ]
    )


def _of_the_set(value: Mapping[str, Any], rows: list[Row], key: str) -> str | None:
    """A text that a set, or its first detection for it, has under a key."""
    if value.get(key) is not None:
        return read_text(value, key)
    return read_text(rows[0], key, _place(0)) if rows and rows[0].get(key) is not None else None

"""The properties of detections: what each is called, and how to read it for many rows or for one.

Both readings go through the same function, so a list of values and the value of one row never differ. Points are
rounded to whole pixels in both: a centre within half a pixel of the edge of a zone may therefore fall on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from blocks.query.columns import Column, plain
from engine.values.detections import Detections

Floats = npt.NDArray[np.float64]
Read = Callable[[Detections, slice], Column | None]
"""The values of some rows; None where the set as a whole does not know the property."""

DetectionProperty = Literal[
    "confidence", "class_name", "class_id", "x_min", "x_max", "y_min", "y_max", "size", "center", "top_left",
    "top_right", "bottom_left", "bottom_right", "in_out", "path_deviation", "polygon", "time_in_zone", "tracker_id",
    "velocity", "speed", "smoothed_velocity", "smoothed_speed", "image_dimensions", "prediction_type",
    "keypoints_xy", "rect", "width", "height", "angle", "area_px", "area_converted",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One detection of a set, as a view."""

    detections: Detections
    index: int


def property_column(detections: Detections, name: DetectionProperty) -> Column | None:
    """One value a row; None when the set does not know the property. Numbers with a fraction come as an array."""
    return _reader(name)(detections, slice(None))


def property_of(row: Row, name: DetectionProperty) -> Any:
    """The value of one row; None when it is not known."""
    column = _reader(name)(row.detections, slice(row.index, row.index + 1))
    if column is None:
        return None
    return column[0] if isinstance(column, list) else float(column[0])


def boxes(detections: Detections, rows: slice = slice(None)) -> tuple[Floats, Floats, Floats, Floats]:
    """Left, top, right and bottom of the rows, in pixels."""
    x_min, y_min, x_max, y_max = detections.xyxy[rows].astype(np.float64).T
    return x_min, y_min, x_max, y_max


def _corner(number: int) -> Read:
    def read(detections: Detections, rows: slice) -> Floats:
        return detections.xyxy[rows, number].astype(np.float64)

    return read


def _size(detections: Detections, rows: slice) -> Floats:
    x_min, y_min, x_max, y_max = boxes(detections, rows)
    return (x_max - x_min) * (y_max - y_min)


def _anchor(across: float, down: float) -> Read:
    """A point of the box, as fractions of its width and height."""

    def read(detections: Detections, rows: slice) -> list[Any]:
        x_min, y_min, x_max, y_max = boxes(detections, rows)
        points = x_min + across * (x_max - x_min), y_min + down * (y_max - y_min)
        x, y = (np.rint(axis).astype(np.int64).tolist() for axis in points)
        return list(zip(x, y, strict=True))

    return read


def _tracker_id(detections: Detections, rows: slice) -> list[Any] | None:
    return None if detections.tracker_id is None else detections.tracker_id[rows].tolist()


def _image_dimensions(detections: Detections, rows: slice) -> list[Any]:
    return [(detections.frame.height, detections.frame.width)] * len(detections.xyxy[rows])


def _stored(name: str) -> Read:
    """A column that some block has added."""

    def read(detections: Detections, rows: slice) -> Column | None:
        column = detections.columns.get(name)
        if column is None:
            return None
        if column.dtype == object:
            return [plain(cell) for cell in column[rows]]
        if column.ndim == 1 and np.issubdtype(column.dtype, np.floating):
            return column[rows].astype(np.float64)
        values: list[Any] = column[rows].tolist()
        return values

    return read


def _side(name: str, axis: int) -> Read:
    """The side of the rotated box where a block has measured one, of the upright box elsewhere."""
    stored = _stored(name)

    def read(detections: Detections, rows: slice) -> Column | None:
        if name in detections.columns:
            return stored(detections, rows)
        corners = boxes(detections, rows)
        return corners[axis + 2] - corners[axis]

    return read


_COMPUTED: dict[str, Read] = {
    "confidence": lambda detections, rows: detections.confidence[rows].astype(np.float64),
    "class_name": lambda detections, rows: detections.class_name[rows].tolist(),
    "class_id": lambda detections, rows: detections.class_id[rows].tolist(),
    "x_min": _corner(0),
    "y_min": _corner(1),
    "x_max": _corner(2),
    "y_max": _corner(3),
    "size": _size,
    "center": _anchor(0.5, 0.5),
    "top_left": _anchor(0, 0),
    "top_right": _anchor(1, 0),
    "bottom_left": _anchor(0, 1),
    "bottom_right": _anchor(1, 1),
    "tracker_id": _tracker_id,
    "image_dimensions": _image_dimensions,
    "prediction_type": lambda detections, rows: [detections.prediction_type] * len(detections.xyxy[rows]),
    "width": _side("width", 0),
    "height": _side("height", 1),
}


def _reader(name: DetectionProperty) -> Read:
    """How to read a property; one that is not computed is a column that some block has added."""
    return _COMPUTED.get(name) or _stored(name)

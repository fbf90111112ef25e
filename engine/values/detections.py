"""What was found in one picture: boxes with their columns, and the frame that they were found in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import RuntimeInputError
from engine.values.frame import Frame

MAX_PIXELS = 400_000_000
"""Of the picture that detections were found in, and of all their masks together, which take one byte for each."""

Boxes = npt.NDArray[np.float32]
Rows = npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_] | slice | Sequence[int]
Strings = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """A set of detections; never changed after it was made. N may be 0, and then the frame is still known.

    Attributes:
        frame: the picture that the coordinates refer to.
        xyxy: N x 4 float32, left, top, right, bottom in pixels of the frame.
        confidence: N float32, 0..1.
        class_id: N int64.
        class_name: N strings.
        detection_id: N strings, each unlike any other.
        prediction_type: the sort of model that they come from, such as `object-detection`.
        inference_id: the run of the model that they come from.
        mask: N x height x width of booleans over the frame, or None.
        tracker_id: N int64, or None.
        parent_id: N strings where the parents of the rows differ from the frame; None where all are the frame's.
        columns: more columns of N rows each, under the names that they have on the wire.
    """

    frame: Frame
    xyxy: Boxes
    confidence: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int64]
    class_name: Strings
    detection_id: Strings
    prediction_type: str = "object-detection"
    inference_id: str | None = None
    mask: npt.NDArray[np.bool_] | None = None
    tracker_id: npt.NDArray[np.int64] | None = None
    parent_id: Strings | None = None
    columns: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.xyxy)

    @classmethod
    def empty(
        cls, frame: Frame, prediction_type: str = "object-detection", inference_id: str | None = None
    ) -> Detections:
        """Nothing found in `frame`."""
        return cls(
            frame,
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.int64),
            strings(()),
            strings(()),
            prediction_type,
            inference_id,
        )

    def select(self, rows: Rows) -> Detections:
        """The rows that `rows` names (indices, a mask or a slice), in that order."""
        rows = rows if isinstance(rows, slice) else np.asarray(rows, dtype=None if len(rows) else np.intp)
        return replace(
            self,
            xyxy=self.xyxy[rows],
            confidence=self.confidence[rows],
            class_id=self.class_id[rows],
            class_name=self.class_name[rows],
            detection_id=self.detection_id[rows],
            mask=None if self.mask is None else self.mask[rows],
            tracker_id=None if self.tracker_id is None else self.tracker_id[rows],
            parent_id=None if self.parent_id is None else self.parent_id[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
        )

    def moved(self, frame: Frame, x: float, y: float) -> Detections:
        """Shifted by (x, y) pixels and said to lie in `frame`; parts of masks that fall outside of it are lost.

        In another frame than before, that is the parent of all rows. RuntimeInputError when the masks get too large.
        """
        return replace(
            self,
            frame=frame,
            parent_id=self.parent_id if frame == self.frame else None,
            xyxy=self.xyxy + np.array([x, y, x, y], np.float32),
            mask=None if self.mask is None else _moved_mask(self.mask, frame, round(x), round(y)),
            columns={name: _moved_column(name, column, x, y) for name, column in self.columns.items()},
        )

    def in_root(self) -> Detections:
        """In the coordinates of the picture from outside that their frame was cut out of, perhaps by way of others."""
        root = self.frame.root
        if root is None:
            return self
        return self.moved(self.frame.outermost(), root.x, root.y)


POINT_COLUMNS = ("keypoints_xy", "polygon", "rect")
"""Columns that hold points, which move with the frame."""


def strings(values: Sequence[str]) -> Strings:
    """A column of strings."""
    return np.array(values, dtype=object)


def objects(values: Sequence[Any]) -> npt.NDArray[np.object_]:
    """A column of any values; of lists, too, and arrays of different lengths."""
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def fresh_ids(count: int) -> Strings:
    """So many names for new detections, each a random UUID of version 4; three times as fast as calls of `uuid4()`."""
    noise = os.urandom(16 * count).hex()
    return strings([_uuid(noise[start : start + 32]) for start in range(0, len(noise), 32)])


def fresh_id() -> str:
    """One name for something new, a random UUID of version 4."""
    return _uuid(os.urandom(16).hex())


def _uuid(noise: str) -> str:
    """The UUID of 32 random hexadecimal digits, two of which say its version and its variant."""
    variant = "89ab"[int(noise[16], 16) & 3]
    return f"{noise[:8]}-{noise[8:12]}-4{noise[13:16]}-{variant}{noise[17:20]}-{noise[20:]}"


def refuse_large(masks: int, frame: Frame) -> None:
    """Raise RuntimeInputError when so many masks over a frame take more room than all masks of a set may."""
    if masks * frame.width * frame.height > MAX_PIXELS:
        raise RuntimeInputError(
            f"{masks} masks over a picture of {frame.width} x {frame.height} pixels are too large together; "
            f"{MAX_PIXELS} pixels are the limit.",
            hint="Ask the model for less, or give it smaller pictures.",
        )


def _moved_mask(mask: npt.NDArray[np.bool_], frame: Frame, x: int, y: int) -> npt.NDArray[np.bool_]:
    """Masks laid on an empty canvas of the size of `frame`, shifted by (x, y); what falls outside is lost."""
    count, height, width = mask.shape
    refuse_large(count, frame)
    canvas = np.zeros((count, frame.height, frame.width), dtype=bool)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, frame.width), min(y + height, frame.height)
    if right > left and bottom > top:
        canvas[:, top:bottom, left:right] = mask[:, top - y : bottom - y, left - x : right - x]
    return canvas


def _moved_column(name: str, column: npt.NDArray[Any], x: float, y: float) -> npt.NDArray[Any]:
    if name not in POINT_COLUMNS:
        return column
    if column.dtype != object:
        moved: npt.NDArray[Any] = column + np.array([x, y], column.dtype if column.dtype.kind == "f" else None)
        return moved
    return objects(
        [None if points is None else np.asarray(points).reshape(-1, 2) + np.array([x, y]) for points in column]
    )

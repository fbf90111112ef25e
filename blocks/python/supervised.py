"""Detections as the code of a Python block sees them: `supervision.Detections` with the columns of today's servers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from blocks.python.ancestry import Parts, read_frame
from blocks.python.facade import Frames
from engine.values.frame import Frame, Origin

SIZE = "image_dimensions"
FRAME_COLUMNS = frozenset(
    {
        "parent_id",
        "parent_coordinates",
        "parent_dimensions",
        "root_parent_id",
        "root_parent_coordinates",
        "root_parent_dimensions",
        SIZE,
        "scaling_relative_to_parent",
        "scaling_relative_to_root_parent",
    }
)
"""Columns that say in every row what our detections say once."""

OWN_COLUMNS = FRAME_COLUMNS | {"class_name", "detection_id", "prediction_type", "inference_id"}
DEFAULT_TYPE = "object-detection"

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Source:
    """What detections are that have no rows to say it."""

    frame: Frame
    prediction_type: str


class Sourced(np.ndarray[Any, Any]):
    """A column that knows, also when no row is left, which set it was cut out of.

    The metadata of supervision would be a plainer place, but sets of which only one has them cannot be merged.
    """

    source: Source | None

    def __array_finalize__(self, above: Any) -> None:
        self.source = getattr(above, "source", None)


def read_detections(parts: Parts, frames: Frames) -> Any:
    """A set of detections that the server sent, as `supervision.Detections`."""
    import supervision  # noqa: PLC0415 - takes a second, and many blocks see no detections

    frame, count = read_frame(parts["frame"]), len(parts["xyxy"])
    frames.seen.append(frame)
    frames.prediction_type = frames.prediction_type or parts["prediction_type"]
    own = parts["parent_id"]
    texts = {
        "class_name": parts["class_name"].tolist(),
        "detection_id": parts["detection_id"].tolist(),
        "parent_id": [frame.id] * count if own is None else own.tolist(),
        "root_parent_id": [_root(frame).id] * count,
        "prediction_type": [parts["prediction_type"]] * count,
    }
    if parts["inference_id"] is not None:
        texts["inference_id"] = [parts["inference_id"]] * count
    data = {name: np.array(values, dtype=str) for name, values in texts.items()}
    data |= {name: _repeated(pair, count) for name, pair in _places(frame).items()}
    data |= dict.fromkeys(("scaling_relative_to_parent", "scaling_relative_to_root_parent"), np.ones(count))
    sourced = data[SIZE].view(Sourced)
    sourced.source = Source(frame, parts["prediction_type"])
    return supervision.Detections(
        xyxy=parts["xyxy"],
        confidence=parts["confidence"],
        class_id=parts["class_id"],
        mask=parts["mask"],
        tracker_id=parts["tracker_id"],
        data={**data, SIZE: sourced, **parts["columns"]},
    )


def write_detections(detections: Any, frames: Frames) -> Parts:
    """A set of detections on its way to the server; ValueError when its columns do not fit its rows."""
    count = len(detections)
    columns = {str(name): _column(name, column, count) for name, column in detections.data.items()}
    source: Source | None = getattr(columns.get(SIZE), "source", None)
    frame = _frame(columns, source, frames) or _around(detections)
    kept_type = source.prediction_type if source else frames.prediction_type
    parents = columns.get("parent_id")
    return {
        "frame": asdict(frame),
        "xyxy": detections.xyxy,
        "confidence": detections.confidence,
        "class_id": detections.class_id,
        "class_name": _texts(columns.get("class_name")),
        "detection_id": _texts(columns.get("detection_id")),
        "prediction_type": _first(columns, "prediction_type") or (None if count else kept_type) or DEFAULT_TYPE,
        "inference_id": _first(columns, "inference_id"),
        "mask": None if detections.mask is None else np.asarray(detections.mask, bool),
        "tracker_id": detections.tracker_id,
        "parent_id": None if parents is None or np.all(parents == frame.id) else _texts(parents),
        "columns": {name: column for name, column in columns.items() if name not in OWN_COLUMNS},
    }


def _whole(frame: Frame) -> Origin:
    return Origin(frame.id, 0, 0, frame.width, frame.height)


def _root(frame: Frame) -> Origin:
    return frame.root or _whole(frame)


def _places(frame: Frame) -> dict[str, tuple[int, int]]:
    """The columns of pairs: places as x, y and sizes as height, width."""
    parent, root = frame.parent or _whole(frame), _root(frame)
    return {
        "parent_coordinates": (parent.x, parent.y),
        "parent_dimensions": (parent.height, parent.width),
        "root_parent_coordinates": (root.x, root.y),
        "root_parent_dimensions": (root.height, root.width),
        SIZE: (frame.height, frame.width),
    }


def _repeated(pair: tuple[int, int], count: int) -> npt.NDArray[np.int64]:
    return np.tile(np.array(pair, np.int64), (count, 1))


def _frame(columns: Columns, source: Source | None, frames: Frames) -> Frame | None:
    """The frame that the first row says; without rows or places, that of the set it was cut out of, or of the call."""
    first = source.frame if source else next(iter(frames.seen), None)
    if not columns.keys() >= {"parent_id", SIZE} or not len(columns[SIZE]):
        return first
    name = str(columns["parent_id"][0])
    if source and _says(columns, source.frame):
        return source.frame
    # Rows may call their parents otherwise than their picture, which then is the one at the same place.
    for frame in sorted(frames.seen, key=lambda frame: frame.id != name):
        if _says(columns, frame) and (frame.id == name or columns.keys() >= FRAME_COLUMNS):
            return frame
    return _said(columns, name)


def _says(columns: Columns, frame: Frame) -> bool:
    """Whether the first row says nothing else of its picture than what a frame is."""
    told: dict[str, Any] = {**_places(frame), "root_parent_id": _root(frame).id}
    return all(np.array_equal(columns[name][0], value) for name, value in told.items() if name in columns)


def _said(columns: Columns, name: str) -> Frame:
    """A frame from nothing but what the first row says."""
    height, width = (int(size) for size in columns[SIZE][0])
    if not columns.keys() >= FRAME_COLUMNS:
        return Frame(name, width, height)
    above = str(columns["root_parent_id"][0])
    if above == name:
        return Frame(name, width, height)
    return Frame(name, width, height, _origin(columns, "parent", above), _origin(columns, "root_parent", above))


def _origin(columns: Columns, side: str, name: str) -> Origin:
    """The place that the first row says; of the parent, the name of the picture from outside has to do."""
    x, y = columns[f"{side}_coordinates"][0]
    height, width = columns[f"{side}_dimensions"][0]
    return Origin(name, int(x), int(y), int(width), int(height))


def _around(detections: Any) -> Frame:
    """A frame without a name, as large as the masks; without these, one that holds all boxes."""
    if detections.mask is not None:
        height, width = detections.mask.shape[1:]
        return Frame("", width, height)
    xyxy: npt.NDArray[Any] = detections.xyxy
    return Frame("", int(np.ceil(xyxy[:, 2].max(initial=0))), int(np.ceil(xyxy[:, 3].max(initial=0))))


def _column(name: Any, column: Any, count: int) -> npt.NDArray[Any]:
    """A column as an array with a value a row; what is ragged becomes an array of any values."""
    if isinstance(column, np.ndarray):
        found = column
    else:
        found = np.empty(len(column), object)
        for row, value in enumerate(column):
            found[row] = value
    if len(found) != count:
        raise ValueError(f"the column {name!r} of detections has {len(found)} values for {count} rows")
    return found


def _first(columns: Columns, name: str) -> str | None:
    """What the first row says; None where there is no row, or no such column."""
    column = columns.get(name)
    return None if column is None or not len(column) else str(column[0])


def _texts(column: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    return None if column is None else np.array([str(value) for value in column.tolist()] or [], dtype=object)

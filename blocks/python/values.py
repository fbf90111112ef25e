"""The server's side of what travels: pictures, detections and video moments as named values, and back, checked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from blocks.python.ancestry import Parts, read_frame, read_moment, read_origins, text
from engine.values.detections import POINT_COLUMNS, Detections, fresh_ids, objects, strings
from engine.values.frame import Frame, VideoMoment
from engine.values.image import Image
from engine.wire.bounds import LARGEST_WHOLE, MAX_COORDINATE
from engine.wire.read_masks import check_mask_pixels
from engine.wire.write_detections import KEYPOINT_PARTS, KEYPOINTS_XY

UNKNOWN_CLASS = "unknown"
MAX_COLUMNS = 256
EXACT = 2**53
"""Up to here floats have all whole numbers."""


def pack(value: Any) -> tuple[str, Parts] | None:
    """A value of this engine as named values."""
    if isinstance(value, Image):
        return "image", {**asdict(value.frame), "pixels": value.pixels, "moment": asdict(value.video)}
    if isinstance(value, Detections):
        return "detections", {
            "frame": asdict(value.frame),
            "xyxy": value.xyxy,
            "confidence": value.confidence,
            "class_id": value.class_id,
            "class_name": value.class_name,
            "detection_id": value.detection_id,
            "prediction_type": value.prediction_type,
            "inference_id": value.inference_id,
            "mask": value.mask,
            "tracker_id": value.tracker_id,
            "parent_id": value.parent_id,
            "columns": dict(value.columns),
        }
    if isinstance(value, VideoMoment):
        return "moment", asdict(value)
    return None


def unpack(name: str, parts: Parts) -> Any:
    """A value of this engine from what a worker sent; ValueError, TypeError or LookupError when it makes none."""
    match name:
        case "image":
            parent, root = read_origins(parts)
            moment = parts["moment"]
            video = None if moment is None else read_moment(moment)
            return Image(_pixels(parts["pixels"]), text(parts["id"]), parent=parent, root=root, video=video)
        case "detections":
            return _detections(parts)
        case "moment":
            return read_moment(parts)
    raise ValueError(f"a record {name!r}")


def _pixels(array: Any) -> npt.NDArray[np.uint8]:
    """A picture as this engine has them: grey becomes three channels, transparency is dropped."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim not in (2, 3) or not array.size:
        raise ValueError("a picture is an array of height x width x 3 bytes")
    channels = array if array.ndim == 3 else array[:, :, None]
    if channels.shape[2] == 1:
        return np.repeat(channels, 3, axis=2)
    if channels.shape[2] not in (3, 4):
        raise ValueError("a picture has 1, 3 or 4 channels")
    return np.ascontiguousarray(channels[:, :, :3])


def _detections(parts: Parts) -> Detections:
    frame = read_frame(parts["frame"])
    xyxy = _bounded(parts["xyxy"], "xyxy", MAX_COORDINATE)
    if xyxy.ndim != 2 or xyxy.shape[1] != 4:
        raise ValueError("xyxy is an array of N x 4 numbers")
    count = len(xyxy)
    mask, tracker_id, parent_id = parts["mask"], parts["tracker_id"], parts["parent_id"]
    return Detections(
        frame,
        xyxy.astype(np.float32),
        _confidence(parts["confidence"], count),
        np.zeros(count, np.int64) if parts["class_id"] is None else _whole(parts["class_id"], "class_id", count),
        _texts(parts["class_name"], strings([UNKNOWN_CLASS] * count)),
        _texts(parts["detection_id"], fresh_ids(count)),
        text(parts["prediction_type"]),
        None if parts["inference_id"] is None else text(parts["inference_id"]),
        None if mask is None else _masks(mask, count, frame),
        None if tracker_id is None else _whole(tracker_id, "tracker_id", count),
        None if parent_id is None else _texts(parent_id, strings([""] * count)),
        _columns(parts["columns"], count),
    )


def _bounded(column: Any, name: str, most: float) -> npt.NDArray[Any]:
    """Real numbers up to `most` to either side of 0, of which none is NaN."""
    if not isinstance(column, np.ndarray):
        raise TypeError(f"{name} is no array")
    numbers = np.asarray(column.tolist()) if column.dtype == object else column
    if numbers.size and (numbers.dtype.kind not in "biuf" or not np.all((-most <= numbers) & (numbers <= most))):
        raise ValueError(f"{name} holds what is no number from {-most:g} to {most:g}")
    return numbers


def _confidence(column: Any, count: int) -> npt.NDArray[np.float32]:
    if column is None:
        return np.ones(count, np.float32)
    largest = float(np.finfo(np.float32).max)
    return _bounded(_rows(column, count), "confidence", largest).astype(np.float32).reshape(count)


def _whole(column: Any, name: str, count: int) -> npt.NDArray[np.int64]:
    """A column of whole numbers of 64 bits; floats that are whole numbers are taken as far as they are exact."""
    numbers = _bounded(_rows(column, count), name, LARGEST_WHOLE)
    if numbers.dtype.kind == "f" and not np.all((numbers == np.rint(numbers)) & (np.abs(numbers) <= EXACT)):
        raise ValueError(f"{name} holds what is no whole number")
    return numbers.astype(np.int64).reshape(count)


def _texts(column: Any, default: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """A column of texts; `default` where there is none."""
    return default if column is None else strings([text(value) for value in _rows(column, len(default)).tolist()])


def _masks(mask: Any, count: int, frame: Frame) -> npt.NDArray[np.bool_]:
    masks = _rows(mask, count)
    if masks.dtype != np.bool_ or masks.shape[1:] != (frame.height, frame.width):
        raise ValueError(
            f"masks are an array of N x {frame.height} x {frame.width} booleans, as large as their picture"
        )
    if frame.root is not None:
        # Results are brought to the outermost picture, and the masks with them.
        check_mask_pixels(count, frame.root.width, frame.root.height)
    return masks


def _columns(columns: Any, count: int) -> dict[str, npt.NDArray[Any]]:
    if not isinstance(columns, dict):
        raise TypeError("the columns of detections are named")
    if len(columns) > MAX_COLUMNS:
        raise ValueError(f"more than {MAX_COLUMNS} columns of detections")
    found = {text(name): _rows(column, count) for name, column in columns.items()}
    found |= {name: _points(found[name], name) for name in POINT_COLUMNS if name in found}
    for name in KEYPOINT_PARTS.values():
        for points, part in zip(found.get(KEYPOINTS_XY, ()), found.get(name, ()), strict=False):
            if points is not None and part is not None and np.shape(part)[:1] != (len(points),):
                raise ValueError(f"a row of {name} has not one value for each of its {len(points)} keypoints")
    return found


def _points(column: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """A column of points: N x P x 2 numbers, or P x 2 in each row that is not None."""
    if column.dtype != object:
        return _pairs(column, name, 3)
    return objects([None if row is None else _pairs(np.asarray(row), name, 2) for row in column])


def _pairs(points: npt.NDArray[Any], name: str, axes: int) -> npt.NDArray[Any]:
    if not points.size:
        return points.reshape(*points.shape[: axes - 2], 0, 2)
    if points.ndim != axes or points.shape[-1] != 2:
        raise ValueError(f"{name} holds what are no points [x, y]")
    return _bounded(points, name, MAX_COORDINATE)


def _rows(column: Any, count: int) -> npt.NDArray[Any]:
    if not isinstance(column, np.ndarray) or column.ndim == 0 or len(column) != count:
        raise ValueError(f"a column of detections has one value for each of {count} rows")
    return column

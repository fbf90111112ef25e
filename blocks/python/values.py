"""The server's side of what travels: pictures, detections and video moments as named values, and back, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from blocks.python.ancestry import (
    Parts,
    read_frame,
    read_moment,
    read_origins,
    text,
    write_frame,
    write_moment,
    write_origin,
)
from engine.values.detections import Detections, fresh_ids, strings
from engine.values.frame import VideoMoment
from engine.values.image import Image

UNKNOWN_CLASS = "unknown"
MAX_COLUMNS = 256


def pack(value: Any) -> tuple[str, Parts] | None:
    """A value of this engine as named values."""
    if isinstance(value, Image):
        return "image", {
            "id": value.id,
            "pixels": value.pixels,
            "parent": write_origin(value.parent),
            "root": write_origin(value.root),
            "moment": write_moment(value.video),
        }
    if isinstance(value, Detections):
        return "detections", {
            "frame": write_frame(value.frame),
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
        return "moment", write_moment(value)
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
    xyxy = np.asarray(parts["xyxy"], np.float32)
    if xyxy.ndim != 2 or xyxy.shape[1] != 4:
        raise ValueError("xyxy is an array of N x 4 numbers")
    if not np.isfinite(xyxy).all():
        raise ValueError("xyxy holds numbers that are not finite")
    count = len(xyxy)
    mask, tracker_id, parent_id = parts["mask"], parts["tracker_id"], parts["parent_id"]
    if not isinstance(parts["columns"], dict):
        raise TypeError("the columns of detections are named")
    columns = {text(name): _rows(column, count) for name, column in parts["columns"].items()}
    if len(columns) > MAX_COLUMNS:
        raise ValueError(f"more than {MAX_COLUMNS} columns of detections")
    return Detections(
        read_frame(parts["frame"]),
        xyxy,
        _numbers(parts["confidence"], np.ones(count, np.float32)),
        _numbers(parts["class_id"], np.zeros(count, np.int64)),
        _texts(parts["class_name"], strings([UNKNOWN_CLASS] * count)),
        _texts(parts["detection_id"], fresh_ids(count)),
        text(parts["prediction_type"]),
        None if parts["inference_id"] is None else text(parts["inference_id"]),
        None if mask is None else _masks(mask, count),
        None if tracker_id is None else _numbers(tracker_id, np.zeros(count, np.int64)),
        None if parent_id is None else _texts(parent_id, strings([""] * count)),
        columns,
    )


def _numbers(column: Any, default: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A column of numbers of the type of `default`, which stands where there is none."""
    return default if column is None else _rows(column, len(default)).astype(default.dtype).reshape(len(default))


def _texts(column: Any, default: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """A column of texts; `default` where there is none."""
    return default if column is None else strings([text(value) for value in _rows(column, len(default)).tolist()])


def _masks(mask: Any, count: int) -> npt.NDArray[np.bool_]:
    masks = _rows(mask, count)
    if masks.dtype != np.bool_ or masks.ndim != 3:
        raise ValueError("masks are an array of N x height x width booleans")
    return masks


def _rows(column: Any, count: int) -> npt.NDArray[Any]:
    if not isinstance(column, np.ndarray) or column.ndim == 0 or len(column) != count:
        raise ValueError(f"a column of detections has one value for each of {count} rows")
    return column

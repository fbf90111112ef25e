"""Comparing what a run returned with what was recorded, apart from what no two runs have in common."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.write_detections import encode_detections
from engine.wire.write_frame import encode_moment
from tests.conformance.corpus import CORPUS

TOLERANCE = 1e-3
DRAWING_TOLERANCE = 4.0
"""The largest mean difference of two pictures, in steps of 0..255."""

IGNORED = {"detection_id", "inference_id", "parent_id", "root_parent_id", "frame_timestamp"}
"""Keys of dicts whose values are new in every run; those of pictures are compared where they are no uuids."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?")
MARKS = ("__image__", "__workflow_image__", "__ndarray__", "__detections__", "__datetime__", "__video_metadata__")

Array = npt.NDArray[Any]


def decoded(value: Any) -> Any:
    """An input as a caller would give it."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "__image__" in value or "__ndarray__" in value:
        return array(value)
    if "__workflow_image__" in value:
        return Image(array(value["__workflow_image__"]), value["parent_id"])
    for mark in ("__detections__", "__video_metadata__"):
        if mark in value:
            return value[mark]
    if "__datetime__" in value:
        return datetime.fromisoformat(value["__datetime__"])
    return {key: decoded(item) for key, item in value.items()}


def array(value: dict[str, Any]) -> Array:
    """A recorded array; black where only its shape was recorded."""
    if "__image__" in value:
        found = cv2.imread(str(CORPUS / "images" / value["__image__"]), cv2.IMREAD_UNCHANGED)
        if found is None:
            raise FileNotFoundError(value["__image__"])
        return found
    if value["__ndarray__"] == "big":
        return np.zeros(value["shape"], np.uint8)
    return np.array(value["__ndarray__"], dtype=value.get("dtype", "uint8"))


def difference(expected: Any, got: Any, place: str = "") -> str | None:
    """The first difference in words; None where there is none."""
    if isinstance(expected, dict) and any(mark in expected for mark in MARKS):
        return _marked(expected, got, place)
    if isinstance(expected, dict):
        return _dicts(expected, got, place)
    if isinstance(expected, list):
        return _lists(expected, got, place)
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        number = isinstance(got, int | float | np.number) and not isinstance(got, bool)
        return None if number and abs(float(got) - expected) <= TOLERANCE else _differ(expected, got, place)
    if isinstance(expected, str):
        return None if isinstance(got, str) and _plain(expected) == _plain(got) else _differ(expected, got, place)
    return None if type(expected) is type(got) and expected == got else _differ(expected, got, place)


def _marked(expected: dict[str, Any], got: Any, place: str) -> str | None:
    """A value that was recorded in a form of its own."""
    if "__datetime__" in expected:
        return None if isinstance(got, datetime) else _differ(expected, got, place)
    if "__video_metadata__" in expected:
        if not isinstance(got, VideoMoment):
            return _differ(expected, got, place)
        return _dicts(expected["__video_metadata__"], encode_moment(got), place)
    if "__detections__" in expected:
        return _detections(expected["__detections__"], got, place)
    if "__workflow_image__" in expected:
        if not isinstance(got, Image):
            return _differ(expected, got, place)
        names = difference(expected["parent_id"], got.id, f"{place}.parent_id")
        return names or _pixels(expected["__workflow_image__"], got.pixels, place)
    return _pixels(expected, got.pixels if isinstance(got, Image) else got, place)


def _detections(expected: Any, got: Any, place: str) -> str | None:
    """Detections by their form on the wire; the size of a picture without detections was not recorded."""
    if not isinstance(got, Detections):
        return _differ(expected, got, place)
    if not isinstance(expected, dict):
        return None
    ours = encode_detections(got)
    if expected["image"]["width"] is None:
        ours["image"] = expected["image"]
    return _dicts(expected, ours, place)


def _pixels(expected: dict[str, Any], got: Any, place: str) -> str | None:
    """Pictures by their size and mean difference; one grey channel is the same as three equal ones."""
    wanted = array(expected)
    if not isinstance(got, np.ndarray):
        return _differ(f"array {wanted.shape}", got, place)
    if wanted.ndim == 2 and got.ndim == 3:
        wanted = np.repeat(wanted[:, :, None], got.shape[2], axis=2)
    if wanted.shape != got.shape and wanted.tobytes() == got.tobytes():
        return None  # the corpus keeps one file for pictures of the same bytes, whatever their shape
    if wanted.shape != got.shape:
        return f"{place}: expected the shape {wanted.shape}, got {got.shape}"
    if expected.get("__ndarray__") == "big" or not wanted.size:
        return None
    mean = float(np.abs(wanted.astype(float) - got.astype(float)).mean())
    return None if mean <= DRAWING_TOLERANCE else f"{place}: pixels differ by {mean:.2f} in the mean"


def _dicts(expected: dict[str, Any], got: Any, place: str) -> str | None:
    if not isinstance(got, dict):
        return _differ(expected, got, place)
    if set(expected) - IGNORED != {str(key) for key in got} - IGNORED:
        return f"{place}: expected the keys {sorted(expected)}, got {sorted(map(str, got))}"
    jpeg = expected.get("type") == "base64"
    for key, value in got.items():
        name = str(key)
        if name not in IGNORED and not (jpeg and name == "value"):
            found = difference(expected[name], value, f"{place}.{name}")
            if found:
                return found
    return None


def _lists(expected: list[Any], got: Any, place: str) -> str | None:
    if not isinstance(got, list | tuple | np.ndarray):
        return _differ(expected, got, place)
    if len(expected) != len(got):
        return f"{place}: expected {len(expected)} elements, got {len(got)}"
    for index, (wanted, value) in enumerate(zip(expected, got, strict=True)):
        found = difference(wanted, value, f"{place}[{index}]")
        if found:
            return found
    return None


def _plain(text: str) -> str:
    """A text without uuids and clock times."""
    return _TIME.sub("<time>", _UUID.sub("<uuid>", text))


def _differ(expected: Any, got: Any, place: str) -> str:
    return f"{place}: expected {str(expected)[:120]}, got {str(got)[:120]}"

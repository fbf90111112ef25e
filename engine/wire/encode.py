"""Any value as it travels in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import cv2
import numpy as np
from pybase64 import b64encode_as_string

from engine.errors import ExecutionEngineRuntimeError
from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.detections import encode_detections, encode_origin

JPEG_QUALITY = 95
SHORTEST_SHOWN_SECRET = 8


def encode(value: Any, kinds: tuple[str, ...]) -> Any:
    """A value in a form that JSON can take.

    Args:
        kinds: what it is declared to be; a secret is told from other text only by that.
    """
    if "secret" in kinds and isinstance(value, str):
        return mask_secret(value)
    return _encode(value)


def _encode(value: Any) -> Any:
    if isinstance(value, Image):
        return encode_image(value)
    if isinstance(value, Detections):
        return encode_detections(value)
    if isinstance(value, dict):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_encode(item) for item in value]
    if isinstance(value, VideoMoment):
        return encode_moment(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode_as_string(value)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def encode_image(image: Image) -> dict[str, Any]:
    """A picture as base64 with its place in a video and, for a crop, its ancestry.

    One that came from outside and was not changed goes out as the very bytes that came in; others become JPEG.
    """
    encoded = {
        "type": "base64",
        "value": b64encode_as_string(image.encoded or encode_jpeg(image)),
        "video_metadata": encode_moment(image.video),
    }
    if image.parent is not None and image.root is not None:
        encoded |= {
            "parent_id": image.id,
            "parent_origin": encode_origin(image.parent),
            "root_parent_id": image.root.id,
            "root_parent_origin": encode_origin(image.root),
        }
    return encoded


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """The bytes of a JPEG file; ExecutionEngineRuntimeError for a picture that has no pixels or too many."""
    try:
        done, data = cv2.imencode(".jpg", image.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error:
        done = False
    if not done:
        raise ExecutionEngineRuntimeError(
            f"A picture of {image.width} x {image.height} pixels cannot be written as a JPEG."
        )
    return data.tobytes()


def encode_moment(moment: VideoMoment) -> dict[str, Any]:
    """Which frame of which video, as it travels."""
    return {
        "video_identifier": moment.source,
        "frame_number": moment.number,
        "frame_timestamp": moment.time.isoformat(),
        "fps": moment.fps,
        "measured_fps": moment.measured_fps,
        "comes_from_video_file": moment.from_file,
    }


def mask_secret(text: str) -> str:
    """A secret as it may be shown: the first and last two characters, or nothing of a short one."""
    return "*" * 8 if len(text) < SHORTEST_SHOWN_SECRET else f"{text[:2]}{'*' * 8}{text[-2:]}"

"""Any value as it travels in JSON."""

from __future__ import annotations

from typing import Any

import cv2
from pybase64 import b64encode_as_string

from engine.errors import ExecutionEngineRuntimeError
from engine.kinds import INSTANCES, KEYPOINTS, OBJECTS, RLE_INSTANCES
from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.detections import encode_detections, encode_origin
from engine.wire.plain import plain

JPEG_QUALITY = 95
POLYGON_KINDS = frozenset({OBJECTS, INSTANCES, KEYPOINTS, "qr_code_detection", "bar_code_detection"})
RLE_KINDS = frozenset({RLE_INSTANCES, "semantic_segmentation_prediction"})
SHORTEST_SHOWN_SECRET = 8


def encode(value: Any, kinds: tuple[str, ...]) -> Any:
    """A value in a form that JSON can take.

    Args:
        kinds: what it is declared to be. A secret is told from other text only by that; of the kinds of detections the
            first one says how masks travel.

    Raises:
        ExecutionEngineRuntimeError: it is nested too deeply, or holds a picture that cannot be written.
    """
    if "secret" in kinds:
        return _masked(plain(value, _leaf))
    form = next((kind for kind in kinds if kind in POLYGON_KINDS or kind in RLE_KINDS), None)
    return plain(value, _leaf_with_rle if form in RLE_KINDS else _leaf)


def _leaf(value: Any) -> Any:
    """What only this engine has; anything else is left to the JSON writer."""
    if isinstance(value, Image):
        return encode_image(value)
    if isinstance(value, Detections):
        return encode_detections(value)
    if isinstance(value, VideoMoment):
        return encode_moment(value)
    return value


def _leaf_with_rle(value: Any) -> Any:
    return encode_detections(value, rle=True) if isinstance(value, Detections) else _leaf(value)


def _masked(value: Any) -> Any:
    """A secret in a form for JSON, with every text and number in it masked."""
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value if value is None or isinstance(value, bool) else mask_secret(str(value))


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
        "fps": plain(moment.fps),
        "measured_fps": plain(moment.measured_fps),
        "comes_from_video_file": moment.from_file,
    }


def mask_secret(text: str) -> str:
    """A secret as it may be shown: the first and last two characters, or nothing of a short one."""
    return "*" * 8 if len(text) < SHORTEST_SHOWN_SECRET else f"{text[:2]}{'*' * 8}{text[-2:]}"

"""Any value as it travels in JSON."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
from pybase64 import b64encode_as_string

from engine.errors import RuntimeInputError
from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.detection_kinds import DETECTION_KINDS
from engine.wire.plain import plain
from engine.wire.write_detections import encode_detections
from engine.wire.write_frame import encode_ancestry, encode_moment

JPEG_QUALITY = 95
MAX_JPEG_SIDE = 65_500
"""Pixels that OpenCV writes."""
SHORTEST_SHOWN_SECRET = 8


def encode(value: Any, kinds: tuple[str, ...]) -> Any:
    """A value in a form that JSON can take.

    Args:
        kinds: what it is declared to be. A secret is told from other text only by that; of the kinds of detections the
            first one says how masks travel.

    Raises:
        ExecutionEngineRuntimeError: it is nested too deeply.
        RuntimeInputError: it holds a picture that cannot be written.
    """
    if "secret" in kinds:
        return _hidden(plain(value, _leaf))
    form = next((DETECTION_KINDS[kind] for kind in kinds if kind in DETECTION_KINDS), None)
    return plain(value, partial(_leaf, rle=form is not None and form.rle))


def _leaf(value: Any, *, rle: bool = False) -> Any:
    """What only this engine has; anything else is left to the JSON writer."""
    if isinstance(value, Image):
        return encode_image(value)
    if isinstance(value, Detections):
        return encode_detections(value, rle=rle)
    if isinstance(value, VideoMoment):
        return encode_moment(value)
    return value


def _hidden(value: Any) -> Any:
    """A secret in a form for JSON, with every text and number in it hidden."""
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if value is None or isinstance(value, bool) else _hide(str(value))


def encode_image(image: Image) -> dict[str, Any]:
    """A picture as base64 with its place in a video and, for a crop, its ancestry.

    One that came from outside and was not changed goes out as the very bytes that came in; others become JPEG.
    """
    encoded = {
        "type": "base64",
        "value": b64encode_as_string(image.encoded or encode_jpeg(image)),
        "video_metadata": encode_moment(image.video),
    }
    ancestry = encode_ancestry(image.parent, image.root)
    return {**encoded, "parent_id": image.id, **ancestry} if ancestry else encoded


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """The bytes of a JPEG file; RuntimeInputError for a picture that is too long or has no pixels."""
    try:
        done, data = cv2.imencode(".jpg", image.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error:
        done = False
    if not done:
        raise RuntimeInputError(
            f"A picture of {image.width} x {image.height} pixels cannot be written as a JPEG.",
            hint=f"Its sides may be 1 to {MAX_JPEG_SIDE} pixels long; resize it.",
        )
    return data.tobytes()


def _hide(text: str) -> str:
    """A secret as it may be shown: the first and last two characters, or nothing of a short one."""
    return "*" * 8 if len(text) < SHORTEST_SHOWN_SECRET else f"{text[:2]}{'*' * 8}{text[-2:]}"

"""Operations on images."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pybase64 import b64encode_as_string

from blocks.query.operation import operation
from blocks.query.takes import IMAGE
from engine.values.image import Image
from engine.wire.encode import JPEG_QUALITY, encode_jpeg


@operation("ExtractImageProperty", IMAGE, gives=("integer", "float"))
def image_property(image: Image, property_name: Literal["size", "height", "width", "aspect_ratio"]) -> float:
    """Take the number of pixels of an image, its height or width in pixels, or its width divided by its height."""
    if property_name == "size":
        return image.height * image.width
    if property_name == "aspect_ratio":
        return image.width / image.height
    return image.height if property_name == "height" else image.width


@operation("ExtractFrameMetadata", IMAGE, gives=("integer", "float", "timestamp"))
def frame_metadata(
    image: Image, property_name: Literal["frame_number", "frame_timestamp", "seconds_since_start"]
) -> int | float | datetime:
    """Take the number of a video frame, the moment when it was taken, or its seconds since the first frame."""
    video = image.video
    if property_name == "frame_number":
        return video.number
    if property_name == "frame_timestamp":
        return video.time
    if not video.fps:
        raise ValueError("nobody knows how many frames a second the video has")
    return (video.number - 1) / video.fps


@operation("ConvertImageToJPEG", IMAGE, gives=("bytes",))
def to_jpeg(image: Image, compression_level: Annotated[int, Ge(0), Le(100)] = JPEG_QUALITY) -> bytes:
    """Encode an image as JPEG, at a quality from 0 to 100."""
    return encode_jpeg(image, compression_level)


@operation("ConvertImageToBase64", IMAGE, gives=("string",))
def to_base64(image: Image) -> str:
    """Encode an image as JPEG, written in base64."""
    return b64encode_as_string(encode_jpeg(image))

"""From the bytes of a picture file to pixels, within limits."""

from __future__ import annotations

import cv2
import numpy as np

from engine.errors import ImageTooLargeError, InputImageLoadError
from engine.guard.headers import FORMATS, PNG_MAGIC, Size, measure, png_chunks
from engine.guard.limits import Limits
from engine.values.image import Pixels

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong with a file is the caller's to know

PNG_PARTS = (b"IHDR", b"PLTE", b"IDAT", b"eXIf", b"IEND")
"""The chunks that pixels need. Texts, profiles and frames of tiny files make OpenCV take gigabytes, or crash."""


def check_picture(data: bytes, limits: Limits) -> Size:
    """Refuse bytes that are no picture or too large a one, without decoding it.

    That takes microseconds, and for a JPEG file, which is searched for its end, about 0.4 milliseconds per megabyte.

    Returns:
        Width and height, as `measure` says them.

    Raises:
        InputImageLoadError: the file is empty, in no format that we read, or broken off.
        ImageTooLargeError: the file is beyond the limits, or made to be expensive.
    """
    check_size(len(data), limits)
    width, height = measure(data)
    check_area(width, height, limits)
    return width, height


def check_size(size: int, limits: Limits) -> None:
    """Refuse an empty file (InputImageLoadError), and one of more bytes than the limit (ImageTooLargeError)."""
    if not size:
        raise InputImageLoadError("The image is empty.", hint=f"Send the content of a {FORMATS} file.")
    if size > limits.max_image_bytes:
        raise ImageTooLargeError(
            f"The image has {size} bytes and the limit is {limits.max_image_bytes}.",
            hint="Compress it or scale it down.",
        )


def check_area(width: int, height: int, limits: Limits) -> None:
    """Refuse a picture without pixels (InputImageLoadError) or with more than the limit (ImageTooLargeError)."""
    if not width or not height:
        raise InputImageLoadError(f"The image has no pixels: it is {width} x {height}.")
    if width * height > limits.max_image_pixels:
        raise ImageTooLargeError(
            f"The image has {width} x {height} pixels and the limit is {limits.max_image_pixels} in all.",
            hint="Scale it down.",
        )


def decode(data: bytes) -> Pixels:
    """The picture as height x width x 3 bytes in blue, green, red order, turned as its EXIF data says.

    Grey becomes three equal channels, 16 bits are scaled to 8, transparency is dropped, CMYK is converted without its
    colour profile. Of an animation or a file of several pages, the first picture is decoded.

    Args:
        data: bytes that `check_picture` has passed.

    Raises:
        InputImageLoadError: the content is damaged.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(_first_picture(data), np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InputImageLoadError(
            "The image cannot be decoded: its content is damaged, or of a kind that few programs write.",
            hint="Open it elsewhere, save it as JPEG or PNG with 8 bits per channel, and send that.",
        )
    return pixels.astype(np.uint8, copy=False)


def _first_picture(data: bytes) -> bytes:
    """A PNG file with nothing in it but its first picture; other files as they are."""
    if not data.startswith(PNG_MAGIC):
        return data
    view = memoryview(data)
    return PNG_MAGIC + b"".join(view[start:end] for name, start, end in png_chunks(data) if name in PNG_PARTS)

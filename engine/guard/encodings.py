"""Pictures in base64 and in .npy form."""

from __future__ import annotations

import re

import numpy as np
import pybase64

from engine.errors import ImageTooLargeError, InputImageLoadError, InvalidNumpyInput
from engine.guard.limits import Limits
from engine.guard.pixels import check_area
from engine.values.image import Pixels

NPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([^']{1,16})', "
    rb"'fortran_order': (True|False), 'shape': \(([\d, ]{0,64})\), \} *\n",
    re.DOTALL,
)
"""As numpy writes it for plain arrays. numpy's own reader evaluates it as Python and allocates what it announces."""
NPY_HINT = "Send what numpy.save writes for an array of uint8."


def from_base64(text: str, max_bytes: int) -> bytes:
    """The bytes behind base64 text.

    Tolerated: a `data:` prefix, whitespace, the URL-safe alphabet, missing padding.

    Raises:
        InputImageLoadError: it is no base64.
        ImageTooLargeError: it stands for more than `max_bytes`; found before any of it is decoded.
    """
    if text[:5].lower() == "data:":
        prefix, _, text = text.partition(",")
        if not prefix.lower().endswith(";base64"):
            raise InputImageLoadError("The data URL is not in base64.", hint="Write data:image/png;base64,...")
    breaks = len(text) // 32  # lines of 76 characters may end in two more
    if (len(text) - breaks) // 4 * 3 > max_bytes:
        raise ImageTooLargeError(
            f"The base64 text stands for more than {max_bytes} bytes.", hint="Send a smaller image."
        )
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return _from_untidy_base64(text)


def _from_untidy_base64(text: str) -> bytes:
    tidy = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return pybase64.b64decode(tidy + "=" * (-len(tidy) % 4), validate=True)
    except ValueError:
        raise InputImageLoadError(
            "The base64 text is malformed.", hint="Send the bytes of an image file in base64, and nothing else."
        ) from None


def from_npy(data: bytes, limits: Limits) -> Pixels:
    """The picture in a .npy file: height x width, or that x 1 or x 3 in blue, green, red order.

    Raises:
        InvalidNumpyInput: it is something else.
        ImageTooLargeError: it has more pixels than the limit.
    """
    header = NPY_HEADER.match(data)
    if header is None:
        raise InvalidNumpyInput("The bytes are not a plain array in .npy form; pickles are never read.", hint=NPY_HINT)
    dtype = header[1].decode("latin-1")
    if dtype not in ("|u1", "u1", "<u1"):
        raise InvalidNumpyInput(f"The array holds items of type {dtype!r}, not bytes.", hint=NPY_HINT)
    shape = tuple(int(side) for side in header[3].replace(b",", b" ").split())
    if len(shape) not in (2, 3):
        raise InvalidNumpyInput(f"The array has {len(shape)} dimensions; an image has 2 or 3.", hint=NPY_HINT)
    height, width, channels = (*shape, 1)[:3]
    if channels not in (1, 3):
        raise InvalidNumpyInput(f"The array has {channels} channels; an image has 1 or 3.", hint=NPY_HINT)
    check_area(width, height, limits)
    if len(data) - header.end() != height * width * channels:
        raise InvalidNumpyInput("The array has more or fewer bytes than its shape says.", hint=NPY_HINT)
    flat = np.frombuffer(data, np.uint8, offset=header.end())
    pixels = flat.reshape((height, width, channels), order="F" if header[2] == b"True" else "C")
    return np.ascontiguousarray(np.broadcast_to(pixels, (height, width, 3)))

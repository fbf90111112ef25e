"""What a picture file says about itself, read without decoding any pixel.

Decoders believe what a file announces: one of a few hundred bytes can make them allocate gigabytes, or compute for
minutes. So files that announce too much are found here, before a decoder sees them. Each reader goes over a file
at most once, in bounded time.

Formats: ITU T.81 (JPEG), W3C PNG 3, RFC 9649 (WebP), GIF89a, TIFF 6.0, Windows BITMAPINFOHEADER.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from struct import unpack_from

from engine.errors import ImageTooLargeError, InputImageLoadError

FORMATS = "JPEG, PNG, WebP, GIF, BMP or TIFF"

MAX_JPEG_SEGMENTS = 4096
MAX_JPEG_SCANS = 64
MAX_PNG_CHUNKS = 65_536

JPEG_MARKER = re.compile(rb"\xff([\x01-\xfe])")
"""Between segments decoders skip whatever is no marker."""
JPEG_MARKER_IN_SCAN = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
"""Within the coded data of a scan they also pass over restarts and markers that T.81 reserves."""
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that stand alone; a segment begins at each of the others, with its length."""
JPEG_END, JPEG_SCAN = 0xD9, 0xDA

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

TIFF_WIDTH, TIFF_HEIGHT, TIFF_TILE_WIDTH, TIFF_TILE_HEIGHT = 256, 257, 322, 323
TIFF_SHORT = 3
TIFF_ITEM_BYTES = (1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)
"""Bytes per item, by TIFF type; types beyond the last one occur in BigTIFF only, which we do not read."""

Size = tuple[int, int]
"""Width and height, in pixels."""


def measure(data: bytes) -> Size:
    """Width and height of the largest picture that decoding a file needs room for.

    This is the picture as stored, before its EXIF orientation is applied; for a tiled TIFF, at least a whole tile.

    Raises:
        InputImageLoadError: the file is in no format that we read, or breaks off.
        ImageTooLargeError: the file is made to cost far more than a picture of its size does.
    """
    for magic, read in READERS.items():
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError):
                raise _truncated() from None
    raise InputImageLoadError("The bytes are not an image.", hint=f"Send the content of a {FORMATS} file.")


def _jpeg(data: bytes) -> Size:
    """Walk over all segments up to the end of the picture, finding each marker where libjpeg finds it.

    The walk does not stop at the first scan: every further one makes a decoder go over the whole picture again, and
    comments may hold bytes that look like the end. A file without an end would come out grey from somewhere on. What
    follows the end, such as the film of a motion photo, is not read.
    """
    width = height = scans = 0
    at, pattern = 2, JPEG_MARKER
    for _ in range(MAX_JPEG_SEGMENTS):
        found = pattern.search(data, at)
        if found is None:
            raise _truncated()
        marker, at = found[1][0], found.end()
        if marker == JPEG_END:
            return width, height
        if marker in JPEG_BARE:
            continue
        pattern = JPEG_MARKER
        if marker == JPEG_SCAN:
            scans += 1
            pattern = JPEG_MARKER_IN_SCAN
        elif marker in JPEG_FRAMES and not scans:  # decoders make room for the picture when its first scan begins
            height, width = unpack_from(">HH", data, at + 3)
        if scans > MAX_JPEG_SCANS:
            raise _hostile("scans")
        at += data[at] << 8 | data[at + 1]
    raise _hostile("segments")


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG file: their names, and where each begins and ends in the file. Raises as `measure` does."""
    at = len(PNG_MAGIC)
    for _ in range(MAX_PNG_CHUNKS):
        length, name = unpack_from(">I4s", data, at)
        end = at + length + 12
        if end > len(data):
            raise _truncated()
        yield name, at, end
        if name == b"IEND":
            return
        at = end
    raise _hostile("chunks")


def _png(data: bytes) -> Size:
    names = [name for name, _, _ in png_chunks(data)]
    if names[0] != b"IHDR":
        raise InputImageLoadError("The image does not begin with its size, as a PNG does.", hint="Save it anew.")
    width, height = unpack_from(">II", data, 16)
    return width, height


def _riff(data: bytes) -> Size:
    """WebP: a lossy picture, a lossless one, or an extended file with a canvas."""
    size, form, chunk = unpack_from("<I4s4s", data, 4)
    if form != b"WEBP":
        raise InputImageLoadError("The bytes are a RIFF file but not an image.", hint=f"Send a {FORMATS} file.")
    if len(data) < size + 8:
        raise _truncated()
    if chunk == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if chunk == b"VP8L":
        (packed,) = unpack_from("<I", data, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _gif(data: bytes) -> Size:
    """The canvas, which is what decoders make room for."""
    width, height = unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> Size:
    """The size in either header: that of OS/2 has 12 bytes, and in others a negative height says that rows run down."""
    (header,) = unpack_from("<I", data, 14)
    width, height = unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return abs(width), abs(height)


def _tiff(data: bytes) -> Size:
    """The size in the first directory; an entry has a tag, an item type, how many items, and a value or its place."""
    order = "<" if data.startswith(b"II") else ">"
    (at,) = unpack_from(f"{order}I", data, 4)
    (count,) = unpack_from(f"{order}H", data, at)
    found: dict[int, int] = {}
    held = 0
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, item_type, items, value = unpack_from(f"{order}HHII", data, entry)
        held += items * TIFF_ITEM_BYTES[min(item_type, len(TIFF_ITEM_BYTES) - 1)]
        value = unpack_from(f"{order}H", data, entry + 8)[0] if item_type == TIFF_SHORT else value
        found[tag] = max(found.get(tag, 0), value)
    if held > len(data):  # many tags share the same bytes, and libtiff copies them for each
        raise _hostile("tags")
    width = max(found.get(TIFF_WIDTH, 0), found.get(TIFF_TILE_WIDTH, 0))
    return width, max(found.get(TIFF_HEIGHT, 0), found.get(TIFF_TILE_HEIGHT, 0))


def _truncated() -> InputImageLoadError:
    return InputImageLoadError("The image breaks off: its end is missing.", hint="Send the whole file.")


def _hostile(what: str) -> ImageTooLargeError:
    return ImageTooLargeError(f"The image has more {what} than any picture needs.", hint="Save it anew and send that.")


READERS: dict[bytes, Callable[[bytes], Size]] = {
    b"\xff\xd8\xff": _jpeg,
    PNG_MAGIC: _png,
    b"RIFF": _riff,
    b"GIF8": _gif,
    b"BM": _bmp,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
}
"""The reader of each format, by the bytes that its files begin with."""

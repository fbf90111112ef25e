"""What the first bytes of a picture file say about it, read without decoding anything.

Decoders believe these bytes: they allocate and compute what a file of a few hundred bytes announces. So this is where
files that announce too much are found. Each reader looks at no more than it needs, in bounded time.

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
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
JPEG_SCAN = 0xDA

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

TIFF_WIDTH, TIFF_HEIGHT, TIFF_TILE_WIDTH, TIFF_TILE_HEIGHT = 256, 257, 322, 323
TIFF_SHORT = 3
TIFF_ITEM_BYTES = (1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)
"""Bytes of an item of each TIFF type; larger types than the last do not occur before BigTIFF."""

Size = tuple[int, int]


def measure(data: bytes) -> Size:
    """Width and height, in pixels, of the largest picture that decoding a file needs room for.

    It is the picture as stored, before its EXIF orientation is applied; for a tiled TIFF, at least a whole tile.

    Raises:
        InputImageLoadError: no format that we read, or the file breaks off.
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
    width = height = components = 0
    progressive = False
    at = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        kind, at = _next_marker(data, at)
        if kind == JPEG_SCAN:
            _check_scans(data, at, alone=not progressive and data[at + 2] == components)
            return width, height
        if kind in JPEG_BARE:
            continue
        if kind in JPEG_FRAMES:
            height, width, components = unpack_from(">HHB", data, at + 3)
            progressive = kind in JPEG_PROGRESSIVE
        at += data[at] << 8 | data[at + 1]
    raise _hostile("segments")


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """The kind of the marker at or after a place, and where its segment begins."""
    if data[at] == 0xFF and 0 < data[at + 1] < 0xFF:  # as it should be; a search takes longer
        return data[at + 1], at + 2
    marker = JPEG_MARKER.search(data, at)
    if marker is None:
        raise _truncated()
    return marker[1][0], marker.end()


def _check_scans(data: bytes, at: int, alone: bool) -> None:
    """Refuse a JPEG without an end, which would come out grey from somewhere on, and one with a scan every few bytes.

    Coded data escapes 0xFF, so markers within it are what they seem. A motion photo goes on after its end, so the end
    is searched rather than expected.

    Args:
        at: where the header of the first scan begins.
        alone: whether decoders stop after this scan.
    """
    if data.rfind(b"\xff\xd9", at) < 0:
        raise _truncated()
    if not alone and data.count(b"\xff\xda", at, data.find(b"\xff\xd9", at)) >= MAX_JPEG_SCANS:
        raise _hostile("scans")


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG file: kind, and where the chunk begins and ends in the file. Raises as `measure` does."""
    at = len(PNG_MAGIC)
    for _ in range(MAX_PNG_CHUNKS):
        length, kind = unpack_from(">I4s", data, at)
        end = at + length + 12
        if end > len(data):
            raise _truncated()
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
    raise _hostile("chunks")


def _png(data: bytes) -> Size:
    kinds = [kind for kind, _, _ in png_chunks(data)]
    if kinds[0] != b"IHDR":
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
    width, height = unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> Size:
    """The height is negative when rows run from the top; headers of 12 bytes come from OS/2."""
    (header,) = unpack_from("<I", data, 14)
    width, height = unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return abs(width), abs(height)


def _tiff(data: bytes) -> Size:
    order = "<" if data.startswith(b"II") else ">"
    (at,) = unpack_from(f"{order}I", data, 4)
    (count,) = unpack_from(f"{order}H", data, at)
    found: dict[int, int] = {}
    held = 0
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, items, value = unpack_from(f"{order}HHII", data, entry)
        held += items * TIFF_ITEM_BYTES[min(kind, len(TIFF_ITEM_BYTES) - 1)]
        value = unpack_from(f"{order}H", data, entry + 8)[0] if kind == TIFF_SHORT else value
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
"""Who reads a file that begins with these bytes."""

"""Picture files, good and bad, made on the spot."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)
"""In blue, green, red order, as pixels are."""

WIDTH, HEIGHT = 24, 16

NO_END = b"\xff\xfe\x00\x04\xff\xd9"
"""A comment in a JPEG file that holds the bytes of its end."""
SMALL_FRAME = b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
"""The segment of a JPEG file that announces one grey pixel."""


def quarters(width: int = WIDTH, height: int = HEIGHT) -> npt.NDArray[np.uint8]:
    """A picture that looks different however it is turned: red, green, blue and black quarters."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    return pixels


def pillow(pixels: npt.NDArray[np.uint8]) -> Pillow.Image:
    """The same picture as Pillow holds it."""
    return Pillow.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))


def saved(picture: Pillow.Image, form: str, **options: Any) -> bytes:
    """The file that Pillow writes."""
    file = BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def encoded(pixels: npt.NDArray[Any], suffix: str) -> bytes:
    """The file that OpenCV writes."""
    done, data = cv2.imencode(suffix, pixels)
    assert done
    return data.tobytes()


def good(form: str, **options: Any) -> bytes:
    """The quarters as a file."""
    return saved(pillow(quarters()), form, **options)


def animated(form: str, **options: Any) -> bytes:
    """The quarters, followed by two white pictures."""
    white = Pillow.new("RGB", (WIDTH, HEIGHT), "white")
    return good(form, save_all=True, append_images=[white, white], **options)


FILES = {
    "jpeg": good("JPEG", quality=95, subsampling=0),
    "progressive jpeg": good("JPEG", quality=95, subsampling=0, progressive=True),
    "png": good("PNG"),
    "apng": animated("PNG"),
    "webp": good("WEBP", quality=95),
    "lossless webp": good("WEBP", lossless=True),
    "webp with profile": good("WEBP", lossless=True, icc_profile=b"none"),
    "animated webp": animated("WEBP", lossless=True),
    "gif": good("GIF"),
    "animated gif": animated("GIF"),
    "bmp": good("BMP"),
    "tiff": good("TIFF"),
    "lzw tiff": good("TIFF", compression="tiff_lzw"),
    "tiff of three pages": animated("TIFF"),
}
"""The quarters in every format that we read."""


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(*chunks: bytes) -> bytes:
    """A PNG file with more chunks after its header."""
    return FILES["png"][:33] + b"".join(chunks) + FILES["png"][33:]


def png_of(width: int, height: int) -> bytes:
    """A PNG file that announces a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG file that announces a size."""
    data = bytearray(FILES["jpeg"])
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_with(*segments: bytes) -> bytes:
    """A JPEG file with more segments after its start."""
    return FILES["jpeg"][:2] + b"".join(segments) + FILES["jpeg"][2:]


def jpeg_of_scans(count: int, *, progressive: bool, between: bytes = b"") -> bytes:
    """A JPEG file whose last scan comes again and again; `between` stands before the first of these."""
    data = FILES["progressive jpeg"] if progressive else FILES["jpeg"]
    at = data.rindex(b"\xff\xda")
    scan = data[at:-2] if progressive else b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00"
    return data[: at if progressive else data.index(b"\xff\xda")] + between + scan * count + b"\xff\xd9"


def jpeg_with_tail(*segments: bytes) -> bytes:
    """A JPEG file with more segments between its coded data and its end."""
    return FILES["jpeg"][:-2] + b"".join(segments) + FILES["jpeg"][-2:]


def tiff_of(width: int, height: int, *more: tuple[int, int, int, int], order: str = "<", content: bytes = b"") -> bytes:
    """A grey TIFF file in one strip; `more` are further entries: tag, type, count, value."""
    content = content or bytes(width * height)
    entries = [
        *((256, 4, 1, width), (257, 4, 1, height), (258, 4, 1, 8), (259, 4, 1, 1), (262, 4, 1, 1)),
        *((273, 4, 1, 8), (277, 4, 1, 1), (278, 4, 1, height), (279, 4, 1, len(content)), *more),
    ]
    table = b"".join(struct.pack(f"{order}HHII", *entry) for entry in sorted(entries))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(content))
    return head + content + struct.pack(f"{order}H", len(entries)) + table + bytes(4)


def changed(data: bytes, at: int, form: str, *values: int) -> bytes:
    """A file with numbers in it replaced."""
    return data[:at] + struct.pack(form, *values) + data[at + struct.calcsize(form) :]


def bombs() -> dict[str, bytes]:
    """Small files that cost a server much memory or time if it believes them."""
    return {
        "png of 40,000 x 40,000": png_of(40_000, 40_000),
        "jpeg of 65,500 x 65,500": jpeg_of(65_500, 65_500),
        "gif of 65,535 x 65,535": changed(FILES["gif"], 6, "<HH", 65_535, 65_535),
        "animated gif of 65,535 x 65,535": changed(FILES["animated gif"], 6, "<HH", 65_535, 65_535),
        "webp of 16,383 x 16,383": changed(FILES["webp"], 26, "<HH", 16_383, 16_383),
        "lossless webp of 16,384 x 16,384": changed(FILES["lossless webp"], 21, "<I", 2**28 - 1),
        "extended webp of 2^24 x 2^24": changed(FILES["webp with profile"], 24, "<HHH", 65_535, 65_535, 65_535),
        "animated webp of 2^24 x 2^24": changed(FILES["animated webp"], 24, "<HHH", 65_535, 65_535, 65_535),
        "bmp of 100,000 x 100,000": changed(FILES["bmp"], 18, "<ii", 100_000, 100_000),
        "bmp of 100,000 x -100,000": changed(FILES["bmp"], 18, "<ii", 100_000, -100_000),
        "tiff of 100,000 x 100,000": tiff_of(100_000, 100_000, content=b"x"),
        "tiff with a tile of 16,384 x 16,384": tiff_of(16, 16, (322, 4, 1, 16_384), (323, 4, 1, 16_384)),
        "tiff with tags on the same bytes": tiff_of(64, 64, *((40_000 + tag, 1, 4096, 8) for tag in range(200))),
        "png with many chunks": png_with(chunk(b"teSt", b"") * 100_000),
        "jpeg with many progressive scans": jpeg_of_scans(1000, progressive=True),
        "jpeg with many sequential scans": jpeg_of_scans(1000, progressive=False),
        "jpeg with scans behind what looks like its end": jpeg_of_scans(100, progressive=True, between=NO_END),
        "jpeg with many segments": jpeg_with(b"\xff\xe5\x00\x02" * 100_000),
        "jpeg with many segments behind its scan": jpeg_with_tail(b"\xff\xe1\x00\x02" * 1_000_000),
        "jpeg that names a smaller size behind its scan": jpeg_of(65_500, 65_500)[:-2] + SMALL_FRAME + b"\xff\xd9",
    }


def oddities() -> dict[str, bytes]:
    """PNG files of the quarters, with parts that are expensive or dangerous to read and that pixels do not need."""
    text = zlib.compress(bytes(2**20), 9)
    frames = struct.pack(">II", 2**31 - 1, 0)
    frame = struct.pack(">IIIIIHHBB", 0, 2**30, 2**30, 0, 0, 1, 1, 0, 0)
    return {
        "compressed texts": png_with(*[chunk(b"zTXt", b"comment\0\0" + text)] * 60),
        "international texts": png_with(*[chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + text)] * 60),
        "a profile that is none": png_with(chunk(b"iCCP", b"profile\0\0" + text)),
        "two billion frames": png_with(chunk(b"acTL", frames), chunk(b"fcTL", frame)),
        "a chunk whose name is none": png_with(chunk(b"I\x7fAT", bytes(42))),
        "a name in capitals that nobody knows": png_with(chunk(b"ABCD", bytes(42))),
    }

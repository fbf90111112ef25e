"""Every kind of picture file has a defined outcome."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image as Pillow

from engine.errors import ImageTooLargeError, InputImageLoadError, PenstockError
from engine.guard.headers import READERS, measure
from engine.guard.limits import Limits
from engine.guard.pixels import check_picture, decode
from engine.values.image import Pixels
from tests.engine.guard.pictures import (
    FILES,
    HEIGHT,
    NO_END,
    WIDTH,
    bombs,
    changed,
    encoded,
    good,
    jpeg_of_scans,
    oddities,
    pillow,
    png_of,
    quarters,
    saved,
    tiff_of,
)

LIMITS = Limits()
LOSSY = 12


def decoded(data: bytes, limits: Limits = LIMITS) -> Pixels:
    """A picture, the way a loader goes: first its header, then its pixels."""
    check_picture(data, limits)
    return decode(data)


def distance(pixels: npt.NDArray[Any], expected: npt.NDArray[Any]) -> int:
    """The largest difference of any channel, away from the borders of the quarters, where lossy formats blur."""
    assert pixels.shape == expected.shape
    difference = np.abs(pixels.astype(int) - expected.astype(int))
    height, width = difference.shape[:2]
    inner = [difference[y, x].max() for y in (1, height - 2) for x in (1, width - 2)]
    return int(max(inner))


@pytest.mark.parametrize("name", FILES)
def test_every_format_comes_out_as_it_went_in(name: str) -> None:
    pixels = decoded(FILES[name])
    assert pixels.dtype == np.uint8
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert distance(pixels, quarters()) <= (LOSSY if name in {"jpeg", "progressive jpeg", "webp"} else 0)


def grey(level: int) -> npt.NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def with_alpha() -> bytes:
    """Half of it is invisible."""
    pixels = np.dstack([quarters(), np.zeros((HEIGHT, WIDTH), np.uint8)])
    pixels[:, : WIDTH // 2, 3] = 255
    return encoded(pixels, ".png")


@pytest.mark.parametrize(
    ("data", "expected", "tolerance"),
    [
        pytest.param(saved(Pillow.new("L", (WIDTH, HEIGHT), 77), "PNG"), grey(77), 0, id="grey png"),
        pytest.param(saved(Pillow.new("L", (WIDTH, HEIGHT), 77), "JPEG"), grey(77), 1, id="grey jpeg"),
        pytest.param(saved(Pillow.new("LA", (WIDTH, HEIGHT), (77, 9)), "PNG"), grey(77), 0, id="grey with alpha"),
        pytest.param(saved(Pillow.new("1", (WIDTH, HEIGHT), 1), "PNG"), grey(255), 0, id="one-bit png"),
        pytest.param(encoded(np.full((HEIGHT, WIDTH), 0xABCD, np.uint16), ".png"), grey(0xAB), 1, id="16-bit grey png"),
        pytest.param(encoded(quarters().astype(np.uint16) * 257, ".png"), quarters(), 0, id="16-bit png"),
        pytest.param(encoded(quarters().astype(np.uint16) * 257, ".tiff"), quarters(), 0, id="16-bit tiff"),
        pytest.param(with_alpha(), quarters(), 0, id="alpha is dropped, not blended"),
        pytest.param(saved(pillow(quarters()).quantize(8), "PNG"), quarters(), 0, id="palette png"),
        pytest.param(saved(pillow(quarters()), "PNG", transparency=(255, 0, 0)), quarters(), 0, id="transparent red"),
        pytest.param(saved(pillow(quarters()).quantize(8), "PNG", transparency=0), quarters(), 0, id="a clear palette"),
        pytest.param(saved(pillow(quarters()).convert("CMYK"), "JPEG"), quarters(), 40, id="cmyk jpeg"),
        pytest.param(saved(Pillow.new("L", (WIDTH, HEIGHT), 77), "TIFF"), grey(77), 0, id="grey tiff"),
        pytest.param(tiff_of(WIDTH, HEIGHT, order=">"), grey(0), 0, id="big-endian tiff"),
        pytest.param(changed(FILES["bmp"], 22, "<i", -HEIGHT), quarters()[::-1], 0, id="bmp from the top"),
        pytest.param(encoded(quarters(1, 1), ".png"), quarters(1, 1), 0, id="one pixel"),
        pytest.param(encoded(quarters(1, 500), ".png"), quarters(1, 500), 0, id="one column"),
        pytest.param(FILES["jpeg"] + bytes(5000), quarters(), LOSSY, id="motion photo"),
    ],
)
def test_every_kind_of_pixel_comes_out_as_colour(data: bytes, expected: npt.NDArray[np.uint8], tolerance: int) -> None:
    pixels = decoded(data)
    assert pixels.dtype == np.uint8
    assert pixels.shape == expected.shape
    if min(expected.shape[:2]) > 1:
        assert distance(pixels, expected) <= tolerance


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, quarters()),
        (2, quarters()[:, ::-1]),
        (3, quarters()[::-1, ::-1]),
        (6, np.rot90(quarters(), -1)),
        (8, np.rot90(quarters())),
    ],
)
def test_exif_orientation_is_applied(form: str, orientation: int, turned: npt.NDArray[np.uint8]) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    per_form: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    options = per_form.get(form, {})
    data = good(form, exif=exif, **options)
    assert distance(decoded(data), turned) <= LOSSY


RESTARTING = good("JPEG", quality=95, progressive=True, restart_marker_blocks=1)
"""A JPEG file whose scans have restart markers."""


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(NO_END, id="a comment that looks like the end"),
        pytest.param(b"\xff\xe1\x00\x06\xff\xda\xff\xd9", id="a thumbnail"),
        pytest.param(b"\xff\xdc\x00\x04\x00\x10", id="the number of lines"),
        pytest.param(b"\xff\xff\xff\xe5\x00\x02", id="fill bytes"),
        pytest.param(b"\x00\xff\x00\x17", id="stray bytes"),
        pytest.param(b"\xff\x01\xff\xd3", id="markers without content"),
        pytest.param(b"\xff\xe5\x00\x00", id="a segment of no length"),
    ],
)
def test_scans_are_found_behind_whatever_decoders_pass_over(between: bytes) -> None:
    """The picture is the same, so they do pass over it; and behind it scans are counted as elsewhere."""
    data = FILES["progressive jpeg"]
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    assert np.array_equal(decoded(data[:second] + between + data[second:]), decoded(data))
    with pytest.raises(ImageTooLargeError, match="more scans"):
        check_picture(jpeg_of_scans(100, progressive=True, between=between), LIMITS)


@pytest.mark.parametrize("reserved", [b"\xff\x02", b"\xff\xbf"])
def test_reserved_markers_within_coded_data_hide_no_scans(reserved: bytes) -> None:
    """Decoders resume at the restart behind them; taken for a segment, they would be 65,535 bytes long."""
    at = RESTARTING.index(b"\xff\xd0", RESTARTING.index(b"\xff\xda"))
    data = RESTARTING[:at] + reserved + b"\xff" + RESTARTING[at:]
    assert np.array_equal(decoded(data), decoded(RESTARTING))
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ImageTooLargeError, match="more scans"):
        check_picture(data[:last] + data[last:-2] * 100 + bytes(2**16) + b"\xff\xd9", LIMITS)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
def test_a_file_that_breaks_off_is_refused_and_never_half_a_picture(
    name: str, left: float, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = FILES[name]
    first = len(good("TIFF")) if name == "tiff of three pages" else len(whole)
    with pytest.raises(InputImageLoadError) as caught:
        decoded(whole[: int(first * left)])
    assert caught.value.hint
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"no picture", "not an image"),
        (png_of(0, 10), "no pixels"),
        (changed(FILES["gif"], 6, "<HH", 0, 0), "no pixels"),
        (tiff_of(8, 8, (339, 3, 1, 3), (258, 4, 1, 32), content=bytes(256)), "cannot be decoded"),
        (FILES["bmp"][:60], "cannot be decoded"),
        (changed(FILES["bmp"], 18, "<ii", 2_000_000, 2), "cannot be decoded"),
        (encoded(quarters(), ".ras"), "not an image"),
        (encoded(quarters(), ".ppm"), "not an image"),
        (encoded(quarters().astype(np.float32), ".hdr"), "not an image"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InputImageLoadError, match=reason):
        decoded(data)


def test_limits_are_inclusive() -> None:
    data = FILES["png"]
    exact = Limits(len(data), WIDTH * HEIGHT)
    assert decoded(data, exact).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(ImageTooLargeError, match=f"{len(data)} bytes"):
        check_picture(data, replace(exact, max_image_bytes=len(data) - 1))
    with pytest.raises(ImageTooLargeError, match=f"{WIDTH} x {HEIGHT} pixels"):
        check_picture(data, replace(exact, max_image_pixels=WIDTH * HEIGHT - 1))


@pytest.mark.parametrize("name", oddities())
def test_what_pixels_do_not_need_is_not_read(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert np.array_equal(decoded(oddities()[name]), quarters())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", bombs())
def test_bombs_are_refused_from_their_header(name: str) -> None:
    with pytest.raises(ImageTooLargeError):
        check_picture(bombs()[name], LIMITS)


def test_bombs_take_no_memory() -> None:
    """In a process of its own, since the peak of this one lies in the past."""
    pytest.importorskip("resource")
    script = """
import resource
from engine.errors import ImageTooLargeError
from engine.guard.pixels import check_picture, decode
from engine.guard.limits import Limits
from tests.engine.guard.pictures import FILES, bombs, oddities
refused, harmless = bombs(), oddities()
decode(FILES["png"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for data in harmless.values():
    check_picture(data, Limits())
    decode(data)
for data in refused.values():
    try:
        check_picture(data, Limits())
        decode(data)
    except ImageTooLargeError:
        continue
    raise SystemExit("a bomb went off")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    grown = int(done.stdout) // (2**20 if sys.platform == "darwin" else 2**10)
    assert grown < 20, f"{grown} MiB"


@given(data=some.binary(max_size=200), magic=some.sampled_from([b"", *READERS]))
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_decoded_or_refused(data: bytes, magic: bytes) -> None:
    try:
        pixels = decoded(magic + data)
    except PenstockError as error:
        assert isinstance(error, InputImageLoadError)  # noqa: PT017 - most of them raise, some may not
    else:
        assert pixels.ndim == 3


@given(
    name=some.sampled_from(sorted(FILES)),
    edits=some.lists(some.tuples(some.integers(0, 400), some.integers(0, 255)), min_size=1, max_size=6),
)
@settings(max_examples=500, deadline=None)
def test_damaged_files_are_never_larger_than_their_header_says(name: str, edits: list[tuple[int, int]]) -> None:
    data = bytearray(FILES[name])
    for at, value in edits:
        data[at % len(data)] = value
    try:
        pixels = decoded(bytes(data))
    except InputImageLoadError:
        return
    width, height = measure(bytes(data))
    assert pixels.shape[0] * pixels.shape[1] <= width * height

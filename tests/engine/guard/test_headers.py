"""Sizes are read from headers, and files that announce too much are found there."""

from __future__ import annotations

import pytest

from engine.errors import ImageTooLargeError, InputImageLoadError
from engine.guard.headers import measure
from tests.engine.guard.pictures import (
    FILES,
    HEIGHT,
    NO_END,
    SMALL_FRAME,
    WIDTH,
    bombs,
    changed,
    chunk,
    good,
    jpeg_of_scans,
    jpeg_with,
    jpeg_with_tail,
    png_with,
    tiff_of,
)

THUMBNAIL = b"\xff\xe1\x00\x0aExif" + b"\xff\xda\xff\xd9"


@pytest.mark.parametrize("name", FILES)
def test_every_format_says_its_size(name: str) -> None:
    assert measure(FILES[name]) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(tiff_of(WIDTH, HEIGHT, order=">"), id="big-endian tiff"),
        pytest.param(tiff_of(7, HEIGHT, (256, 3, 1, WIDTH)), id="tiff with two widths, one of them short"),
        pytest.param(tiff_of(7, HEIGHT, (256, 3, 1, WIDTH << 16), order=">"), id="big-endian tiff with a short width"),
        pytest.param(changed(FILES["bmp"], 18, "<ii", WIDTH, -HEIGHT), id="bmp from the top"),
        pytest.param(changed(FILES["bmp"], 14, "<IHH", 12, WIDTH, HEIGHT), id="bmp of OS/2"),
        pytest.param(jpeg_with(THUMBNAIL), id="jpeg with a thumbnail"),
        pytest.param(jpeg_with(b"\xff\xff\xff\xe5\x00\x02"), id="jpeg with fill bytes"),
        pytest.param(jpeg_with(b"\xff\xe5\x00\x02" + b"\x00\xff\x00\x17"), id="jpeg with stray bytes between segments"),
        pytest.param(jpeg_with(b"\xff\xe5\x00\x02" + b"\xff\x01\xff\xd0"), id="jpeg with markers without content"),
        pytest.param(FILES["jpeg"] + b"\0ftypmp42" + b"\xff\xda" * 500, id="motion photo"),
        pytest.param(good("JPEG", progressive=True) + b"\xff\xda" * 500, id="progressive motion photo"),
        pytest.param(jpeg_of_scans(50, progressive=True), id="jpeg with as many scans as programs write"),
        pytest.param(jpeg_with_tail(NO_END + SMALL_FRAME), id="jpeg with a second frame behind its scan"),
        pytest.param(png_with(chunk(b"tEXt", b"comment\0IEND IHDR")), id="png with text"),
        pytest.param(FILES["png"] + b"more", id="png with a tail"),
        pytest.param(FILES["webp"] + b"more", id="webp with a tail"),
        pytest.param(changed(FILES["webp"], 26, "<HH", WIDTH | 0x4000, HEIGHT | 0x8000), id="webp to be scaled"),
    ],
)
def test_unusual_files_say_their_size(data: bytes) -> None:
    assert measure(data) == (WIDTH, HEIGHT)


def test_a_tile_counts_where_it_is_larger_than_the_picture() -> None:
    assert measure(tiff_of(16, 600, (322, 4, 1, 256), (323, 4, 1, 512))) == (256, 600)


@pytest.mark.parametrize(
    "name",
    [
        "tiff with tags on the same bytes",
        "png with many chunks",
        "jpeg with many progressive scans",
        "jpeg with many sequential scans",
        "jpeg with scans behind what looks like its end",
        "jpeg with many segments",
        "jpeg with many segments behind its scan",
    ],
)
def test_files_made_to_be_expensive_are_refused(name: str) -> None:
    with pytest.raises(ImageTooLargeError, match=r"more .* than any picture needs"):
        measure(bombs()[name])


@pytest.mark.parametrize(
    ("name", "cut"), [(name, cut) for name in FILES for cut in (9, 20, 40) if "gif" not in name and "bmp" not in name]
)
def test_a_header_that_breaks_off_is_said_to(name: str, cut: int) -> None:
    with pytest.raises(InputImageLoadError, match="breaks off"):
        measure(FILES[name][:cut])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(FILES["jpeg"][:-2], id="jpeg without end"),
        pytest.param(jpeg_with(THUMBNAIL)[:-2], id="jpeg without end but with a thumbnail that has one"),
        pytest.param(FILES["jpeg"][: FILES["jpeg"].index(b"\xff\xda") + 2], id="jpeg up to its first scan"),
        pytest.param(FILES["progressive jpeg"][:-2], id="progressive jpeg without end"),
        pytest.param(jpeg_with_tail(NO_END)[:-2], id="jpeg without end but with a comment that holds one"),
        pytest.param(FILES["png"][:-12], id="png without end"),
        pytest.param(FILES["png"][:-1], id="png without its last byte"),
        pytest.param(FILES["webp"][:-1], id="webp without its last byte"),
        pytest.param(FILES["gif"][:8], id="gif without size"),
        pytest.param(FILES["bmp"][:20], id="bmp without size"),
        pytest.param(tiff_of(8, 8)[:-20], id="tiff without its last tags"),
    ],
)
def test_files_that_break_off_are_refused(data: bytes) -> None:
    with pytest.raises(InputImageLoadError, match="breaks off"):
        measure(data)


def test_a_png_whose_size_does_not_come_first_is_refused() -> None:
    """Its size would be read in one place here, and in another when decoding."""
    data = FILES["png"][:8] + chunk(b"teSt", b"\0\0\0\1\0\0\0\1") + FILES["png"][8:]
    with pytest.raises(InputImageLoadError, match="does not begin with its size"):
        measure(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"hello",
        b"<!DOCTYPE html><html></html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\x00\x00\x00\x1cftypavif",
        b"P6 1 1 255 \0\0\0",
        b"#?RADIANCE\n",
        b"II+\0\x08\0\0\0",
        b"RIFF\x04\0\0\0WAVEfmt ",
    ],
)
def test_other_files_are_no_images(data: bytes) -> None:
    with pytest.raises(InputImageLoadError, match="not an image") as caught:
        measure(data)
    assert "JPEG" in str(caught.value)

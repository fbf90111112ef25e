"""Run lengths: hand-made cases, what COCO's tools write, and back again."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.wire.rle import Mask, read_rle, write_rle


def mask(*rows: str) -> Mask:
    return np.array([[sign == "#" for sign in row] for row in rows], np.bool_)


CASES = [
    (mask("..", ".."), "4"),
    (mask("##", "##"), "04"),
    (mask(".#", ".."), "211"),
    (mask("#.", ".."), "013"),
    # Runs 1 1 1 1 1: from the fourth on, the difference to the last but one, which is 0.
    (mask(".#.#."), "11100"),
    # Runs 0 1 3 2: the fourth is 2 - 1.
    (mask("#.#", "..#"), "0131"),
    # Runs 1 3 1 1: the fourth is 1 - 3, and -2 is the digit 30, `N`.
    (mask(".###.#"), "131N"),
    # 15 is the largest number of one digit; 16 has its low bits and the sign bit, so that another digit follows.
    (np.zeros((3, 5), np.bool_), "?"),
    (np.zeros((4, 4), np.bool_), "`0"),
    (np.zeros((20, 40), np.bool_), "Pi0"),
]


@pytest.mark.parametrize(("pixels", "text"), CASES)
def test_by_hand(pixels: Mask, text: str) -> None:
    assert write_rle(pixels) == text
    assert np.array_equal(read_rle(text, pixels.shape[1], pixels.shape[0]), pixels)


def test_as_coco_writes() -> None:
    """A disc, as pycocotools 2.0.11 wrote it."""
    y, x = np.mgrid[:48, :64]
    disc = (x - 30) ** 2 + (y - 20) ** 2 <= 15**2
    assert write_rle(disc) == ("Tg01Z1:I4L4M2N2N2O0O2O0O2O0000000O20N100000001N101N101N2N2N3L4L7Faj0")


@given(some.data())
def test_there_and_back(data: some.DataObject) -> None:
    height, width = data.draw(some.integers(0, 9)), data.draw(some.integers(0, 9))
    bits = data.draw(some.lists(some.booleans(), min_size=height * width, max_size=height * width))
    pixels = np.array(bits, np.bool_).reshape(height, width)
    found = read_rle(write_rle(pixels), width, height)
    assert found.dtype == np.bool_
    assert np.array_equal(found, pixels)


def test_slices_of_larger_arrays() -> None:
    pixels = np.random.default_rng(1).random((40, 60)) < 0.3
    part = pixels[3:30:2, 5:50:3]
    assert np.array_equal(read_rle(write_rle(part), part.shape[1], part.shape[0]), part)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("3", "cover 3 pixels of 2 x 2"),
        ("41", "cover 5 pixels"),
        ("é", "no digits"),
        ("4 ", "no digits"),
        ("p", "no digits"),
        ("P", "breaks off"),
        ("4P", "breaks off"),
        ("PPPPPPP0", "too large"),
        ("5O", "negative"),
        ("0" * 100, "more runs"),
        ("PPPPPP?", "longer"),
    ],
)
def test_what_is_malformed(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_rle(text, 2, 2)


@given(some.text("0?@OP`on", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_rle(text, 5, 4)
    except ValueError:
        return
    assert found.shape == (4, 5)


def test_texts_with_many_runs_take_little_memory() -> None:
    """One byte per pixel, and not many for each of the characters."""
    side, text = 1500, "0" + "1" * 2 + "0" * (1500 * 1500 - 3)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="cover"):
            read_rle(text, side, side)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * len(text)

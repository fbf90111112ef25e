"""Gray pictures, blurred pictures and thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.classical_cv.convert_grayscale import convert_grayscale
from blocks.classical_cv.image_blur import image_blur
from blocks.classical_cv.threshold import threshold
from engine.block import AnyBlock
from engine.errors import RuntimeInputError
from engine.values.image import Image
from tests.blocks.samples import picture

BLURS: list[Any] = ["average", "gaussian", "median", "bilateral"]


def shades(*values: int) -> Image:
    """A row of gray pixels."""
    return Image(np.repeat(np.array([values], np.uint8)[:, :, None], 3, axis=2), "image")


def spot() -> Image:
    """One white pixel on black."""
    pixels = np.zeros((9, 9, 3), np.uint8)
    pixels[4, 4] = 255
    return Image(pixels, "image")


def test_gray_weighs_colours_as_eyes_do() -> None:
    colours = Image(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8), "image")
    gray = convert_grayscale(colours)["image"]
    assert gray.pixels.shape == (1, 4, 3)
    assert gray.pixels[0, :, 0].tolist() == [29, 150, 76, 9]
    assert np.array_equal(gray.pixels[:, :, 0], gray.pixels[:, :, 2])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("binary", [0, 0, 200, 200]),
        ("binary_inv", [200, 200, 0, 0]),
        ("trunc", [10, 100, 100, 100]),
        ("tozero", [0, 0, 101, 250]),
        ("tozero_inv", [10, 100, 0, 0]),
    ],
)
def test_fixed_thresholds(kind: Any, expected: list[int]) -> None:
    split = threshold(shades(10, 100, 101, 250), 100, kind, 200)["image"]
    assert split.pixels[0, :, 0].tolist() == expected
    assert split.pixels.shape == (1, 4, 3)


@pytest.mark.parametrize(("value", "expected"), [(-1000, [255, 255]), (10**30, [0, 0])])
def test_thresholds_beyond_all_pixels(value: int, expected: list[int]) -> None:
    assert threshold(shades(0, 255), value, max_value=10**30)["image"].pixels[0, :, 0].tolist() == expected


def test_otsu_finds_the_gap() -> None:
    split = threshold(shades(10, 12, 14, 200, 210, 220), 0, "otsu")["image"]
    assert split.pixels[0, :, 0].tolist() == [0, 0, 0, 255, 255, 255]


@pytest.mark.parametrize("kind", ["adaptive_mean", "adaptive_gaussian"])
def test_adaptive_thresholds_look_around(kind: Any) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:] = 40, 200
    pixels[10, 10], pixels[10, 30] = 0, 160
    split = threshold(Image(pixels, "image"), 0, kind)["image"].pixels[:, :, 0]
    assert (split[10, 10], split[10, 30]) == (0, 0)
    assert (split[5, 5], split[5, 35]) == (255, 255)


def test_average_blur_shares_evenly() -> None:
    blurred = image_blur(spot(), "average", 3)["image"].pixels[:, :, 0]
    assert blurred[4, 4] == blurred[3, 3] == 28
    assert blurred[4, 6] == 0


def test_gaussian_blur_keeps_the_middle_brightest() -> None:
    blurred = image_blur(spot(), "gaussian", 3)["image"].pixels[:, :, 0]
    assert blurred[4, 4] > blurred[4, 3] > blurred[3, 3] > 0


def test_median_blur_removes_specks() -> None:
    assert not image_blur(spot(), "median", 3)["image"].pixels.any()


def test_bilateral_blur_keeps_edges() -> None:
    pixels = np.zeros((9, 12, 3), np.uint8)
    pixels[:, 6:] = 255
    assert np.array_equal(image_blur(Image(pixels, "image"), "bilateral", 5)["image"].pixels, pixels)


@pytest.mark.parametrize("kind", BLURS)
@pytest.mark.parametrize("size", [1, 2, 4, 31])
def test_every_size_blurs(kind: Any, size: int) -> None:
    image = picture()
    before = image.pixels.copy()
    assert image_blur(image, kind, size)["image"].pixels.shape == before.shape
    assert np.array_equal(image.pixels, before)


def test_even_sizes_count_as_the_next_odd_one() -> None:
    even, odd = (image_blur(picture(), "gaussian", size)["image"].pixels for size in (4, 5))
    assert np.array_equal(even, odd)


def test_what_takes_too_long_is_refused() -> None:
    with pytest.raises(RuntimeInputError, match="too long"):
        image_blur(picture(), "bilateral", 32)


@pytest.mark.parametrize(
    ("block", "settings"), [(convert_grayscale, {}), (image_blur, {}), (threshold, {"thresh_value": 9})]
)
def test_place_and_name_stay(block: AnyBlock, settings: dict[str, Any]) -> None:
    crop = picture().crop("crop", 10, 10, 20, 20)
    result = block(crop, **settings)["image"]
    assert (result.id, result.parent, result.root) == ("crop", crop.parent, crop.root)
    assert not np.shares_memory(result.pixels, crop.pixels)

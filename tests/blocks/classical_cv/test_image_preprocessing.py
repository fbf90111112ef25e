"""Resizing, rotating and flipping."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

from blocks.classical_cv.image_preprocessing import image_preprocessing
from engine.errors import RuntimeInputError
from engine.values.image import Image
from tests.blocks.samples import picture


def dots(*rows: str) -> Image:
    """A picture with a white pixel for every #."""
    values = np.array([[255 * (dot == "#") for dot in row] for row in rows], np.uint8)
    return Image(np.repeat(values[:, :, None], 3, axis=2), "image")


def drawn(image: Image) -> list[str]:
    return ["".join(".#"[int(value > 127)] for value in row) for row in image.pixels[:, :, 0]]


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (90, ["##", "#.", "#."]),
        (-270, ["##", "#.", "#."]),
        (-90, [".#", ".#", "##"]),
        (180, ["#..", "###"]),
        (0, ["###", "..#"]),
        (360, ["###", "..#"]),
    ],
)
def test_quarter_turns_are_counter_clockwise_and_exact(degrees: int, expected: list[str]) -> None:
    turned = image_preprocessing(dots("###", "..#"), "rotate", rotation_degrees=degrees)["image"]
    assert drawn(turned) == expected


@pytest.mark.parametrize(
    ("how", "expected"), [("vertical", ["..#", "###"]), ("horizontal", ["###", "#.."]), ("both", ["#..", "###"])]
)
def test_flips(how: Literal["vertical", "horizontal", "both"], expected: list[str]) -> None:
    assert drawn(image_preprocessing(dots("###", "..#"), "flip", flip_type=how)["image"]) == expected


def test_other_angles_grow_the_canvas() -> None:
    white = Image(np.full((10, 20, 3), 255, np.uint8), "image")
    turned = image_preprocessing(white, "rotate", rotation_degrees=45)["image"]
    assert (turned.width, turned.height) == (22, 22)
    assert turned.pixels[0, 0].tolist() == [0, 0, 0]
    assert turned.pixels[11, 11].tolist() == [255, 255, 255]
    assert np.isclose(turned.pixels[:, :, 0].sum() / 255, 200, rtol=0.05)


def test_other_angles_are_counter_clockwise_too() -> None:
    turned = image_preprocessing(dots(*["#" + "." * 8] * 9), "rotate", rotation_degrees=60)["image"]
    rows, columns = np.nonzero(turned.pixels[:, :, 0] > 127)
    assert rows.mean() > turned.height / 2
    assert columns.mean() < turned.width / 2


@pytest.mark.parametrize("size", [(32, 24), (200, 10), (1, 1)])
def test_resize(size: tuple[int, int]) -> None:
    resized = image_preprocessing(picture(), "resize", *size)["image"]
    assert (resized.width, resized.height) == size


def test_a_smaller_picture_shows_means() -> None:
    image = dots("#.##", "..##")
    assert image_preprocessing(image, "resize", 2, 1)["image"].pixels[0, :, 0].tolist() == [64, 255]


@pytest.mark.parametrize(
    "settings",
    [{"task_type": "resize"}, {"task_type": "rotate"}, {"task_type": "rotate", "rotation_degrees": 7}],
)
def test_the_name_stays_and_the_ancestry_goes(settings: dict[str, Any]) -> None:
    image = picture()
    crop = image.crop("crop", 10, 10, 20, 20)
    before = crop.pixels.copy()
    result = image_preprocessing(crop, **settings)["image"]
    assert result.id == "crop"
    assert result.parent is None
    assert result.root is None
    assert result.video.source == "crop"
    assert np.array_equal(crop.pixels, before)


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(RuntimeInputError, match="1000000 x 1000000"):
        image_preprocessing(picture(), "resize", 1_000_000, 1_000_000)

"""Drawing: what is drawn where, in which colour, and never on the picture that came in."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blocks.visualizations.bounding_box import bounding_box_visualization
from blocks.visualizations.label import LABELS, label_visualization
from engine.errors import RuntimeInputError
from engine.values.detections import Detections, objects, strings
from engine.values.image import Image
from tests.blocks.samples import found, picture

BOX = (10, 10, 50, 40)
BLACK = Image(np.zeros((48, 64, 3), np.uint8), "image")


def lit(image: Image) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(image.pixels.max(axis=2) > 0)


def test_a_box_is_drawn_around_the_detection_and_nowhere_else() -> None:
    drawn = bounding_box_visualization(BLACK, found(BOX), thickness=1)["image"]
    expected = np.zeros((48, 64), bool)
    expected[10:41, 10:51] = True
    expected[11:40, 11:50] = False
    assert np.array_equal(lit(drawn), expected)
    assert not BLACK.pixels.any()


def test_the_picture_keeps_its_name_and_place() -> None:
    crop = picture().crop("part", 4, 4, 40, 40)
    drawn = bounding_box_visualization(crop, found((1, 1, 9, 9), frame=crop.frame))["image"]
    assert (drawn.id, drawn.parent, drawn.root) == (crop.id, crop.parent, crop.root)


@pytest.mark.parametrize(
    ("options", "bgr"),
    [
        ({"color_palette": "CUSTOM", "custom_colors": ["#010203"]}, [3, 2, 1]),
        (
            {"color_palette": "CUSTOM", "custom_colors": ["rgb(9, 8, 7)", "bgr(1, 2, 3)"], "color_axis": "CLASS"},
            [7, 8, 9],
        ),
        ({"color_palette": "Matplotlib Gray", "palette_size": 2, "color_axis": "INDEX"}, [0, 0, 0]),
    ],
)
def test_colours(options: dict[str, Any], bgr: list[int]) -> None:
    drawn = bounding_box_visualization(BLACK, found(BOX), **options)["image"]
    assert drawn.pixels[10, 30].tolist() == bgr


@pytest.mark.parametrize(
    "options",
    [
        {"color_palette": "CUSTOM"},
        {"color_palette": "CUSTOM", "custom_colors": ["none"]},
        {"color_palette": "Matplotlib Nothing"},
        {"color_axis": "TRACK"},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(RuntimeInputError):
        bounding_box_visualization(BLACK, found(BOX), **options)


def test_one_long_name_makes_no_other_row_larger() -> None:
    many = found(*[BOX] * 500)
    named = replace(many, class_name=strings(["x" * 1_000_000, *["a"] * 499]))
    tracemalloc.start()
    try:
        bounding_box_visualization(BLACK, named)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_round_corners_leave_the_corner_dark() -> None:
    drawn = bounding_box_visualization(BLACK, found(BOX), roundness=1.0)["image"]
    assert not lit(drawn)[10, 10]
    assert lit(drawn)[10, 30]


def test_nothing_found_draws_nothing() -> None:
    assert not lit(bounding_box_visualization(BLACK, found(), roundness=0.5)["image"]).any()
    assert not lit(label_visualization(BLACK, found())["image"]).any()
    assert not lit(bounding_box_visualization(BLACK, found(), color_axis="TRACK")["image"]).any()


def test_labels_are_written_at_their_place() -> None:
    inside = label_visualization(BLACK, found(BOX), text_position="CENTER", text_scale=0.3, text_padding=1)["image"]
    rows, columns = np.nonzero(lit(inside))
    assert abs(rows.mean() - 25) < 4
    assert abs(columns.mean() - 30) < 4


def test_labels_are_written_amid_the_mass_or_the_box_of_an_empty_mask() -> None:
    masks = np.zeros((2, 48, 64), bool)
    masks[0, 30:34, 8:12] = True
    named = found((0, 0, 20, 40), (40, 10, 60, 30), mask=masks)
    options: dict[str, Any] = {"text_position": "CENTER_OF_MASS", "text_scale": 0.3, "text_padding": 1}
    _, columns = np.nonzero(lit(label_visualization(BLACK, named.select([0]), **options)["image"]))
    assert abs(columns.mean() - 10) < 4
    _, columns = np.nonzero(lit(label_visualization(BLACK, named.select([1]), **options)["image"]))
    assert abs(columns.mean() - 50) < 4
    with pytest.raises(RuntimeInputError, match="Only masks have a CENTER_OF_MASS"):
        label_visualization(BLACK, found(BOX), **options)


def test_labels_stay_in_the_picture() -> None:
    at_the_top = found((10, 0, 50, 40))
    assert lit(label_visualization(BLACK, at_the_top, text_scale=0.3, text_padding=1)["image"]).sum() > 20


SIZED: Detections = found(
    BOX,
    (0, 0, 5, 4),
    tracker_id=np.array([7, 8]),
    columns={"time_in_zone": np.array([1.5, 2.0]), "area_converted": np.array([3.0, 4.0])},
)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Class", ["a", "b"]),
        ("Confidence", ["0.90", "0.50"]),
        ("Class and Confidence", ["a 0.90", "b 0.50"]),
        ("Index", ["0", "1"]),
        ("Dimensions", ["40 x 30", "5 x 4"]),
        ("Area", ["1200", "20"]),
        ("Area (mask)", ["1200", "20"]),
        ("Area (converted)", ["3.00", "4.00"]),
        ("Tracker Id", ["7", "8"]),
        ("Time In Zone", ["1.50 s", "2.00 s"]),
    ],
)
def test_texts(text: str, labels: list[str]) -> None:
    assert LABELS[text](SIZED) == labels


def test_texts_that_nothing_is_known_for_are_empty() -> None:
    detections = found(BOX)
    assert LABELS["Tracker Id"](detections) == [""]
    assert LABELS["Time In Zone"](detections) == [""]


def test_rows_without_a_number_have_no_label() -> None:
    columns = {"time_in_zone": objects([1.5, None, "long", np.float32(2), [1]])}
    assert LABELS["Time In Zone"](found(*[BOX] * 5, columns=columns)) == ["1.50 s", "", "", "2.00 s", ""]


def test_the_area_of_a_mask() -> None:
    mask = np.zeros((1, 48, 64), bool)
    mask[0, :2, :3] = True
    assert LABELS["Area (mask)"](found(BOX, mask=mask)) == ["6"]

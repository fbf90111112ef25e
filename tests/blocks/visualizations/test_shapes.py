"""Drawing masks, outlines, blur, zones, lines and keypoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.visualizations.blur import blur_visualization
from blocks.visualizations.keypoint import keypoint_visualization
from blocks.visualizations.line_counter import line_counter_visualization
from blocks.visualizations.mask import mask_visualization
from blocks.visualizations.polygon import polygon_visualization
from blocks.visualizations.polygon_zone import polygon_zone_visualization
from engine.errors import RuntimeInputError
from engine.values.detections import Detections
from engine.values.image import Image
from tests.blocks.samples import found, picture

BOX = (10, 10, 50, 40)
BLACK = Image(np.zeros((48, 64, 3), np.uint8), "image")
RED: dict[str, Any] = {"color_palette": "CUSTOM", "custom_colors": ["#ff0000"]}


def lit(image: Image) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(image.pixels.max(axis=2) > 0)


def disc() -> Detections:
    """A detection whose mask is a disc in the middle of its box."""
    y, x = np.mgrid[:48, :64]
    return found(BOX, mask=((x - 30) ** 2 + (y - 25) ** 2 <= 144)[None])


def test_a_mask_is_tinted_and_nothing_else() -> None:
    detections = disc()
    drawn = mask_visualization(BLACK, detections, opacity=0.5, **RED)["image"]
    assert detections.mask is not None
    assert np.array_equal(lit(drawn), detections.mask[0])
    assert drawn.pixels[25, 30].tolist() in ([0, 0, 127], [0, 0, 128])
    assert not BLACK.pixels.any()


def test_the_opacity_of_a_mask() -> None:
    assert mask_visualization(BLACK, disc(), opacity=1.0, **RED)["image"].pixels[25, 30].tolist() == [0, 0, 255]
    assert not lit(mask_visualization(BLACK, disc(), opacity=0.0, **RED)["image"]).any()


def test_an_outline_leaves_the_middle() -> None:
    drawn = lit(polygon_visualization(BLACK, disc(), thickness=1, **RED)["image"])
    assert drawn[25, 18]
    assert not drawn[25, 30]
    y, x = np.nonzero(drawn)
    assert np.all(np.abs(np.hypot(x - 30, y - 25) - 12) < 1.5)


@pytest.mark.parametrize("block", [mask_visualization, polygon_visualization])
def test_nothing_found_in_another_picture(block: Any) -> None:
    assert not lit(block(BLACK, found(mask=np.zeros((0, 32, 32), bool)))["image"]).any()


@pytest.mark.parametrize("block", [mask_visualization, polygon_visualization])
def test_masks_of_another_picture(block: Any) -> None:
    with pytest.raises(RuntimeInputError, match="32 x 32"):
        block(Image(np.zeros((32, 32, 3), np.uint8), "small"), disc())


@pytest.mark.parametrize("block", [mask_visualization, polygon_visualization, blur_visualization])
def test_nothing_found_draws_nothing(block: Any) -> None:
    assert np.array_equal(block(picture(), found())["image"].pixels, picture().pixels)
    empty = found(mask=np.zeros((0, 48, 64), bool))
    assert np.array_equal(block(picture(), empty)["image"].pixels, picture().pixels)


@pytest.mark.parametrize("block", [mask_visualization, polygon_visualization])
def test_boxes_without_masks_and_empty_masks_draw_nothing(block: Any) -> None:
    assert not lit(block(BLACK, found(BOX))["image"]).any()
    assert not lit(block(BLACK, found(BOX, mask=np.zeros((1, 48, 64), bool)))["image"]).any()


def stripes() -> Image:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, ::2] = 255
    return Image(pixels, "image")


def test_blur_stays_in_the_box_and_hides_what_is_there() -> None:
    image = stripes()
    blurred = blur_visualization(image, found(BOX))["image"].pixels
    changed = (blurred != image.pixels).any(axis=2)
    assert changed[10:40, 10:50].all()
    changed[10:40, 10:50] = False
    assert not changed.any()
    assert np.ptp(blurred[12:38, 20:40].astype(int)) < 40
    assert np.array_equal(image.pixels, stripes().pixels)


def test_a_kernel_of_one_changes_nothing() -> None:
    assert np.array_equal(blur_visualization(stripes(), found(BOX), kernel_size=1)["image"].pixels, stripes().pixels)


def test_boxes_outside_of_the_picture_blur_nothing() -> None:
    image = blur_visualization(stripes(), found((-50, -50, -10, -10), (70, 50, 90, 90)))["image"]
    assert np.array_equal(image.pixels, stripes().pixels)


SQUARE = [[5, 5], [20, 5], [20, 20], [5, 20]]


def test_a_zone_is_tinted() -> None:
    drawn = polygon_zone_visualization(BLACK, SQUARE, color="red", opacity=1.0)["image"]
    expected = np.zeros((48, 64), bool)
    expected[5:21, 5:21] = True
    assert np.array_equal(lit(drawn), expected)
    assert drawn.pixels[10, 10].tolist() == [0, 0, 255]
    assert not BLACK.pixels.any()
    assert polygon_zone_visualization(BLACK, SQUARE, color="red")["image"].pixels[10, 10].tolist() in (
        [0, 0, 76],
        [0, 0, 77],
    )


def test_several_polygons_and_none() -> None:
    two = polygon_zone_visualization(BLACK, [SQUARE, [[40, 30], [50, 30], [50, 40]]])["image"]
    assert lit(two)[10, 10]
    assert lit(two)[32, 48]
    assert not lit(polygon_zone_visualization(BLACK, [])["image"]).any()


@pytest.mark.parametrize("zone", [[[1, 1], [2, 2]], "zone", [[[1, 1]]]])
def test_zones_that_are_none(zone: Any) -> None:
    with pytest.raises(RuntimeInputError):
        polygon_zone_visualization(BLACK, zone)


def test_a_line_with_its_counts() -> None:
    wide = Image(np.zeros((200, 300, 3), np.uint8), "image")
    drawn = line_counter_visualization(wide, [[10, 100], [290, 100]], color="red", count_in=3, opacity=1.0)["image"]
    assert drawn.pixels[100, 15].tolist() == [0, 0, 255]
    rows, columns = np.nonzero(lit(drawn))
    assert rows.min() > 50
    assert rows.max() < 150
    assert columns.min() >= 8
    assert (drawn.pixels.min(axis=2) == 255).any(), "white letters on red"
    other = line_counter_visualization(wide, [[10, 100], [290, 100]], color="red", count_in=4, opacity=1.0)["image"]
    assert not np.array_equal(drawn.pixels, other.pixels)
    assert not wide.pixels.any()


def test_the_counts_stay_in_the_picture() -> None:
    wide = Image(np.zeros((100, 300, 3), np.uint8), "image")
    label: dict[str, Any] = {"color": "red", "opacity": 0.0, "text_scale": 0.5}
    middle = lit(line_counter_visualization(wide, [[0, 50], [300, 50]], **label)["image"]).sum()
    for line in ([[0, 0], [10, 0]], [[299, 99], [290, 99]], [[-500, -500], [-400, -500]]):
        assert lit(line_counter_visualization(wide, line, **label)["image"]).sum() == middle


def test_a_line_that_is_none() -> None:
    with pytest.raises(RuntimeInputError):
        line_counter_visualization(BLACK, [[1, 1], [1, 1]])


def objects(*rows: Any) -> np.ndarray[Any, np.dtype[np.object_]]:
    column = np.empty(len(rows), object)
    for index, row in enumerate(rows):
        column[index] = row
    return column


def triangle(ids: tuple[int, ...] = (0, 1, 2)) -> Detections:
    points = np.array([[10, 10], [50, 10], [30, 40]], np.float32)[list(ids)]
    return found(
        BOX,
        columns={
            "keypoints_xy": objects(points),
            "keypoints_class_id": objects(np.array(ids)),
            "keypoints_class_name": objects(np.array(["nose", "ear", "tail"])[list(ids)]),
            "keypoints_confidence": objects(np.ones(len(ids), np.float32)),
        },
    )


def test_dots() -> None:
    drawn = lit(keypoint_visualization(BLACK, triangle(), annotator_type="vertex", radius=2, color="red")["image"])
    assert drawn[10, 10]
    assert drawn[10, 50]
    assert drawn[40, 30]
    assert not drawn[10, 30]
    assert not BLACK.pixels.any()


def test_edges_connect_what_they_say() -> None:
    drawn = lit(keypoint_visualization(BLACK, triangle(), edges=[[1, 2]], thickness=1)["image"])
    assert drawn[10, 10:51].all()
    assert drawn.sum() == 41


def test_points_that_were_not_found_leave_the_others_in_place() -> None:
    drawn = lit(keypoint_visualization(BLACK, triangle((0, 2)), edges=[[1, 2], [1, 3], [3, 9]], thickness=1)["image"])
    assert drawn[25, 20]
    assert not drawn[10, 30]


def test_a_known_skeleton_is_recognised() -> None:
    x, y = np.meshgrid(np.linspace(5, 60, 17), [1.0])
    points = np.stack([x[0], 5 + 2 * np.arange(17) * y[0]], axis=1).astype(np.float32)
    person = found(BOX, columns={"keypoints_xy": objects(points)})
    assert lit(keypoint_visualization(BLACK, person)["image"]).any()


def test_a_skeleton_that_is_not_known_is_drawn_as_dots() -> None:
    drawn = lit(keypoint_visualization(BLACK, triangle(), radius=2)["image"])
    assert drawn[10, 10]
    assert drawn[40, 30]
    assert not drawn[10, 30]


def test_points_without_names_are_numbered() -> None:
    columns = {"keypoints_xy": objects(np.ones((2, 2)), None), "keypoints_class_name": objects(np.array(["a"]), None)}
    unnamed = found(BOX, BOX, columns={**columns, "keypoints_class_id": objects(np.array([0, 1]), None)})
    forms: tuple[Any, ...] = ("edge", "vertex", "vertex_label")
    for form in forms:
        assert lit(keypoint_visualization(BLACK, unnamed, annotator_type=form, text_padding=1)["image"]).any()


def test_names_are_written_at_their_points() -> None:
    small: dict[str, Any] = {"text_scale": 0.3, "text_padding": 1, "color": "red", "text_color": "white"}
    drawn = lit(keypoint_visualization(BLACK, triangle((2,)), annotator_type="vertex_label", **small)["image"])
    rows, columns = np.nonzero(drawn)
    assert abs(rows.mean() - 40) < 4
    assert abs(columns.mean() - 30) < 4


@pytest.mark.parametrize("form", ["edge", "vertex", "vertex_label"])
def test_no_keypoints_draw_nothing(form: Any) -> None:
    nobody = found(columns={"keypoints_xy": objects(), "keypoints_class_id": objects()})
    nothing = found(BOX, columns={"keypoints_xy": objects(np.zeros((0, 2)))})
    for detections in (found(), found(BOX), nobody, nothing):
        assert not lit(keypoint_visualization(BLACK, detections, annotator_type=form, edges=[[1, 2]])["image"]).any()


@pytest.mark.parametrize("edges", [[1, 2], [[0, 1]], [[1, 2, 3]], [["a", 1]], [[1, 10**6]], [[1.5, 2]]])
def test_edges_that_are_none(edges: Any) -> None:
    with pytest.raises(RuntimeInputError, match="no edge"):
        keypoint_visualization(BLACK, triangle(), edges=edges)

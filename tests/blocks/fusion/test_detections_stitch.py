"""Detections of tiles, back in the whole picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.classical_cv.image_preprocessing import image_preprocessing
from blocks.fusion.detections_stitch import Strategy, detections_stitch
from blocks.transformations.image_slicer import image_slicer_v2
from engine.errors import RuntimeInputError
from engine.values.detections import Detections, strings
from engine.values.image import Image
from tests.blocks.samples import found, picture

IMAGE = picture()
LEFT, RIGHT = IMAGE.crop("left", 0, 0, 40, 48), IMAGE.crop("right", 24, 0, 40, 48)


def parts(*, mask: bool = False) -> list[Detections]:
    """One object that both tiles see at 25..35, and one that each sees alone."""
    left = found((25, 0, 35, 10), (0, 20, 10, 30), frame=LEFT.frame, mask=masks(LEFT) if mask else None)
    right = found((1, 0, 12, 10), (30, 20, 40, 30), frame=RIGHT.frame, mask=masks(RIGHT) if mask else None)
    sure = np.array([0.8, 0.5], np.float32)
    return [left, replace(right, confidence=sure)]


def masks(tile: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    found_masks = np.zeros((2, tile.height, tile.width), bool)
    if tile is LEFT:
        found_masks[0, 0:10, 25:35] = found_masks[1, 20:30, 0:10] = True
    else:
        found_masks[0, 0:10, 1:12] = found_masks[1, 20:30, 30:40] = True
    return found_masks


@pytest.mark.parametrize(
    ("strategy", "boxes", "confidence"),
    [
        ("none", [[25, 0, 35, 10], [0, 20, 10, 30], [25, 0, 36, 10], [54, 20, 64, 30]], [0.9, 0.5, 0.8, 0.5]),
        ("nms", [[25, 0, 35, 10], [0, 20, 10, 30], [54, 20, 64, 30]], [0.9, 0.5, 0.5]),
        ("nmm", [[25, 0, 36, 10], [0, 20, 10, 30], [54, 20, 64, 30]], [(100 * 0.9 + 110 * 0.8) / 210, 0.5, 0.5]),
    ],
)
@pytest.mark.parametrize("mask", [False, True])
def test_strategies(strategy: Strategy, boxes: list[list[int]], confidence: list[float], mask: bool) -> None:
    whole = detections_stitch(IMAGE, parts(mask=mask), strategy)["predictions"]
    assert whole.xyxy.tolist() == boxes
    assert whole.confidence.tolist() == pytest.approx(confidence)
    assert whole.frame == IMAGE.frame
    assert whole.parent_id is None
    if mask:
        assert whole.mask is not None
        assert whole.mask.shape == (len(boxes), 48, 64)
        assert [int(one.sum()) for one in whole.mask] == [
            round((right - left) * (bottom - top)) for left, top, right, bottom in boxes
        ]


@pytest.mark.parametrize("strategy", ["nms", "nmm"])
def test_classes_do_not_meet(strategy: Strategy) -> None:
    left, right = parts()
    right = replace(right, class_id=np.array([1, 0]), class_name=strings(["b", "a"]))
    assert len(detections_stitch(IMAGE, [left, right], strategy)["predictions"]) == 4


@pytest.mark.parametrize("strategy", ["nms", "nmm"])
def test_the_threshold(strategy: Strategy) -> None:
    assert len(detections_stitch(IMAGE, parts(), strategy, 0.95)["predictions"]) == 4


@pytest.mark.parametrize("strategy", ["none", "nms", "nmm"])
@pytest.mark.parametrize("sets", [[], [found(frame=LEFT.frame)], [found(frame=LEFT.frame), found(frame=RIGHT.frame)]])
def test_nothing_found(strategy: Strategy, sets: list[Detections]) -> None:
    whole = detections_stitch(IMAGE, sets, strategy)["predictions"]
    assert len(whole) == 0
    assert whole.frame == IMAGE.frame


def test_empty_tiles_beside_full_ones() -> None:
    whole = detections_stitch(IMAGE, [found(frame=LEFT.frame), parts(mask=True)[1]])["predictions"]
    assert whole.xyxy.tolist() == [[25, 0, 36, 10], [54, 20, 64, 30]]
    assert whole.mask is not None


def test_columns_follow_their_rows() -> None:
    left, right = parts()
    points = np.array([[[26.0, 1.0]], [[1.0, 21.0]]])
    left = replace(left, columns={"keypoints_xy": points, "area": np.array([1.5, 2.5])})
    whole = detections_stitch(IMAGE, [left, replace(right, columns={"area": np.array([3.5, 4.5])})], "none")
    columns = whole["predictions"].columns
    assert columns["area"].tolist() == [1.5, 2.5, 3.5, 4.5]
    assert columns["keypoints_xy"][1].tolist() == [[1, 21]]
    assert columns["keypoints_xy"][2] is None


def test_tiles_of_a_crop_go_back_to_the_crop_or_to_the_root() -> None:
    crop = IMAGE.crop("crop", 10, 10, 30, 30)
    tile = crop.crop("tile", 5, 6, 10, 10)
    detections = [found((1, 1, 3, 3), frame=tile.frame)]
    assert detections_stitch(crop, detections)["predictions"].xyxy.tolist() == [[6, 7, 8, 9]]
    assert detections_stitch(crop, detections)["predictions"].in_root().xyxy.tolist() == [[16, 17, 18, 19]]
    assert detections_stitch(IMAGE, detections)["predictions"].xyxy.tolist() == [[16, 17, 18, 19]]


def test_the_same_picture_under_another_name() -> None:
    whole = detections_stitch(Image(IMAGE.pixels, "twin"), parts(), "none")["predictions"]
    assert whole.xyxy[3].tolist() == [54, 20, 64, 30]
    assert whole.frame.id == "twin"


def test_what_is_no_part_is_refused() -> None:
    resized = Image(np.zeros((20, 20, 3), np.uint8), "left")
    with pytest.raises(RuntimeInputError, match="no part of a larger picture"):
        detections_stitch(IMAGE, [found((0, 0, 5, 5), frame=resized.frame)])


def test_parts_of_a_resized_picture_are_refused() -> None:
    half = image_preprocessing(IMAGE, "resize", width=32, height=24)["image"]
    tile = half.crop("tile", 16, 0, 16, 24)
    detections = [found((1, 1, 3, 3), frame=tile.frame)]
    assert detections_stitch(half, detections)["predictions"].xyxy.tolist() == [[17, 1, 19, 3]]
    for whole in (IMAGE, Image(IMAGE.pixels, "twin"), IMAGE.crop("crop", 0, 0, 32, 24)):
        with pytest.raises(RuntimeInputError, match="when it had 32 x 24 pixels"):
            detections_stitch(whole, detections)


@given(box=st.tuples(st.integers(0, 50), st.integers(0, 36), st.integers(1, 10), st.integers(1, 10)))
def test_what_every_tile_sees_is_found_once(box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    sets = []
    for tile in image_slicer_v2(IMAGE, 32, 24, 0.5, 0.5)["slices"]:
        place = tile.parent
        assert place is not None
        x, y = place.x, place.y
        inside = x <= left and y <= top and right <= x + tile.width and bottom <= y + tile.height
        boxes = [(float(left - x), float(top - y), float(right - x), float(bottom - y))] if inside else []
        sets.append(found(*boxes, frame=tile.frame))
    whole = detections_stitch(IMAGE, sets)["predictions"]
    assert whole.xyxy.tolist() == [[left, top, right, bottom]]

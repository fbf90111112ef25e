"""Crops: their pixels, their ancestry, and their detections in their own coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from blocks.transformations.detection_offset import detection_offset
from blocks.transformations.dynamic_crop import dynamic_crop
from engine.errors import RuntimeInputError
from engine.values.detections import Detections
from engine.values.frame import Frame
from engine.values.image import Image
from engine.values.shape import MISSING
from tests.blocks.samples import found, picture


def crops_of(image: Image, detections: Detections) -> list[Image]:
    crops = dynamic_crop(image, detections)["crops"]
    assert all(isinstance(crop, Image) for crop in crops)
    return [crop for crop in crops if isinstance(crop, Image)]


def test_pixels_and_ancestry() -> None:
    image = picture()
    detections = found((10, 5, 30, 25), (0, 0, 64, 48))
    first, whole = crops_of(image, detections)
    assert (first.width, first.height) == (20, 20)
    assert tuple(first.pixels[0, 0, :2]) == (10, 5)
    assert first.id == detections.detection_id[0]
    assert first.parent is not None
    assert (first.parent.id, first.parent.x, first.parent.y) == ("image", 10, 5)
    assert (first.parent.width, first.parent.height) == (64, 48)
    assert first.parent == first.root
    assert np.array_equal(whole.pixels, image.pixels)


def test_crops_are_views() -> None:
    image = picture()
    (crop,) = crops_of(image, found((10, 5, 30, 25)))
    assert np.shares_memory(crop.pixels, image.pixels)


def test_crops_of_crops_know_the_root() -> None:
    (outer,) = crops_of(picture(), found((10, 5, 40, 45)))
    inner_detections = found((2, 3, 8, 9), frame=outer.frame)
    result = dynamic_crop(outer, inner_detections)
    inner, inside = result["crops"][0], result["predictions"][0]
    assert isinstance(inner, Image)
    assert isinstance(inside, Detections)
    assert inner.parent is not None
    assert inner.root is not None
    assert (inner.parent.id, inner.parent.x, inner.parent.y) == (outer.id, 2, 3)
    assert (inner.root.id, inner.root.x, inner.root.y) == ("image", 12, 8)
    assert inside.xyxy.tolist() == [[0, 0, 6, 6]]
    assert inside.in_root().xyxy.tolist() == [[12, 8, 18, 14]]
    assert (inside.in_root().frame.id, inside.in_root().frame.width) == ("image", 64)


def test_nothing_found_gives_no_crops() -> None:
    assert dynamic_crop(picture(), found()) == {"crops": [], "predictions": []}


@pytest.mark.parametrize("box", [(10, 10, 10, 20), (10, 10, 10.4, 20), (70, 0, 80, 9), (-9, 0, -1, 9), (9, 9, 3, 3)])
def test_boxes_without_an_area_are_missing(box: tuple[float, float, float, float]) -> None:
    result = dynamic_crop(picture(), found(box, (0, 0, 5, 5)))
    assert result["crops"][0] is MISSING
    assert result["predictions"][0] is MISSING
    assert isinstance(result["crops"][1], Image)


def test_boxes_are_rounded_and_kept_inside() -> None:
    crop, *_ = crops_of(picture(), found((-3.2, 9.6, 200, 20.4)))
    assert (crop.width, crop.height) == (64, 10)
    assert crop.parent is not None
    assert (crop.parent.x, crop.parent.y) == (0, 10)


def test_what_is_larger_than_its_mask_fades_beyond_it() -> None:
    detections = found((5, 5, 60, 40), frame=Frame("image", 20, 20), mask=np.ones((1, 20, 20), bool))
    (crop,) = dynamic_crop(picture(), detections, 1.0)["crops"]
    assert isinstance(crop, Image)
    assert np.array_equal(crop.pixels[:15, :15], picture().pixels[5:20, 5:20])
    assert not crop.pixels[15:].any()
    assert not crop.pixels[:, 15:].any()


def test_the_parent_of_what_is_in_a_crop_is_the_crop() -> None:
    larger = detection_offset(found((10, 5, 30, 25)), 2, 2)["predictions"]
    assert larger.parent_id is not None
    (inside,) = dynamic_crop(picture(), larger)["predictions"]
    assert isinstance(inside, Detections)
    assert inside.parent_id is None
    assert inside.frame.id == larger.detection_id[0]


def test_masks_are_cut_and_what_is_outside_fades() -> None:
    mask = np.zeros((1, 48, 64), bool)
    mask[0, 10:20, 10:20] = True
    detections = found((5, 5, 25, 25), mask=mask)
    result = dynamic_crop(picture(), detections, mask_opacity=1.0, background_color="#FF0000")
    crop, inside = result["crops"][0], result["predictions"][0]
    assert isinstance(crop, Image)
    assert isinstance(inside, Detections)
    assert inside.mask is not None
    assert inside.mask.shape == (1, 20, 20)
    assert int(inside.mask.sum()) == 100
    assert crop.pixels[0, 0].tolist() == [0, 0, 255]
    assert crop.pixels[7, 7].tolist() == [12, 12, 0]
    half = dynamic_crop(picture(), detections, mask_opacity=0.5, background_color=(0, 0, 100))["crops"][0]
    assert isinstance(half, Image)
    assert half.pixels[0, 0].tolist() == [52, 2, 0]


def test_colours_that_are_none() -> None:
    detections = found((5, 5, 25, 25), mask=np.ones((1, 48, 64), bool))
    with pytest.raises(RuntimeInputError, match="is not a colour"):
        dynamic_crop(picture(), detections, mask_opacity=1.0, background_color="reddish")

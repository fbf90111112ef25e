"""Crops of a fixed area: where they lie, what they show, and which video they belong to."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.transformations.absolute_static_crop import absolute_static_crop
from blocks.transformations.relative_static_crop import relative_static_crop
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.values.shape import MISSING
from tests.blocks.samples import picture


def box(crop: object) -> tuple[int, int, int, int]:
    assert isinstance(crop, Image)
    assert crop.parent is not None
    return crop.parent.x, crop.parent.y, crop.width, crop.height


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ((32, 24, 20, 10), (22, 19, 20, 10)),
        ((10, 10, 5, 5), (8, 8, 5, 5)),
        ((0, 0, 20, 10), (0, 0, 10, 5)),
        ((64, 48, 20, 10), (54, 43, 10, 5)),
        ((32, 24, 1000, 1000), (0, 0, 64, 48)),
    ],
)
def test_absolute(area: tuple[int, int, int, int], expected: tuple[int, int, int, int]) -> None:
    image = picture()
    crop = absolute_static_crop(image, *area)["crops"]
    assert box(crop) == expected
    assert isinstance(crop, Image)
    assert tuple(crop.pixels[0, 0, :2]) == expected[:2]
    assert np.shares_memory(crop.pixels, image.pixels)


@pytest.mark.parametrize("area", [(100, 24, 20, 10), (-50, 24, 20, 10), (32, 24, 0, 10), (32, 90, 20, 10)])
def test_nothing_left_is_missing(area: tuple[int, int, int, int]) -> None:
    assert absolute_static_crop(picture(), *area)["crops"] is MISSING


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ((0.5, 0.5, 1.0, 1.0), (0, 0, 64, 48)),
        ((0.5, 0.5, 0.5, 0.25), (16, 18, 32, 12)),
        ((1.0, 1.0, 0.5, 0.5), (48, 36, 16, 12)),
        ((0.0, 0.0, 0.5, 0.5), (0, 0, 16, 12)),
    ],
)
def test_relative(area: tuple[float, float, float, float], expected: tuple[int, int, int, int]) -> None:
    assert box(relative_static_crop(picture(), *area)["crops"]) == expected


def test_relative_areas_without_size_are_missing() -> None:
    assert relative_static_crop(picture(), 0.5, 0.5, 0.0, 1.0)["crops"] is MISSING


@given(width=st.integers(2, 200), split=st.sampled_from([0.25, 0.5, 0.75]))
def test_areas_that_touch_give_crops_that_touch(width: int, split: float) -> None:
    image = picture(width, 4)
    left = relative_static_crop(image, split / 2, 0.5, split, 1.0)["crops"]
    right = relative_static_crop(image, (1 + split) / 2, 0.5, 1 - split, 1.0)["crops"]
    widths = [crop.width for crop in (left, right) if isinstance(crop, Image)]
    assert sum(widths) == width


def test_the_video_is_kept_and_the_area_names_its_source() -> None:
    moment = VideoMoment("camera", 7, datetime(2024, 5, 1, tzinfo=UTC), 25.0)
    frames = [Image(picture().pixels, "frame", video=moment) for _ in range(2)]
    first, second = (absolute_static_crop(frame, 32, 24, 20, 10)["crops"] for frame in frames)
    other = relative_static_crop(frames[0], 0.5, 0.5, 0.5, 0.5)["crops"]
    assert isinstance(first, Image)
    assert isinstance(second, Image)
    assert isinstance(other, Image)
    assert first.video.source == "camera | crop: absolute_static_crop.22,19,42,29"
    assert (first.video.number, first.video.fps) == (7, 25.0)
    assert second.video.source == first.video.source
    assert other.video.source != first.video.source
    assert first.id != second.id
    assert first.id.startswith("absolute_static_crop.")
    assert other.id.startswith("relative_static_crop.")


def test_crops_of_crops_know_the_root() -> None:
    outer = absolute_static_crop(picture(), 32, 24, 20, 10)["crops"]
    assert isinstance(outer, Image)
    inner = absolute_static_crop(outer, 10, 5, 4, 4)["crops"]
    assert isinstance(inner, Image)
    assert inner.parent is not None
    assert inner.root is not None
    assert (inner.parent.id, inner.parent.x, inner.parent.y) == (outer.id, 8, 3)
    assert (inner.root.id, inner.root.x, inner.root.y) == ("image", 30, 22)

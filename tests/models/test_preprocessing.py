"""Pictures become tensors as the manifest says, and boxes find their way back."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.errors import ModelInputError
from models.manifest import Preprocessing
from models.preprocessing import Placement, prepare, prepare_batch

Resize = Literal["stretch", "letterbox", "letterbox-corner", "crop"]
RESIZES: tuple[Resize, ...] = ("stretch", "letterbox", "letterbox-corner", "crop")
BLUE, GREEN, RED = 10, 20, 30
sides = st.integers(1, 300)


def plain(height: int, width: int) -> npt.NDArray[np.uint8]:
    """A picture of one colour, so that resizing changes nothing."""
    return np.full((height, width, 3), (BLUE, GREEN, RED), np.uint8)


def prepared(
    pixels: npt.NDArray[np.uint8], width: int, height: int, **settings: Any
) -> tuple[npt.NDArray[np.float32], Placement]:
    """One picture in a tensor that held something else before."""
    out = np.full((3, height, width), np.nan, np.float32)
    return out, prepare(pixels, Preprocessing(**settings), width, height, out)


@pytest.mark.parametrize(
    ("resize", "size", "spot"),
    [
        ("stretch", (50, 100), (0, 0, 8, 6)),
        ("letterbox", (50, 100), (0, 1, 8, 5)),
        ("letterbox", (100, 50), (2, 0, 5, 6)),
        ("letterbox", (6, 8), (0, 0, 8, 6)),
        ("letterbox", (1, 1000), (0, 2, 8, 3)),
        ("letterbox-corner", (50, 100), (0, 0, 8, 4)),
        ("letterbox-corner", (100, 50), (0, 0, 3, 6)),
        ("crop", (50, 100), (0, 0, 8, 6)),
        ("crop", (1, 1000), (0, 0, 8, 6)),
    ],
)
def test_where_the_picture_lies(resize: Resize, size: tuple[int, int], spot: tuple[int, int, int, int]) -> None:
    out, _ = prepared(plain(*size), 8, 6, resize=resize, pad=200, scale=1)
    left, top, right, bottom = spot
    expected = np.full((3, 6, 8), 200.0)
    expected[:, top:bottom, left:right] = np.array([RED, GREEN, BLUE])[:, None, None]
    np.testing.assert_array_equal(out, expected)


def test_values() -> None:
    settings: dict[str, Any] = {"scale": 2, "mean": (1, 2, 3), "std": (2, 4, 8), "pad": 114, "resize": "letterbox"}
    rgb, _ = prepared(plain(2, 4), 4, 4, color="rgb", **settings)
    np.testing.assert_array_equal(rgb[:, 1, 0], [(15 - 1) / 2, (10 - 2) / 4, (5 - 3) / 8])
    np.testing.assert_array_equal(rgb[:, 0, 0], [(57 - 1) / 2, (57 - 2) / 4, (57 - 3) / 8])
    bgr, _ = prepared(plain(2, 4), 4, 4, color="bgr", **settings)
    np.testing.assert_array_equal(bgr[:, 1, 0], [(5 - 1) / 2, (10 - 2) / 4, (15 - 3) / 8])


def test_as_a_naive_letterbox() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    out, _ = prepared(pixels, 64, 64, resize="letterbox", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    canvas = np.full((64, 64, 3), 114, np.uint8)
    canvas[8:56] = cv2.resize(pixels, (64, 48))
    rgb = canvas[:, :, ::-1].astype(np.float64) / 255
    expected = (rgb - [0.1, 0.2, 0.3]) / [0.4, 0.5, 0.6]
    np.testing.assert_allclose(out, expected.transpose(2, 0, 1), atol=1e-6)


def test_crop_keeps_the_middle() -> None:
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[:, 30:70] = 255
    out, _ = prepared(pixels, 20, 20, resize="crop")
    assert out.min() == 1


def test_a_crop_thinner_than_a_pixel_is_one_pixel() -> None:
    out, at = prepared(plain(1, 1000), 1, 300, resize="crop", scale=1)
    np.testing.assert_array_equal(out[2], np.full((300, 1), BLUE))
    np.testing.assert_array_equal(at.to_image(np.array([[0, 0, 1, 300]], np.float32)), [[499, 0, 500, 1]])


def test_a_view_of_a_picture_is_a_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    view = pixels[10:50, 20:70]
    np.testing.assert_array_equal(prepared(view, 32, 32)[0], prepared(view.copy(), 32, 32)[0])


def test_a_batch_of_different_sizes() -> None:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in ((30, 50), (64, 9))]
    settings = Preprocessing(resize="letterbox")
    batch, placements = prepare_batch(images, settings, (32, 48))
    assert batch.shape == (2, 3, 32, 48)
    assert batch.dtype == np.float32
    for image, tensor, placement in zip(images, batch, placements, strict=True):
        expected, at = prepared(image, 48, 32, resize="letterbox")
        np.testing.assert_array_equal(tensor, expected)
        assert placement == at


def test_no_pictures() -> None:
    batch, placements = prepare_batch([], Preprocessing(), (32, 48))
    assert batch.shape == (0, 3, 32, 48)
    assert placements == []


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ModelInputError, match="without pixels"):
        prepared(plain(*size), 8, 8)


def test_to_image_by_hand() -> None:
    placement = Placement(scale_x=0.5, scale_y=0.5, pad_x=0, pad_y=80, width=1280, height=960)
    boxes = np.array([[10, 90, 20, 100], [-5, 0, 900, 900], [0.2, 80.2, 0.3, 80.3]], np.float32)
    found = placement.to_image(boxes)
    np.testing.assert_array_equal(found, [[20, 20, 40, 40], [0, 0, 1280, 960], [0, 0, 1, 1]])
    assert found.dtype == np.float32


def test_to_image_of_nothing() -> None:
    placement = Placement(scale_x=0.5, scale_y=0.5, pad_x=0, pad_y=80, width=1280, height=960)
    assert placement.to_image(np.zeros((0, 4), np.float32)).shape == (0, 4)


@settings(deadline=None)
@given(resize=st.sampled_from(RESIZES), width=sides, height=sides, to_width=sides, to_height=sides, data=st.data())
def test_there_and_back(
    resize: Resize, width: int, height: int, to_width: int, to_height: int, data: st.DataObject
) -> None:
    """A corner of pixels, carried into the tensor by the definition of a placement, comes back."""
    _, at = prepared(plain(height, width), to_width, to_height, resize=resize)
    x, y = data.draw(st.integers(0, width)), data.draw(st.integers(0, height))
    inside = np.array([[x * at.scale_x + at.pad_x, y * at.scale_y + at.pad_y] * 2], np.float32)
    np.testing.assert_array_equal(at.to_image(inside), [[x, y, x, y]])


@settings(deadline=None)
@given(resize=st.sampled_from(RESIZES), width=sides, height=sides, to_width=sides, to_height=sides)
def test_every_box_comes_back_within_the_picture(
    resize: Resize, width: int, height: int, to_width: int, to_height: int
) -> None:
    _, at = prepared(plain(height, width), to_width, to_height, resize=resize)
    back = at.to_image(np.array([[-1e6, -1e6, 1e6, 1e6]], np.float32))
    np.testing.assert_array_equal(back, [[0, 0, width, height]])


@settings(deadline=None)
@given(
    resize=st.sampled_from(RESIZES),
    width=st.integers(60, 200),
    height=st.integers(60, 200),
    to_width=st.integers(60, 200),
    to_height=st.integers(60, 200),
)
def test_what_is_seen_in_the_tensor_is_there_in_the_picture(
    resize: Resize, width: int, height: int, to_width: int, to_height: int
) -> None:
    """The bounds of a white square, measured in the tensor, come back to where it was drawn."""
    drawn = np.array([width // 2 - 8, height // 2 - 8, width // 2 + 8, height // 2 + 8])
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[drawn[1] : drawn[3], drawn[0] : drawn[2]] = 255
    out, at = prepared(pixels, to_width, to_height, resize=resize, pad=0)
    rows, columns = np.nonzero(out[0] > 0.5)
    assume(rows.min() > 0 and columns.min() > 0 and rows.max() < to_height - 1 and columns.max() < to_width - 1)
    seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    slack = 1 + 1 / min(at.scale_x, at.scale_y)
    np.testing.assert_allclose(at.to_image(seen)[0], drawn, atol=slack)

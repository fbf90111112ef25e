"""Boxes that grow and shrink."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.transformations.detection_offset import detection_offset
from tests.blocks.samples import found

Box = tuple[float, float, float, float]


@pytest.mark.parametrize(
    ("units", "offset", "box", "expected"),
    [
        ("Pixels", (10, 4), (20, 20, 30, 30), (15, 18, 35, 32)),
        ("Pixels", (5, 0), (20, 20, 30, 30), (18, 20, 32, 30)),
        ("Pixels", (100, 100), (20, 20, 30, 30), (0, 0, 64, 48)),
        ("Pixels", (-4, -6), (20, 20, 30, 30), (22, 23, 28, 27)),
        ("Pixels", (-40, 0), (20, 20, 30, 30), (25, 20, 25, 30)),
        ("Percent (%)", (50, 20), (20, 20, 40, 30), (15, 19, 45, 31)),
        ("Percent (%)", (10, 10), (20, 20, 35, 30), (20, 20, 35, 30)),
        ("Percent (%)", (-50, 0), (20, 20, 40, 30), (25, 20, 35, 30)),
        ("Percent (%)", (1000, 1000), (20, 20, 40, 30), (0, 0, 64, 48)),
    ],
)
def test_boxes(units: Literal["Percent (%)", "Pixels"], offset: tuple[int, int], box: Box, expected: Box) -> None:
    moved = detection_offset(found(box), *offset, units)["predictions"]
    assert moved.xyxy.tolist() == [list(expected)]
    assert moved.xyxy.dtype == np.float32


def test_ids_are_new_and_the_old_ones_are_parents() -> None:
    before = found((0, 0, 5, 5), (5, 5, 9, 9))
    after = detection_offset(before, 2, 2)["predictions"]
    assert not set(after.detection_id) & set(before.detection_id)
    assert after.parent_id is not None
    assert after.parent_id.tolist() == before.detection_id.tolist()
    assert after.class_name.tolist() == ["a", "b"]
    assert before.xyxy.tolist() == [[0, 0, 5, 5], [5, 5, 9, 9]]


@pytest.mark.parametrize("units", ["Pixels", "Percent (%)"])
def test_nothing_found(units: Literal["Percent (%)", "Pixels"]) -> None:
    after = detection_offset(found(), 10, 10, units)["predictions"]
    assert len(after) == 0
    assert after.xyxy.shape == (0, 4)
    assert after.frame.width == 64


@given(
    low=st.tuples(st.floats(0, 60, width=32), st.floats(0, 40, width=32)),
    size=st.tuples(st.floats(0, 30, width=32), st.floats(0, 30, width=32)),
    offset=st.integers(-300, 300),
    units=st.sampled_from(["Pixels", "Percent (%)"]),
)
def test_sides_stay_in_order_and_inside(
    low: tuple[float, float], size: tuple[float, float], offset: int, units: Literal["Percent (%)", "Pixels"]
) -> None:
    box = (*low, low[0] + size[0], low[1] + size[1])
    left, top, right, bottom = detection_offset(found(box), offset, offset, units)["predictions"].xyxy[0].tolist()
    assert 0 <= left <= right <= 64
    assert 0 <= top <= bottom <= 48

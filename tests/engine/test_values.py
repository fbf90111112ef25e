"""Values that move from one picture to another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.errors import RuntimeInputError
from engine.outputs import in_outermost
from engine.values.detections import objects, strings
from engine.values.frame import Frame
from tests.blocks.samples import found

CROP = Frame("image", 64, 48).cut("crop", 10, 20, 30, 20)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (np.array([[[1, 2]]]), [[[1.5, 2.25]]]),
        (np.array([[[1, 2]]], np.float32), [[[1.5, 2.25]]]),
        (objects([[[1, 2], [3, 4]]]), [[[1.5, 2.25], [3.5, 4.25]]]),
        (objects([[]]), [[]]),
        (objects([None]), [None]),
    ],
    ids=["whole numbers", "floats", "lists", "no points", "nothing"],
)
def test_points_move_with_their_boxes(column: Any, expected: list[Any]) -> None:
    moved = found((0, 0, 1, 1), columns={"keypoints_xy": column}).moved(Frame("other", 9, 9), 0.5, 0.25)
    assert moved.xyxy.tolist() == [[0.5, 0.25, 1.5, 1.25]]
    assert [None if row is None else np.asarray(row).tolist() for row in moved.columns["keypoints_xy"]] == expected


@pytest.mark.parametrize("container", [list, tuple])
def test_detections_in_containers_come_back_to_the_picture_from_outside(container: Any) -> None:
    inside = found((0, 0, 1, 1), frame=CROP)
    (moved,) = in_outermost(container([inside]))
    assert moved.xyxy.tolist() == [[10, 20, 11, 21]]
    assert type(in_outermost(container([inside]))) is container


def test_masks_that_get_too_large_are_refused() -> None:
    crop = Frame("image", 20_000, 20_000).cut("crop", 0, 0, 10, 10)
    masked = found((1, 1, 3, 3), (1, 1, 3, 3), frame=crop, mask=np.zeros((2, 10, 10), bool))
    with pytest.raises(RuntimeInputError, match="2 masks over a picture of 20000 x 20000"):
        masked.in_root()
    assert len(replace(masked, mask=None).in_root()) == 2


def test_parents_stay_within_a_frame_only() -> None:
    frame = Frame("image", 64, 48)
    child = found((1, 1, 3, 3), frame=frame, parent_id=strings(["larger"]))
    assert child.moved(frame, 1, 1).parent_id is child.parent_id
    assert child.moved(frame.cut("crop", 0, 0, 10, 10), 0, 0).parent_id is None

"""Non-maximum suppression keeps what a naive one keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.nms import BLOCK, suppress

Box = tuple[float, float, float, float]


def naive(
    boxes: Sequence[Box], scores: Sequence[float], classes: Sequence[int], threshold: float, agnostic: bool, most: int
) -> list[int]:
    """Greedy suppression in plain Python."""
    kept: list[int] = []
    for row in sorted(range(len(boxes)), key=lambda row: -scores[row]):
        rivals = [other for other in kept if agnostic or classes[other] == classes[row]]
        if all(iou(boxes[row], boxes[other]) <= threshold for other in rivals):
            kept.append(row)
    return kept[:most]


def iou(one: Box, other: Box) -> float:
    """Intersection over union; 0 where the union is empty."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / union if union else 0.0


def run(
    boxes: Sequence[Box],
    scores: Sequence[float],
    classes: Sequence[int] | None = None,
    threshold: float = 0.5,
    agnostic: bool = False,
    most: int = 300,
) -> list[int]:
    """What `suppress` keeps; all boxes are of one class unless `classes` says otherwise."""
    xyxy: npt.NDArray[np.float32] = np.array(boxes, np.float32).reshape(-1, 4)
    ids = np.array(classes or [0] * len(boxes), np.int64)
    return list(suppress(xyxy, np.array(scores, np.float32), ids, threshold, agnostic, most))


@st.composite
def box(draw: st.DrawFn) -> Box:
    x, y = draw(st.integers(-20, 20)), draw(st.integers(-20, 20))
    return x, y, x + draw(st.integers(0, 15)), y + draw(st.integers(0, 15))


@settings(deadline=None)
@given(
    found=st.lists(st.tuples(box(), st.integers(0, 8), st.integers(0, 2)), max_size=40),
    threshold=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 1.0]),
    agnostic=st.booleans(),
    most=st.integers(0, 10),
)
def test_as_the_naive_one(found: list[tuple[Box, int, int]], threshold: float, agnostic: bool, most: int) -> None:
    boxes = [item[0] for item in found]
    scores = [item[1] / 8 for item in found]
    classes = [item[2] for item in found]
    assert run(boxes, scores, classes, threshold, agnostic, most) == naive(
        boxes, scores, classes, threshold, agnostic, most
    )


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize("spread", [40, 2000])
def test_more_boxes_than_a_block(agnostic: bool, spread: int) -> None:
    random = np.random.default_rng(1)
    corners = random.integers(0, spread, (3 * BLOCK + 7, 2))
    sizes = random.integers(1, 40, corners.shape)
    boxes = [tuple(map(float, row)) for row in np.hstack([corners, corners + sizes])]
    scores = random.random(len(boxes), dtype=np.float32).tolist()
    classes = random.integers(0, 3, len(boxes)).tolist()
    expected = naive(boxes, scores, classes, 0.3, agnostic, 10_000)  # type: ignore[arg-type]  # four to a row
    kept = run(boxes, scores, classes, 0.3, agnostic, 10_000)  # type: ignore[arg-type]
    assert kept == expected
    assert len(kept) < len(boxes)


def test_nothing() -> None:
    assert run([], []) == []


def test_one() -> None:
    assert run([(1, 2, 3, 4)], [0.5]) == [0]


def test_identical_boxes_leave_the_surest() -> None:
    assert run([(0, 0, 10, 10)] * 3, [0.2, 0.9, 0.5]) == [1]


def test_of_equals_the_first_stays() -> None:
    assert run([(0, 0, 10, 10), (0, 0, 10, 10), (90, 90, 99, 99)], [0.5] * 3) == [0, 2]


@pytest.mark.parametrize(("covered", "threshold"), [(1, 0.1), (3, 0.3), (5, 0.5), (7, 0.7)])
def test_an_overlap_equal_to_the_threshold_stays(covered: int, threshold: float) -> None:
    boxes: list[Box] = [(0, 0, 10, 1), (0, 0, covered, 1)]
    assert run(boxes, [0.9, 0.8], threshold=threshold) == [0, 1]
    assert run(boxes, [0.9, 0.8], threshold=threshold - 1e-4) == [0]


def test_boxes_without_area_suppress_nothing() -> None:
    assert run([(0, 0, 0, 0), (0, 0, 0, 0), (50, 50, 50, 60)], [0.9, 0.8, 0.7], threshold=0) == [0, 1, 2]


def test_classes_do_not_meet() -> None:
    boxes: list[Box] = [(0, 0, 10, 10), (-11, -11, -1, -1), (0, 0, 10, 10)]
    assert run(boxes, [0.9, 0.8, 0.7], [0, 1, 2], threshold=0.1) == [0, 1, 2]
    assert run(boxes, [0.9, 0.8, 0.7], [0, 1, 2], threshold=0.1, agnostic=True) == [0, 1]


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain: list[Box] = [(0, 0, 10, 1), (4, 0, 14, 1), (8, 0, 18, 1)]
    assert run(chain, [0.9, 0.8, 0.7], threshold=0.3) == [0, 2]


def test_enormous_boxes_do_no_harm() -> None:
    assert run([(-3e38, -3e38, 3e38, 3e38), (0, 0, 1, 1)], [0.9, 0.8]) == [0, 1]

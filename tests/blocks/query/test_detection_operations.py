"""What operations on detections keep, move and rename beside the boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.query import parse_operations
from engine.values.detections import Detections
from tests.blocks.query.samples import MEASURED, PAIR, binary, detections, keep, of_row, op, static

CATS = detections(
    ("cat", 0.5, (0, 0, 1, 1)), ("dog", 0.5, (1, 1, 2, 2)), ("cat", 0.5, (2, 2, 3, 3)), ("eel", 0.5, (3, 3, 4, 4))
)
"""Class ids 2, 3, 2, 4."""


def run(value: Detections, *operations: dict[str, Any], **parameters: Any) -> Detections:
    found = parse_operations(list(operations))(value, parameters)
    assert isinstance(found, Detections)
    return found


RENAMES: list[tuple[dict[str, Any], list[str], list[int]]] = [
    ({"class_map": {"cat": "pet", "dog": "pet", "eel": "fish"}}, ["pet", "pet", "pet", "fish"], [1, 1, 1, 0]),
    (
        {"class_map": {"cat": "b", "dog": "c", "eel": "d", "absent": "a"}},
        ["b", "c", "b", "d"],
        [1, 2, 1, 3],
    ),
    ({"class_map": {"cat": "pet"}, "strict": False}, ["pet", "dog", "pet", "eel"], [1024, 3, 1024, 4]),
    ({"class_map": {"cat": "z", "eel": "y"}, "strict": False}, ["z", "dog", "z", "y"], [1025, 3, 1025, 1024]),
    ({"class_map": {"cat": "dog"}, "strict": False}, ["dog", "dog", "dog", "eel"], [3, 3, 3, 4]),
    ({"class_map": {"cat": "dog", "dog": "cat"}, "strict": False}, ["dog", "cat", "dog", "eel"], [3, 2, 3, 4]),
    (
        {"class_map": {"cat": "pet"}, "strict": False, "new_classes_id_offset": 7},
        ["pet", "dog", "pet", "eel"],
        [7, 3, 7, 4],
    ),
    ({"class_map": "names", "strict": "all"}, ["x", "dog", "x", "eel"], [1024, 3, 1024, 4]),
]


@pytest.mark.parametrize(("parameters", "names", "ids"), RENAMES)
def test_renaming(parameters: dict[str, Any], names: list[str], ids: list[int]) -> None:
    found = run(CATS, op("DetectionsRename", **parameters), names={"cat": "x"}, all=False)
    assert found.class_name.tolist() == names
    assert found.class_id.tolist() == ids
    assert found.class_id.dtype == np.int64
    assert CATS.class_name.tolist() == ["cat", "dog", "cat", "eel"]


def test_filtering_keeps_all_columns_of_a_row() -> None:
    found = run(MEASURED, keep(binary(of_row("tracker_id"), "==", static(8))))
    assert found.tracker_id is not None
    assert found.tracker_id.tolist() == [8]
    assert {name: len(column) for name, column in found.columns.items()} == dict.fromkeys(MEASURED.columns, 1)
    assert found.columns["in_out"].tolist() == ["out"]


def test_shifting_moves_masks_and_points() -> None:
    mask = np.zeros((1, 100, 200), np.bool_)
    mask[0, 10, 10] = True
    one = detections(("a", 0.5, (10, 10, 11, 11)), mask=mask, columns={"keypoints_xy": [np.array([[10.0, 10.0]])]})
    found = run(one, op("DetectionsShift", shift_x=5, shift_y=-3))
    assert found.mask is not None
    assert np.argwhere(found.mask).tolist() == [[0, 7, 15]]
    assert found.columns["keypoints_xy"][0].tolist() == [[15.0, 7.0]]
    assert found.frame == one.frame


def test_growing_may_leave_the_picture_and_keeps_the_type_of_boxes() -> None:
    found = run(PAIR, op("DetectionsOffset", offset_x=30, offset_y=5))
    assert found.xyxy.dtype == np.float32
    assert found.xyxy.tolist() == [[-5, 17.5, 45, 62.5], [-10, 2.5, 31, 12.5]]
    assert found.detection_id.tolist() == PAIR.detection_id.tolist()


def test_a_child_on_the_edge_of_a_parent_is_picked() -> None:
    yard = detections(
        ("child", 0.5, (8, 8, 12, 12)),
        ("child", 0.5, (9, 9, 12, 12)),
        ("parent", 0.5, (0, 0, 10, 10)),
        ("child", 0.5, (-4, -4, 4, 4)),
        ("parent", 0.5, (3, 3, 7, 7)),
    )
    found = run(yard, op("PickDetectionsByParentClass", parent_class="parent"))
    assert found.detection_id.tolist() == ["id2", "id4", "id0", "id3"]


def test_equal_detections_keep_their_order() -> None:
    crowd = detections(*[("a", 0.5, (row % 2, 0, 5, 5)) for row in range(100)])
    for ascending in (True, False):
        found = run(crowd, op("SortDetections", mode="x_min", ascending=ascending))
        even, odd = crowd.detection_id[::2].tolist(), crowd.detection_id[1::2].tolist()
        assert found.detection_id.tolist() == (even + odd if ascending else odd + even)


def test_each_row_draws_a_random_number_of_its_own() -> None:
    crowd = detections(*[("a", 0.5, (0, 0, 1, 1))] * 200)
    found = run(crowd, keep(binary(static(0, op("RandomNumber")), "(Number) <", static(0.5))))
    assert 40 < len(found) < 160

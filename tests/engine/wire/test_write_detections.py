"""What detections look like on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.values.detections import objects
from engine.wire.write_detections import encode_detections
from tests.engine.wire.samples import CROPPED, boxes, keypoints, masks


def rows(*args: Any, rle: bool = False, **fields: Any) -> list[dict[str, Any]]:
    """The predictions of a set made of the arguments."""
    found: list[dict[str, Any]] = encode_detections(boxes(*args, **fields), rle=rle)["predictions"]
    return found


def test_a_box() -> None:
    assert encode_detections(boxes(1)) == {
        "image": {"width": 24, "height": 16},
        "predictions": [
            {
                "width": 3.125,
                "height": 2.125,
                "x": 1.5625,
                "y": 1.125,
                "confidence": 0.0,
                "class_id": 0,
                "class": "class 0",
                "detection_id": "id 0",
                "parent_id": "camera",
            }
        ],
    }


def test_nothing_found_has_a_size() -> None:
    assert encode_detections(boxes(0)) == {"image": {"width": 24, "height": 16}, "predictions": []}


def test_a_crop_says_where_it_lies() -> None:
    row = rows(1, CROPPED)[0]
    assert row["parent_id"] == "car"
    assert row["parent_origin"] == {"offset_x": 7, "offset_y": 5, "width": 120, "height": 90}
    assert row["root_parent_id"] == "city"
    assert row["root_parent_origin"] == {"offset_x": 107, "offset_y": 55, "width": 400, "height": 300}


def test_masks_travel_as_outlines() -> None:
    shown = masks(3)
    shown[1] = False
    found = rows(3, mask=shown)
    assert [row["detection_id"] for row in found] == ["id 0", "id 2"]
    assert found[0]["points"] == [{"x": 0, "y": 0}, {"x": 0, "y": 4}, {"x": 3, "y": 4}, {"x": 3, "y": 0}]
    shown[1, 7, 9] = True
    assert rows(3, mask=shown)[1]["points"] == [{"x": 9, "y": 7}] * 3


def test_the_largest_outline_is_taken() -> None:
    shown = np.zeros((1, 16, 24), np.bool_)
    shown[0, 1:3, 1:3] = True
    shown[0, 5:10, 5:10] = True
    assert {point["x"] for point in rows(1, mask=shown)[0]["points"]} == {5, 9}


def test_masks_travel_as_run_lengths() -> None:
    shown = np.zeros((2, 16, 24), np.bool_)
    shown[0] = True
    found = rows(2, mask=shown, rle=True)
    assert [row["rle_mask"] for row in found] == [
        {"size": [16, 24], "counts": "0P<"},
        {"size": [16, 24], "counts": "P<"},
    ]
    assert "points" not in found[0]


def test_stored_polygons_are_preferred() -> None:
    polygons = objects([np.array([[1, 2], [3, 4]]), None, []])
    found = rows(3, mask=masks(3), columns={"polygon": polygons})
    assert found[0]["points"] == [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 3, "y": 4}]
    assert [len(row["points"]) for row in found] == [3, 4, 4]
    assert found[0]["polygon"] == [[1, 2], [3, 4]]
    assert "polygon" not in found[1]
    assert "points" not in rows(3, columns={"polygon": polygons})[0]


def test_sizes_of_rotated_boxes_take_the_place_of_those_of_boxes() -> None:
    found = rows(2, columns={"width": objects([9.5, None])})
    assert (found[0]["width"], found[0]["box_width"]) == (9.5, 3.125)
    assert found[1]["width"] == 3.125
    assert "box_width" not in found[1]


@pytest.mark.parametrize("name", ["x", "class", "points", "tracker_id", "parent_origin", "rle", "inference_id"])
def test_no_column_takes_the_place_of_a_part(name: str) -> None:
    assert rows(1, columns={name: objects(["lost"])}) == rows(1)


def test_columns() -> None:
    columns = {
        "speed": np.array([0.5, np.inf], np.float32),
        "velocity": np.array([[1, np.nan], [2, 3]]),
        "data": objects(["text", None]),
        "angle": objects([np.float64(45), np.array([1, 2])]),
        "nested": objects([{"a": np.int64(1)}, (np.nan, b"\x01")]),
    }
    first, second = rows(2, columns=columns)
    assert {name: first[name] for name in columns} == {
        "speed": 0.5,
        "velocity": [1, None],
        "data": "text",
        "angle": 45,
        "nested": {"a": 1},
    }
    assert "data" not in second
    assert (second["speed"], second["angle"], second["nested"]) == (None, [1, 2], [None, "AQ=="])
    assert type(first["angle"]) is float


def test_boxes_of_no_finite_size() -> None:
    broken = replace(
        boxes(1), xyxy=np.array([[0, 0, np.inf, 2]], np.float32), confidence=np.array([np.nan], np.float32)
    )
    row = encode_detections(broken)["predictions"][0]
    assert (row["x"], row["width"], row["confidence"]) == (None, None, None)
    assert (row["y"], row["height"]) == (1, 2)


def test_keypoints() -> None:
    found = rows(2, columns=keypoints([1, 0]))
    assert found[0]["keypoints"] == [{"class_id": 0, "class": "joint 0", "confidence": 0, "x": 0, "y": 0.0625}]
    assert found[1]["keypoints"] == []
    known = {"keypoints_xy": objects([[[1.5, 2]], None])}
    assert [row["keypoints"] for row in rows(2, columns=known)] == [[{"x": 1.5, "y": 2}], []]

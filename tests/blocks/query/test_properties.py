"""Every property of detections, as a list and of one row."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from blocks.query import Row, parse_operations
from blocks.query.properties import DetectionProperty
from tests.blocks.query.samples import MEASURED, NOTHING, PAIR, detections, op

CASES: dict[str, tuple[Any, list[Any]]] = {
    "confidence": (PAIR, [0.5, 0.75]),
    "class_name": (PAIR, ["b", "a"]),
    "class_id": (PAIR, [1, 0]),
    "x_min": (PAIR, [10.0, 5.0]),
    "x_max": (PAIR, [30.0, 16.0]),
    "y_min": (PAIR, [20.0, 5.0]),
    "y_max": (PAIR, [60.0, 10.0]),
    "size": (PAIR, [800.0, 55.0]),
    "center": (PAIR, [(20, 40), (10, 8)]),
    "top_left": (PAIR, [(10, 20), (5, 5)]),
    "top_right": (PAIR, [(30, 20), (16, 5)]),
    "bottom_left": (PAIR, [(10, 60), (5, 10)]),
    "bottom_right": (PAIR, [(30, 60), (16, 10)]),
    "image_dimensions": (PAIR, [(100, 200), (100, 200)]),
    "prediction_type": (PAIR, ["object-detection"] * 2),
    "tracker_id": (MEASURED, [7, 8]),
    "in_out": (MEASURED, ["in", "out"]),
    "path_deviation": (MEASURED, [0.5, 1.5]),
    "polygon": (MEASURED, [[[0, 0], [1, 0], [1, 1]], [[2, 2], [3, 2], [3, 3]]]),
    "time_in_zone": (MEASURED, [1.25, 2.5]),
    "velocity": (MEASURED, [[1.0, 2.0], [3.0, 4.0]]),
    "speed": (MEASURED, [2.5, 5.0]),
    "smoothed_velocity": (MEASURED, [[0.5, 1.0], [1.5, 2.0]]),
    "smoothed_speed": (MEASURED, [1.0, 2.0]),
    "keypoints_xy": (MEASURED, [[[1.5, 2.5]], []]),
    "rect": (MEASURED, [[[0, 0], [1, 1]], None]),
    "width": (MEASURED, [3.0, 4.0]),
    "height": (MEASURED, [5, 6]),
    "angle": (MEASURED, [45.0, None]),
    "area_px": (MEASURED, [100.0, 200.0]),
    "area_converted": (MEASURED, [1.0, 2.0]),
}


def test_every_property_has_a_case() -> None:
    assert CASES.keys() == set(get_args(DetectionProperty))


def types(value: Any) -> Any:
    """The types of a value and of all that is in it: only what Python itself has goes on."""
    return [types(item) for item in value] if isinstance(value, list | tuple) else type(value)


@pytest.mark.parametrize("name", CASES)
def test_a_list_and_one_row_say_the_same(name: str) -> None:
    found, expected = CASES[name]
    of_all = parse_operations([op("DetectionsPropertyExtract", property_name=name)])
    of_one = parse_operations([op("ExtractDetectionProperty", property_name=name)])
    values = of_all(found, {})
    assert values == expected
    assert types(values) == types(expected)
    singles = [of_one(Row(found, row), {}) for row in range(len(found))]
    assert singles == expected
    assert types(singles) == types(expected)
    assert of_all(NOTHING, {}) == []


def test_an_upright_box_has_a_width_and_a_height() -> None:
    for name, expected in (("width", [20.0, 11.0]), ("height", [40.0, 5.0])):
        assert parse_operations([op("DetectionsPropertyExtract", property_name=name)])(PAIR, {}) == expected


def test_points_below_zero_are_rounded_to_the_nearest_pixel() -> None:
    outside = detections(("a", 0.5, (-3.6, -2.4, 1.2, 1.6)))
    corner = parse_operations([op("DetectionsPropertyExtract", property_name="top_left")])
    assert corner(outside, {}) == [(-4, -2)]

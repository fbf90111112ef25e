"""Detections from outside: the inverse of writing them, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from engine.kinds import OBJECTS
from engine.values.detections import Detections
from engine.values.frame import Frame, Origin
from engine.wire.detection_kinds import DETECTION_KINDS
from engine.wire.read_detections import read_detections
from engine.wire.unfit import Unfit
from engine.wire.write_detections import encode_detections, outline
from tests.engine.wire.samples import CROPPED, boxes, keypoints, masks, sets, travelled

ROW = {"x": 5, "y": 4, "width": 4, "height": 2, "confidence": 0.5, "class_id": 3, "class": "cat"}
TRIANGLE = [{"x": 1, "y": 1}, {"x": 3, "y": 1}, {"x": 1, "y": 3}]


def read(value: Any) -> Detections:
    return read_detections(value, "found", DETECTION_KINDS[OBJECTS])


def one(**changes: Any) -> dict[str, Any]:
    """A set of one row."""
    return {"image": {"width": 10, "height": 8}, "predictions": [ROW | changes]}


def same(found: Any, expected: Any) -> bool:
    """Whether two arrays are equal, or both are not there."""
    return np.array_equal(found, expected) if expected is not None else found is None


@given(sets(), some.booleans())
def test_reading_is_the_inverse_of_writing(detections: Detections, rle: bool) -> None:
    sent = travelled(encode_detections(detections, rle=rle))
    found = read(sent)
    assert travelled(encode_detections(found, rle=rle)) == sent
    kept = [row["detection_id"] for row in sent["predictions"]]
    expected = detections.select([name in kept for name in detections.detection_id])
    assert (found.frame.width, found.frame.height) == (detections.frame.width, detections.frame.height)
    for name in ("xyxy", "confidence", "class_id", "class_name", "detection_id"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    if kept:
        assert same(found.tracker_id, expected.tracker_id)
        stored_outlines = not rle and "polygon" in detections.columns
        assert stored_outlines or same(found.mask, expected.mask)
        assert found.frame.root == expected.frame.root
    for name in ("in_out", "area_px", "data"):
        if kept and name in detections.columns:
            assert found.columns[name].tolist() == expected.columns[name].tolist()


@given(sets())
def test_a_column_is_as_good_as_before(detections: Detections) -> None:
    """What blocks do with columns they do with those from outside, too."""
    found = read(travelled(encode_detections(detections, rle=True)))
    for name, column in found.columns.items():
        assert len(column) == len(found), name
    moved = found.moved(Frame("larger", 100, 100), 3, 4)
    assert moved.xyxy.tolist() == (found.xyxy + np.array([3, 4, 3, 4], np.float32)).tolist()


def test_numbers_stay_numbers() -> None:
    columns = {"speed": np.array([0.5, np.nan]), "velocity": np.array([[1, 2.5], [3, 4]]), "area_px": np.array([1, 2])}
    found = read(travelled(encode_detections(boxes(2, columns=columns)))).columns
    assert {name: column.dtype.kind for name, column in found.items()} == {
        "speed": "f",
        "velocity": "f",
        "area_px": "i",
    }
    assert found["velocity"].tolist() == [[1, 2.5], [3, 4]]
    assert np.array_equal(found["speed"], columns["speed"], equal_nan=True)


def test_nothing_found_keeps_the_size_of_the_picture() -> None:
    found = read(travelled(encode_detections(boxes(0, columns=keypoints([])))))
    assert (len(found), found.xyxy.shape, found.frame) == (0, (0, 4), Frame("found", 24, 16))
    assert read({"image": {"width": None, "height": None}, "predictions": []}).frame == Frame("found", 0, 0)


def test_keypoints() -> None:
    found = read(travelled(encode_detections(boxes(2, columns=keypoints([2, 0]))))).columns
    assert found["keypoints_xy"][0].tolist() == [[0, 1 / 16], [2 / 16, 3 / 16]]
    assert found["keypoints_xy"][1].shape == (0, 2)
    assert found["keypoints_class_id"][0].tolist() == [0, 1]
    assert found["keypoints_class_name"][0].tolist() == ["joint 0", "joint 1"]
    assert found["keypoints_confidence"][0].tolist() == [0, 1]


def test_columns_of_keypoints_are_made_of_keypoints_only() -> None:
    """Under the names that they have inside, they would get past all checks and fail when they are written again."""
    raw = {"keypoints_xy": [[1, 2], [3, 4]], "keypoints_confidence": 0.5}
    found = read(one(**raw))
    assert dict(found.columns) == {}
    assert "keypoints" not in encode_detections(found)["predictions"][0]
    assert read(one(**raw, keypoints=[{"x": 1, "y": 2}])).columns["keypoints_xy"][0].tolist() == [[1, 2]]


def test_keypoints_as_models_have_them() -> None:
    """Classes without a number, and confidences that were read off heat maps."""
    point = {"x": 1.5, "y": 2.5, "class_id": -1, "class": "nose", "confidence": 1.25}
    assert encode_detections(read(one(keypoints=[point])))["predictions"][0]["keypoints"] == [point]


def test_what_is_lost_on_the_way() -> None:
    sent = encode_detections(boxes(1, prediction_type="ocr", inference_id="run"))
    assert (read(sent).prediction_type, read(sent).inference_id) == ("object-detection", None)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"xyxy": np.array([[0, 0, np.inf, 2]], np.float32)}, "x"),
        ({"confidence": np.array([np.nan], np.float32)}, "confidence"),
        ({"columns": {"keypoints_xy": np.array([[[np.nan, 1]]])}}, "x"),
    ],
)
def test_what_is_not_finite_is_not_read_again(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(Unfit, match=rf"null at predictions.\[0\]\.(keypoints.\[0\]\.)?{key} "):
        read(travelled(encode_detections(replace(boxes(1), **changes))))


def test_names_are_given_where_they_are_missing() -> None:
    found = read({"image": {"width": 10, "height": 8}, "predictions": [ROW, ROW | {"detection_id": "a"}, ROW]})
    assert found.frame.id == "found"
    assert found.parent_id is None
    assert found.detection_id[1] == "a"
    assert len({*found.detection_id}) == 3
    assert all(re.fullmatch(r"[0-9a-f-]{36}", name) for name in found.detection_id[[0, 2]])


def test_parents() -> None:
    same = read(one(parent_id="street"))
    assert (same.frame.id, same.parent_id) == ("street", None)
    rows = [ROW | {"parent_id": "a"}, ROW]
    different = read({"image": {"width": 10, "height": 8}, "predictions": rows})
    assert different.frame.id == "found"
    assert different.parent_id is not None
    assert different.parent_id.tolist() == ["a", "found"]


def test_a_crop_goes_back_to_where_it_was_cut_out() -> None:
    found = read(travelled(encode_detections(boxes(2, CROPPED, mask=masks(2)))))
    assert found.frame.root == CROPPED.root
    assert found.frame.parent == Origin("city", 7, 5, 120, 90)
    assert found.in_root().xyxy.tolist() == boxes(2, CROPPED).in_root().xyxy.tolist()
    origin = {"offset_x": 1, "offset_y": 2, "width": 30, "height": 20}
    for key in ("parent_origin", "root_parent_origin"):
        frame = read(one(**{key: origin}, root_parent_id="all")).frame
        assert frame.parent == frame.root == Origin("all", 1, 2, 30, 20)


def test_what_it_says_of_itself() -> None:
    found = read(one(inference_id="run", prediction_type="ocr", mask_format="rle"))
    assert (found.inference_id, found.prediction_type, dict(found.columns)) == ("run", "ocr", {})
    assert read(one()).prediction_type == "object-detection"
    assert read({**one(), "inference_id": "whole"}).inference_id == "whole"


def test_masks_from_outlines() -> None:
    mask = read(one(points=TRIANGLE)).mask
    assert mask is not None
    assert np.argwhere(mask[0]).tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [3, 1]]
    corners = [(-1e6, -7.6), (1e6, -8), (1e6, 1e6), (-1e6, 1e6)]
    outside = read(one(points=[{"x": x, "y": y} for x, y in corners]))
    assert outside.mask is not None
    assert outside.mask.all()


def test_masks_from_run_lengths_as_models_answer() -> None:
    mask = read(one(rle={"size": [8, 10], "counts": "0`2"})).mask
    assert mask is not None
    assert mask.shape == (1, 8, 10)
    assert mask.all()


@given(arrays(np.bool_, (7, 9)))
def test_an_outline_outlines_what_it_is_filled_to(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    points = outline(mask)
    image = {"width": 9, "height": 7}
    found = read({"image": image, "predictions": [ROW | {"points": points}]}).mask
    assert found is not None
    assert outline(found[0]) == points


def test_the_same_object_is_passed() -> None:
    detections = boxes(2)
    assert read(detections) is detections


def test_outlines_that_cost_too_much_to_fill() -> None:
    zigzag = [{"x": step % 2 * 4000, "y": step * step % 4000} for step in range(9999)]
    crossing = [{"x": step * 7919 % 10_000, "y": step % 2} for step in range(9999)]
    above = [{"x": step, "y": -1e6 * (step % 2)} for step in range(12)]
    for width, height, points in ((4000, 4000, zigzag), (10_000, 2, crossing), (10, 8, above)):
        with pytest.raises(Unfit, match="cross the picture too often"):
            read(sized(width, height, points=points))
    with pytest.raises(Unfit, match="cross the picture too often"):
        read(sized(1, 20_000, points=[{"x": 0, "y": 0}]) | {"predictions": [ROW | {"points": []}] * 501})
    comb = [{"x": step // 2, "y": (step + 1) // 2 % 2 * 1000} for step in range(2000)]
    assert read(sized(1000, 1001, points=comb)).mask is not None


def many(count: int, **changes: Any) -> dict[str, Any]:
    return {"image": {"width": 10, "height": 8}, "predictions": [ROW | changes] * count}


def sized(width: Any, height: Any, **changes: Any) -> dict[str, Any]:
    return {"image": {"width": width, "height": height}, "predictions": [ROW | changes]}


def runs(counts: str, side: int = 20_000) -> dict[str, Any]:
    return {"size": [side, side], "counts": counts}


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


ORIGIN = {"offset_x": 0, "offset_y": 0, "width": 30_000, "height": 10_000}

REFUSED: list[tuple[Callable[[], Any], str]] = [
    (list, "a list of 0"),
    (lambda: {"image": {}}, "without `predictions`"),
    (lambda: {"predictions": []}, "null at image"),
    (lambda: sized(0, 8), "the number 0 at image.width"),
    (lambda: sized(10, True), "true at image.height"),
    (lambda: sized(None, None), "null at image.width"),
    (lambda: sized(10**5, 10**5), "picture of 100000 x 100000 pixels"),
    (lambda: {**one(), "predictions": [7]}, r"the number 7 at predictions.\[0\]"),
    (lambda: many(10_001), "a list of 10001 at predictions"),
    (lambda: one(x="5"), r"the text '5' at predictions.\[0\].x"),
    (lambda: one(x=10**400), r"type int at predictions.\[0\].x"),
    (lambda: one(y=float("nan")), r"nan at predictions.\[0\].y"),
    (lambda: one(x=2e9), r"2000000000.0 at .*x does not fit; a number from -1000000000 to 1000000000 does"),
    (lambda: one(width=-1), r"-1 at predictions.\[0\].width does not fit; a number from 0 to 1000000000 does"),
    (lambda: one(box_width=-1), r"-1 at predictions.\[0\].box_width"),
    (lambda: one(inference_id=5), r"the number 5 at predictions.\[0\].inference_id"),
    (lambda: {**one(), "inference_id": 5}, "the number 5 at inference_id"),
    (lambda: {**one(), "prediction_type": [1]}, "a list of 1 at prediction_type"),
    (lambda: one(confidence=1.5), r"1.5 at predictions.\[0\].confidence"),
    (lambda: one(confidence=True), r"true at predictions.\[0\].confidence"),
    (lambda: one(class_id=1.0), r"1.0 at predictions.\[0\].class_id"),
    (lambda: one(class_id=2**63), r"class_id does not fit; a whole number of at most 64 bits does"),
    (lambda: one(**{"class": None}), r"null at predictions.\[0\].class"),
    (lambda: one(detection_id=4), r"4 at predictions.\[0\].detection_id"),
    (lambda: one(parent_id=[]), r"a list of 0 at predictions.\[0\].parent_id"),
    (lambda: {**one(), "predictions": [ROW, ROW | {"tracker_id": 1}]}, r"null at predictions.\[0\].tracker_id"),
    (lambda: {**one(), "predictions": [ROW, ROW | {"points": TRIANGLE}]}, r"null at predictions.\[0\].points"),
    (lambda: one(points=[{"x": 1}]), "a point without two numbers"),
    (lambda: one(points=[{"x": 1, "y": 2e6}]), "a coordinate beyond"),
    (lambda: one(points=[{"x": -2e6, "y": 1}]), "a coordinate beyond"),
    (lambda: one(points=[{"x": 10**400, "y": 1}]), "a coordinate beyond"),
    (lambda: one(points=[{"x": 1, "y": float("nan")}]), "a coordinate beyond"),
    (lambda: one(points=[{"x": 1, "y": 1}] * 50_001), r"a list of 50001 at predictions"),
    (lambda: many(26, points=[{"x": 1, "y": 1}] * 20_000), r"520000 points"),
    (lambda: sized(20_000, 20_000, points=TRIANGLE) | {"predictions": [ROW | {"points": TRIANGLE}] * 2}, "2 masks of"),
    (lambda: many(2, points=TRIANGLE, root_parent_origin=ORIGIN), "2 masks of 30000 x 10000"),
    (lambda: one(rle_mask={"size": [10, 8], "counts": "0`2"}), "`size` is not that of the picture"),
    (lambda: one(rle_mask={"size": [8, 10], "counts": "0"}), "cover 0 pixels"),
    (lambda: one(rle_mask={"size": [8, 10], "counts": [80]}), "an object of 2 at"),
    (
        lambda: sized(20_000, 20_000, rle_mask=runs("0" * 2_000_001)),
        r"2000001 characters at predictions.\[0\].rle_mask.counts",
    ),
    (
        lambda: sized(4_000, 4_000) | {"predictions": [ROW | {"rle_mask": runs("0" * 1_500_000, 4_000)}] * 7},
        "10500000 characters in all run lengths together",
    ),
    (lambda: one(keypoints={}), r"an object of 0 at predictions.\[0\].keypoints"),
    (lambda: one(keypoints=[{"x": 1}]), r"null at predictions.\[0\].keypoints.\[0\].y"),
    (lambda: one(keypoints=[{"x": 1, "y": 2, "class_id": "1"}]), r"class_id"),
    (lambda: one(keypoints=[{"x": 1, "y": 2, "class": 1}]), r"the number 1 at .*class"),
    (lambda: one(keypoints=[{"x": 1, "y": 2}] * 1001), r"a list of 1001"),
    (lambda: many(501, keypoints=[{"x": 1, "y": 2}] * 1000), r"501000 keypoints"),
    (lambda: one(**{f"key {number}": 1 for number in range(65)}), "65 different keys"),
    (lambda: one(notes=deep(70)), r"more than 64 deep at predictions.\[0\]"),
    (lambda: many(2, parent_origin=deep(1000)), r"more than 64 deep at predictions.\[0\]"),
    (lambda: one(polygon=[[1, 2, 3]]), r"a list of 1 at predictions.\[0\].polygon"),
    (lambda: one(parent_origin={"offset_x": 1.5}), "offset"),
    (lambda: one(parent_origin={**ORIGIN, "width": 0}), r"0 at predictions.\[0\].parent_origin.width"),
    (lambda: {**one(), "predictions": [ROW | {"parent_origin": ORIGIN}, ROW]}, r"another origin at predictions.\[1\]"),
    (lambda: {**one(), "predictions": [ROW, ROW | {"parent_origin": ORIGIN}]}, r"another origin at predictions.\[1\]"),
    (
        lambda: one(parent_origin={**ORIGIN, "width": 50_000}),
        r"50000 x 10000 pixels at predictions.\[0\].parent_origin",
    ),
    (lambda: one(keypoints=[{"x": 1, "y": 2e9}]), r"keypoints.\[0\].y does not fit; a number from -1000000000 to"),
]


@pytest.mark.parametrize(("make", "found"), REFUSED)
def test_what_is_refused(make: Callable[[], Any], found: str) -> None:
    with pytest.raises(Unfit, match=found):
        read(make())

"""Votes of several detectors on one picture."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.fusion.detections_consensus import detections_consensus
from engine.errors import RuntimeInputError
from engine.values.detections import Detections, strings
from engine.values.frame import Frame
from tests.blocks.samples import found

Box = tuple[float, float, float, float]


def source(*rows: tuple[Box, str, float], **columns: Any) -> Detections:
    """A detection a row: its box, class and confidence."""
    return replace(
        found(*(box for box, _, _ in rows), **columns),
        class_name=strings([name for _, name, _ in rows]),
        class_id=np.array(["abc".index(name) for _, name, _ in rows], np.int64),
        confidence=np.array([confidence for _, _, confidence in rows], np.float32),
    )


NEAR: Box = (0, 0, 10, 10)
NEARER: Box = (0, 0, 10, 8)
FAR: Box = (30, 30, 40, 40)

ONE = source((NEAR, "a", 0.9), (FAR, "b", 0.6))
TWO = source((NEARER, "a", 0.5))
THREE = source((NEAR, "c", 0.7), (FAR, "b", 0.4))
NONE = source()


@pytest.mark.parametrize(
    ("sources", "votes", "class_aware", "boxes", "classes"),
    [
        ([ONE], 1, True, [NEAR, FAR], "ab"),
        ([ONE, NONE], 2, True, [], ""),
        ([ONE, TWO], 2, True, [(0, 0, 10, 9)], "a"),
        ([ONE, TWO], 1, True, [(0, 0, 10, 9), FAR], "ab"),
        ([ONE, TWO, THREE], 2, True, [(0, 0, 10, 9), FAR], "ab"),
        ([ONE, TWO, THREE], 3, True, [], ""),
        ([ONE, TWO, THREE], 3, False, [(0, 0, 10, pytest.approx(28 / 3))], "a"),
        ([ONE, TWO, THREE], 1, True, [(0, 0, 10, 9), FAR, NEAR], "abc"),
        ([NONE, NONE], 1, True, [], ""),
        ([ONE, ONE], 3, True, [], ""),
    ],
)
def test_votes(sources: list[Detections], votes: int, class_aware: bool, boxes: list[Box], classes: str) -> None:
    result = detections_consensus(sources, votes, class_aware)
    assert [tuple(box) for box in result["predictions"].xyxy.tolist()] == boxes
    assert result["predictions"].class_name.tolist() == list(classes)
    assert result["predictions"].class_id.tolist() == ["abc".index(name) for name in classes]
    assert result["object_present"] is bool(boxes)


def test_the_best_partner_of_a_source_votes_and_once_only() -> None:
    crowd = source(((0, 0, 10, 6), "a", 0.9), (NEARER, "a", 0.8))
    result = detections_consensus([source((NEAR, "a", 0.9)), crowd], 1)
    assert result["predictions"].xyxy.tolist() == [[0, 0, 10, 9], [0, 0, 10, 6]]


def test_the_overlap_has_to_be_more_than_the_threshold() -> None:
    half = source(((0, 0, 10, 5), "a", 0.9))
    assert len(detections_consensus([source((NEAR, "a", 0.9)), half], 2, iou_threshold=0.5)["predictions"]) == 0
    assert len(detections_consensus([source((NEAR, "a", 0.9)), half], 2, iou_threshold=0.49)["predictions"]) == 1


@pytest.mark.parametrize(
    ("how", "confidence", "name", "box"),
    [("max", 0.9, "a", NEAR), ("min", 0.2, "b", NEARER), ("average", 0.6, "c", (0, 0, 10, pytest.approx(28 / 3)))],
)
def test_ways_to_merge(how: Literal["average", "max", "min"], confidence: float, name: str, box: Box) -> None:
    sources = [
        source((NEAR, "a", 0.9)),
        source((NEARER, "b", 0.2)),
        source((NEAR, "c", 0.7)),
        source((NEAR, "c", 0.6)),
    ]
    if how == "average":
        sources = [source((NEAR, "a", 0.9)), source((NEARER, "c", 0.2)), source((NEAR, "c", 0.7))]
    merged = detections_consensus(
        sources,
        2,
        False,
        detections_merge_confidence_aggregation=how,
        detections_merge_coordinates_aggregation=how,
    )["predictions"]
    assert merged.confidence.tolist() == pytest.approx([confidence])
    assert merged.class_name.tolist() == [name]
    assert tuple(merged.xyxy[0].tolist()) == box
    assert not {row for item in sources for row in item.detection_id} & set(merged.detection_id)


def test_merged_confidence_has_to_be_enough() -> None:
    assert len(detections_consensus([ONE, TWO], 2, confidence=0.69)["predictions"]) == 1
    assert detections_consensus([ONE, TWO], 2, confidence=0.71) | {"predictions": None} == {
        "predictions": None,
        "object_present": False,
        "presence_confidence": {},
    }


def test_classes_to_consider() -> None:
    assert detections_consensus([ONE, THREE], 1, classes_to_consider=["b"])["predictions"].class_name.tolist() == ["b"]
    assert len(detections_consensus([ONE], 1, classes_to_consider=[])["predictions"]) == 2


@pytest.mark.parametrize(
    ("required", "class_aware", "expected"),
    [
        (None, True, {"a": 0.9, "b": 0.6}),
        (2, True, {"a": 0.9, "b": 0.6}),
        (3, True, {}),
        ({"a": 1}, True, {"a": 0.9, "b": 0.6}),
        ({"a": 2}, True, {}),
        ({"c": 1}, True, {}),
        (None, False, {"any_object": 0.9}),
        (3, False, {}),
        ({"a": 1, "c": 1}, False, {"any_object": 0.9}),
        ({"a": 1, "c": 2}, False, {}),
    ],
)
def test_presence(required: int | dict[str, int] | None, class_aware: bool, expected: dict[str, float]) -> None:
    result = detections_consensus([ONE, NONE], 1, class_aware, required_objects=required)
    assert result["presence_confidence"] == pytest.approx(expected)
    assert result["object_present"] is bool(expected)


def test_presence_by_mean() -> None:
    result = detections_consensus([ONE, NONE], 1, False, presence_confidence_aggregation="average")
    assert result["presence_confidence"] == pytest.approx({"any_object": 0.75})


def mask(box: tuple[int, int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    one = np.zeros((1, 48, 64), bool)
    one[0, box[1] : box[3], box[0] : box[2]] = True
    return one


@pytest.mark.parametrize(
    ("how", "box", "area"),
    [
        ("union", [0, 0, 12, 10], 116),
        ("intersection", [2, 0, 10, 8], 64),
        ("max", [0, 0, 10, 10], 100),
        ("min", [2, 0, 12, 8], 80),
    ],
)
def test_masks(how: Literal["union", "intersection", "max", "min"], box: list[int], area: int) -> None:
    sources = [
        source((NEAR, "a", 0.9), mask=mask((0, 0, 10, 10))),
        source(((2, 0, 12, 8), "a", 0.9), mask=mask((2, 0, 12, 8))),
    ]
    merged = detections_consensus(sources, 2, detections_merge_mask_aggregation=how)["predictions"]
    assert merged.mask is not None
    assert int(merged.mask.sum()) == area
    assert merged.xyxy.tolist() == [box]
    assert merged.prediction_type == "instance-segmentation"


def test_masks_and_boxes_together() -> None:
    sources = [source((NEAR, "a", 0.9), mask=mask((0, 0, 5, 5))), source((NEARER, "a", 0.9))]
    merged = detections_consensus(sources, 2, detections_merge_mask_aggregation="max")["predictions"]
    assert merged.xyxy.tolist() == [[0, 0, 10, 8]]


def test_masks_that_share_nothing() -> None:
    sources = [
        source((NEAR, "a", 0.9), mask=mask((0, 0, 5, 5))),
        source((NEAR, "a", 0.9), mask=mask((5, 5, 9, 9))),
    ]
    merged = detections_consensus(sources, 2, detections_merge_mask_aggregation="intersection")["predictions"]
    assert merged.xyxy.tolist() == [list(NEAR)]


def test_many_sources_take_seconds() -> None:
    sources = [source(((0, 0, 10, 10), "a", 0.9), ((20, 20, 30, 30), "b", 0.9)) for _ in range(1000)]
    started = time.process_time()
    assert len(detections_consensus(sources, 1001)["predictions"]) == 0
    assert time.process_time() - started < 3


def test_many_classes_take_no_longer_than_one() -> None:
    crowd = found(*[(0, 0, 1, 1)] * 5000)
    times = []
    for names in (["a"] * 5000, [str(row) for row in range(5000)]):
        started = time.process_time()
        named = replace(crowd, class_name=strings(names))
        wanted = dict.fromkeys(names, 1)
        presence = detections_consensus([named], 1, classes_to_consider=names, required_objects=wanted)
        assert presence["presence_confidence"].keys() == set(names)
        times.append(time.process_time() - started)
    assert times[1] < 1.5 * times[0]


def test_sources_have_to_look_at_one_picture() -> None:
    other = replace(TWO, frame=Frame("other", 64, 48))
    with pytest.raises(RuntimeInputError, match="'image' of 64 x 48 pixels and 'other'"):
        detections_consensus([ONE, other], 1)
    assert len(detections_consensus([ONE, replace(NONE, frame=Frame("other", 1, 1))], 1)["predictions"]) == 2
    with pytest.raises(RuntimeInputError, match="at least one source"):
        detections_consensus([], 1)


corners = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(21, 40), st.integers(21, 40))


@given(st.lists(st.lists(corners, max_size=4), min_size=1, max_size=4), st.integers(1, 4))
def test_no_detection_votes_twice(boxes: list[list[tuple[int, int, int, int]]], votes: int) -> None:
    sources = [source(*((box, "a", 0.5) for box in item)) for item in boxes]
    merged = detections_consensus(sources, votes)["predictions"]
    assert len(merged) * votes <= sum(len(item) for item in boxes)
    if votes > len(sources):
        assert len(merged) == 0
    if votes == 1:
        assert len(merged) >= max(len(item) for item in boxes)

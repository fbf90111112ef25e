"""The raw head of YOLOX."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from engine.errors import ModelArtefactError
from models.families.yolox import FAMILY
from models.manifest import Preprocessing
from models.prediction import DetectionOptions
from tests.models.families.heads import OPTIONS, check, outputs
from tests.models.graphs import signature

SIZE = (64, 96)
CELLS = 8 * 12 + 4 * 6 + 2 * 3


def test_one_box_of_each_grid() -> None:
    """Cells by hand: column 1 of row 2 at stride 8, column 5 of row 3 at 16, column 2 of row 0 at 32."""
    head = np.zeros((1, CELLS, 7), np.float32)
    head[0, 2 * 12 + 1] = (0.5, 0.25, math.log(2), math.log(3), 0.8, 0.9, 0.1)
    head[0, 96 + 3 * 6 + 5] = (-0.5, 0, 0, 0, 1, 0.5, 0.75)
    head[0, 96 + 24 + 2] = (0, 0, 0, math.log(0.5), 0.9, 0, 1)
    (found,) = FAMILY.decode([head], SIZE, DetectionOptions())
    expected = [
        (64 - 16, 0 - 8, 64 + 16, 0 + 8),
        (72 - 8, 48 - 8, 72 + 8, 48 + 8),
        (12 - 8, 18 - 12, 12 + 8, 18 + 12),
    ]
    np.testing.assert_allclose(found.xyxy, expected, atol=1e-4)
    np.testing.assert_allclose(found.confidence, [0.9, 0.75, 0.72], atol=1e-6)
    np.testing.assert_array_equal(found.class_id, [1, 1, 0])


def test_nothing() -> None:
    found = FAMILY.decode([np.zeros((2, CELLS, 7), np.float32)], SIZE, DetectionOptions())
    assert [len(boxes) for boxes in found] == [0, 0]


def test_boxes_that_overlap() -> None:
    head = np.zeros((1, CELLS, 6), np.float32)
    head[0, 0] = (0.5, 0.5, 1, 1, 1, 0.5)
    head[0, 1] = (-0.5, 0.5, 1, 1, 1, 0.75)
    (found,) = FAMILY.decode([head], SIZE, DetectionOptions())
    np.testing.assert_array_equal(found.confidence, [0.75])


def test_confidence_is_objectness_times_score_and_must_be_more_than_the_threshold() -> None:
    head = np.zeros((1, CELLS, 6), np.float32)
    head[0, 0, 4:] = (0.5, 0.5)
    assert len(FAMILY.decode([head], SIZE, DetectionOptions(confidence=0.25))[0]) == 0
    assert len(FAMILY.decode([head], SIZE, DetectionOptions(confidence=0.24))[0]) == 1


@settings(deadline=None)
@given(output=outputs(2, CELLS, 7), options=OPTIONS)
def test_any_numbers(output: npt.NDArray[np.float32], options: DetectionOptions) -> None:
    for found in FAMILY.decode([output], SIZE, options):
        check(found, options)


def test_an_output_of_another_family() -> None:
    with pytest.raises(ModelArtefactError, match=r"shape \[1, 6300, 85\]"):
        FAMILY.decode([np.zeros((1, 6300, 85), np.float32)], (320, 320), DetectionOptions())


def test_recognised() -> None:
    found = FAMILY.recognise(signature(["batch", 3, 416, 416], ["batch", 3549, 85]))
    assert found is not None
    assert (found.family, found.class_count, found.classes) == ("yolox", 80, None)
    assert found.preprocessing == Preprocessing(resize="letterbox-corner", pad=114, color="bgr", scale=1)


@pytest.mark.parametrize(
    ("images", "output", "metadata"),
    [
        ([1, 3, 320, 320], [1, 6300, 85], {}),
        ([1, 3, 416, 416], [1, 3549, 5], {}),
        ([1, 3, "height", "width"], [1, "cells", 85], {}),
        ([1, 3, 416, 416], [1, 3549, 85], {"names": "{}"}),
        ([1, 3, 416, 416], [1, 85, 3549], {}),
    ],
    ids=["three anchors a cell: YOLOv5", "no classes", "any size", "says something else", "transposed"],
)
def test_not_recognised(images: list[int | str], output: list[int | str], metadata: dict[str, str]) -> None:
    assert FAMILY.recognise(signature(images, output, **metadata)) is None

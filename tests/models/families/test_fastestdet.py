"""The head of FastestDet."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from engine.errors import ModelArtefactError
from models.families.fastestdet import FAMILY
from models.manifest import Preprocessing
from models.prediction import DetectionOptions
from tests.models.families.heads import OPTIONS, check, outputs
from tests.models.graphs import signature

SIZE = (64, 96)


def empty_head() -> npt.NDArray[np.float32]:
    """Two classes on a grid of 4 rows and 6 columns."""
    return np.zeros((1, 7, 4, 6), np.float32)


def test_two_boxes() -> None:
    """Raw numbers by hand: tanh(0) = 0, tanh(atanh(0.5)) = 0.5, sigmoid(0) = 0.5, sigmoid(-log 3) = 0.25."""
    head = empty_head()
    head[0, :, 2, 3] = (0.5, 0, 0, 0, -math.log(3), 0.25, 0.75)
    head[0, :, 1, 5] = (0.9, math.atanh(-0.5), math.atanh(0.5), -math.log(3), 0, 1, 0)
    (found,) = FAMILY.decode([head], SIZE, DetectionOptions())
    expected = [(72 - 12, 24 - 16, 72 + 12, 24 + 16), (48 - 24, 32 - 8, 48 + 24, 32 + 8)]
    np.testing.assert_allclose(found.xyxy, expected, atol=1e-4)
    np.testing.assert_allclose(found.confidence, [0.9**0.6, 0.5**0.6 * 0.75**0.4], atol=1e-6)
    np.testing.assert_array_equal(found.class_id, [0, 1])


def test_nothing() -> None:
    head = np.concatenate([empty_head(), empty_head()])
    assert [len(found) for found in FAMILY.decode([head], SIZE, DetectionOptions())] == [0, 0]


def test_boxes_that_overlap() -> None:
    head = empty_head()
    head[0, :, 1, 2] = (0.5, 0, 0, 3, 3, 1, 0)
    head[0, :, 1, 3] = (0.7, 0, 0, 3, 3, 1, 0)
    head[0, :, 2, 2] = (0.6, 0, 0, 3, 3, 0, 1)
    (found,) = FAMILY.decode([head], SIZE, DetectionOptions())
    np.testing.assert_array_equal(found.class_id, [0, 1])
    np.testing.assert_allclose(found.confidence, [0.7**0.6, 0.6**0.6], atol=1e-6)


def test_raw_numbers_beyond_all_bounds() -> None:
    head = empty_head()
    head[0, :, 2, 3] = (1, -1000, 1000, -1000, 1000, 0, 1)
    (found,) = FAMILY.decode([head], SIZE, DetectionOptions())
    np.testing.assert_array_equal(found.xyxy, [[32, 48 - 32, 32, 48 + 32]])


@settings(deadline=None)
@given(output=outputs(2, 7, 4, 6), options=OPTIONS)
def test_any_numbers(output: npt.NDArray[np.float32], options: DetectionOptions) -> None:
    for found in FAMILY.decode([output], SIZE, options):
        check(found, options)


def test_an_output_of_another_family() -> None:
    with pytest.raises(ModelArtefactError, match=r"shape \[1, 84, 8400\]"):
        FAMILY.decode([np.zeros((1, 84, 8400), np.float32)], (640, 640), DetectionOptions())


def test_recognised() -> None:
    found = FAMILY.recognise(signature([1, 3, 352, 320], [1, 85, 22, 20]))
    assert found is not None
    assert (found.family, found.class_count, found.classes) == ("fastestdet", 80, None)
    assert found.preprocessing == Preprocessing(resize="stretch", color="bgr", scale=255)


@pytest.mark.parametrize(
    ("images", "output", "metadata"),
    [
        ([1, 3, 352, 352], [1, 85, 44, 44], {}),
        ([1, 3, 352, 352], [1, 5, 22, 22], {}),
        ([1, 3, "height", "width"], [1, 85, "rows", "columns"], {}),
        ([1, 3, 352, 352], [1, 85, 22, 22], {"task": "segment"}),
    ],
    ids=["other stride", "no classes", "any size", "says something else"],
)
def test_not_recognised(images: list[int | str], output: list[int | str], metadata: dict[str, str]) -> None:
    assert FAMILY.recognise(signature(images, output, **metadata)) is None


def test_a_second_output_is_unknown() -> None:
    assert FAMILY.recognise(signature([1, 3, 352, 352], [1, 85, 22, 22], [1, 85, 22, 22])) is None

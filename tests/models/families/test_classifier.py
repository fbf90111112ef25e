"""Logits become scores."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from models.families.classifier import FAMILY
from models.manifest import Preprocessing, Task
from tests.models.families.heads import outputs
from tests.models.graphs import signature


def test_softmax() -> None:
    logits = np.array([[0, math.log(2), math.log(5)], [1000, 1000, -1000]], np.float32)
    first, second = FAMILY.decode([logits])
    np.testing.assert_allclose(first.values, [1 / 8, 2 / 8, 5 / 8], rtol=1e-6)
    np.testing.assert_allclose(second.values, [0.5, 0.5, 0], rtol=1e-6)
    assert first.values.dtype == np.float32


def test_logits_on_a_grid_of_one_cell() -> None:
    (found,) = FAMILY.decode([np.zeros((1, 4, 1, 1), np.float32)])
    np.testing.assert_array_equal(found.values, [0.25] * 4)


@settings(deadline=None)
@given(output=outputs(2, 5))
def test_any_numbers(output: npt.NDArray[np.float32]) -> None:
    for found in FAMILY.decode([output]):
        assert ((found.values >= 0) & (found.values <= 1)).all()
        assert found.values.sum() == pytest.approx(1)


@pytest.mark.parametrize("output", [[1, 1000], ["batch", 1000], [1, 1000, 1, 1]], ids=str)
def test_recognised(output: list[int | str]) -> None:
    found = FAMILY.recognise(signature(["batch", 3, 224, 224], output))
    assert found is not None
    assert (found.family, found.class_count, found.classes) == ("classifier", 1000, None)
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    assert found.preprocessing == Preprocessing(resize="crop", color="rgb", scale=255, mean=mean, std=deviation)
    assert FAMILY.task == Task.CLASSIFICATION


@pytest.mark.parametrize(
    ("images", "output", "metadata"),
    [
        ([1, 3, 224, 224], [1, 1], {}),
        ([1, 3, 224, 224], [1, "classes"], {}),
        ([1, 3, 224, 224], [1, 1000, 7, 7], {}),
        ([1, 1, 224, 224], [1, 1000], {}),
        ([1, 3, "height", "width"], [1, 2], {}),
        ([1, 3, 224, 224], [1, 1000], {"task": "classify", "names": "{}"}),
    ],
    ids=["one class", "any number of classes", "a map", "grey", "any size", "softmax inside"],
)
def test_not_recognised(images: list[int | str], output: list[int | str], metadata: dict[str, str]) -> None:
    assert FAMILY.recognise(signature(images, output, **metadata)) is None

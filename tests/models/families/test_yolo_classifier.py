"""Scores stay what they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from engine.errors import ModelArtefactError
from models.families.yolo_classifier import FAMILY
from models.manifest import Preprocessing
from tests.models.families.heads import outputs
from tests.models.graphs import signature

NAMES = "{0: 'cat', 1: 'dog', 2: 'cow'}"


def test_no_second_softmax() -> None:
    values = np.array([[0.25, 0.5, 0.25], [0, 0, 1]], np.float32)
    found = FAMILY.decode([values])
    np.testing.assert_array_equal([scores.values for scores in found], values)
    assert found[0].values.dtype == np.float32


@settings(deadline=None)
@given(output=outputs(2, 5))
def test_any_numbers(output: npt.NDArray[np.float32]) -> None:
    for found in FAMILY.decode([output]):
        assert ((found.values >= 0) & (found.values <= 1)).all()


def test_an_output_of_another_family() -> None:
    with pytest.raises(ModelArtefactError, match=r"shape \[1, 84, 8400\]"):
        FAMILY.decode([np.zeros((1, 84, 8400), np.float32)])


@pytest.mark.parametrize("output", [[1, 3], ["batch", 3]], ids=str)
def test_recognised(output: list[int | str]) -> None:
    found = FAMILY.recognise(signature([1, 3, 224, 224], output, task="classify", names=NAMES))
    assert found is not None
    assert (found.family, found.class_count, found.classes) == ("yolo_classifier", 3, ("cat", "dog", "cow"))
    assert found.preprocessing == Preprocessing(resize="crop", color="rgb", scale=255)


def test_the_size_of_a_graph_that_takes_any_comes_from_its_metadata() -> None:
    metadata = {"task": "classify", "names": NAMES, "imgsz": "[160, 128]"}
    found = FAMILY.recognise(signature(["batch", 3, "height", "width"], ["batch", 3], **metadata))
    assert found is not None
    assert (found.preprocessing.height, found.preprocessing.width) == (160, 128)


@pytest.mark.parametrize(
    ("output", "metadata"),
    [
        ([1, 3], {}),
        ([1, 3], {"task": "classify"}),
        ([1, 3], {"task": "detect", "names": NAMES}),
        ([1, 4], {"task": "classify", "names": NAMES}),
        ([1, 3, 1], {"task": "classify", "names": NAMES}),
    ],
    ids=["no metadata", "no names", "other task", "more classes", "other rank"],
)
def test_not_recognised(output: list[int | str], metadata: dict[str, str]) -> None:
    assert FAMILY.recognise(signature([1, 3, 224, 224], output, **metadata)) is None

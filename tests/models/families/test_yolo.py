"""YOLO heads: with anchors, and finished ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from engine.errors import ModelArtefactError
from models.families.yolo import FAMILY
from models.manifest import Preprocessing, Task
from models.prediction import Boxes, DetectionOptions
from tests.models.families.heads import OPTIONS, check, outputs
from tests.models.graphs import signature

NAMES = "{0: 'cat', 1: 'dog'}"
LETTERBOX = Preprocessing(resize="letterbox", pad=114, color="rgb", scale=255)


def decode(output: npt.NDArray[np.float32], options: DetectionOptions | None = None) -> list[Boxes]:
    return FAMILY.decode([output], (64, 64), options or DetectionOptions())


def anchors(*boxes: tuple[float, ...]) -> npt.NDArray[np.float32]:
    """1 x 6 x 21, of which most anchors see nothing."""
    head = np.zeros((1, 6, 21), np.float32)
    for place, box in enumerate(boxes):
        head[0, :, 3 * place] = box
    return head


def test_anchors() -> None:
    (found,) = decode(anchors((20, 30, 10, 20, 0.1, 0.5), (50, 50, 4, 4, 0.75, 0.2), (9, 9, 9, 9, 0.3, 0.3)))
    np.testing.assert_array_equal(found.xyxy, [[48, 48, 52, 52], [15, 20, 25, 40]])
    np.testing.assert_array_equal(found.confidence, [0.75, 0.5])
    np.testing.assert_array_equal(found.class_id, [0, 1])


def test_nothing() -> None:
    (found,) = decode(anchors())
    assert len(found) == 0
    check(found, DetectionOptions())


def test_a_confidence_equal_to_the_threshold_goes() -> None:
    head = anchors((20, 30, 10, 20, 0.5, 0))
    assert len(decode(head, DetectionOptions(confidence=0.5))[0]) == 0
    assert len(decode(head, DetectionOptions(confidence=0.49))[0]) == 1


def test_boxes_of_one_class_that_overlap() -> None:
    head = anchors((20, 20, 10, 10, 0.5, 0), (21, 20, 10, 10, 0.75, 0), (20, 21, 10, 10, 0, 0.625))
    np.testing.assert_array_equal(decode(head)[0].confidence, [0.75, 0.625])
    np.testing.assert_array_equal(decode(head, DetectionOptions(class_agnostic=True))[0].confidence, [0.75])
    all_of_them = decode(head, DetectionOptions(iou_threshold=1))[0]
    np.testing.assert_array_equal(all_of_them.confidence, [0.75, 0.625, 0.5])


def test_only_the_surest_candidates_are_compared() -> None:
    head = anchors((20, 20, 10, 10, 0.5, 0), (20, 20, 10, 10, 0.75, 0), (50, 50, 10, 10, 0, 0.45))
    assert len(decode(head)[0]) == 2
    np.testing.assert_array_equal(decode(head, DetectionOptions(max_candidates=2))[0].confidence, [0.75])
    np.testing.assert_array_equal(decode(head, DetectionOptions(max_detections=1))[0].confidence, [0.75])


def test_finished() -> None:
    head = np.array([[[1, 2, 3, 4, 0.5, 1], [5, 6, 7, 8, 0.75, 0], [5, 6, 7, 8, 0.625, 0], [0] * 6]], np.float32)
    (found,) = decode(head)
    np.testing.assert_array_equal(found.xyxy, [[5, 6, 7, 8], [5, 6, 7, 8], [1, 2, 3, 4]])
    np.testing.assert_array_equal(found.confidence, [0.75, 0.625, 0.5])
    np.testing.assert_array_equal(found.class_id, [0, 0, 1])
    np.testing.assert_array_equal(decode(head, DetectionOptions(max_detections=2))[0].confidence, [0.75, 0.625])
    assert len(decode(head, DetectionOptions(confidence=0.75))[0]) == 0


def test_boxes_with_negative_sides_are_none() -> None:
    finished = np.array([[[30, 30, 10, 10, 0.9, 0], [30, 10, 10, 30, 0.8, 0], [1, 2, 3, 4, 0.5, 1]]], np.float32)
    for head in (finished, anchors((20, 20, -10, 10, 0.9, 0), (2, 3, 2, 2, 0, 0.5))):
        (found,) = decode(head)
        np.testing.assert_array_equal(found.xyxy, [[1, 2, 3, 4]])


def test_each_picture_of_a_batch() -> None:
    head = np.concatenate(
        [anchors((20, 30, 10, 20, 0.5, 0)), anchors(), anchors((9, 9, 2, 2, 0, 0.9), (50, 9, 2, 2, 0, 0.8))]
    )
    assert [found.class_id.tolist() for found in decode(head)] == [[0], [], [1, 1]]


@settings(deadline=None)
@given(output=outputs(2, 6, 21), options=OPTIONS)
def test_anchors_of_any_numbers(output: npt.NDArray[np.float32], options: DetectionOptions) -> None:
    for found in decode(output, options):
        check(found, options)


@settings(deadline=None)
@given(output=outputs(2, 9, 6), options=OPTIONS)
def test_finished_of_any_numbers(output: npt.NDArray[np.float32], options: DetectionOptions) -> None:
    for found in decode(output, options):
        check(found, options)


def test_boxes_beyond_all_numbers_are_dropped() -> None:
    head = anchors((3e38, 0, -3e38, 9, 0.9, 0), (np.inf, 0, np.inf, 9, 0.8, 0), (20, 20, 9, 9, np.nan, 0.7))
    head[0, :, 1] = (20, 30, 10, 20, 0.5, 0)
    np.testing.assert_array_equal(decode(head)[0].xyxy, [[15, 20, 25, 40]])


def test_an_output_of_another_family() -> None:
    with pytest.raises(ModelArtefactError, match=r"shape \[1, 85, 22, 22\]"):
        decode(np.zeros((1, 85, 22, 22), np.float32))


@pytest.mark.parametrize("output", [[1, 6, 8400], ["batch", 6, "anchors"], [1, 300, 6], ["batch", 300, 6]], ids=str)
def test_recognised(output: list[int | str]) -> None:
    found = FAMILY.recognise(signature([1, 3, 640, 640], output, task="detect", names=NAMES, imgsz="[640, 640]"))
    assert found is not None
    assert (found.family, found.class_count, found.classes) == ("yolo", 2, ("cat", "dog"))
    assert found.preprocessing == LETTERBOX
    assert FAMILY.task == Task.OBJECT_DETECTION


def test_the_size_of_a_graph_that_takes_any_comes_from_its_metadata() -> None:
    metadata = {"task": "detect", "names": NAMES, "imgsz": "[384, 640]"}
    found = FAMILY.recognise(signature(["batch", 3, "height", "width"], ["batch", 6, "anchors"], **metadata))
    assert found is not None
    assert (found.preprocessing.height, found.preprocessing.width) == (384, 640)


@pytest.mark.parametrize(
    ("images", "output", "metadata"),
    [
        ([1, 3, 640, 640], [1, 6, 8400], {}),
        ([1, 3, 640, 640], [1, 6, 8400], {"task": "detect"}),
        ([1, 3, 640, 640], [1, 6, 8400], {"task": "pose", "names": NAMES}),
        ([1, 3, 640, 640], [1, 7, 8400], {"task": "detect", "names": NAMES}),
        ([1, 3, 640, 640], [1, 2], {"task": "detect", "names": NAMES}),
        ([1, 640, 640, 3], [1, 6, 8400], {"task": "detect", "names": NAMES}),
        (
            [1, 3, 640, 640],
            [1, 300, 6],
            {"task": "detect", "names": NAMES, "description": "Ultralytics rtdetr-l model"},
        ),
    ],
    ids=["no metadata", "no names", "other task", "more classes", "classifier", "channels last", "transformer"],
)
def test_not_recognised(images: list[int | str], output: list[int | str], metadata: dict[str, str]) -> None:
    assert FAMILY.recognise(signature(images, output, **metadata)) is None

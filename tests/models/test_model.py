"""A model answers in the pixels of the pictures it was given, however many these are."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import ModelArtefactError, ModelInputError, ModelTaskError
from models.families import family
from models.manifest import Manifest, Preprocessing, Task
from models.model import Model
from models.prediction import DetectionOptions
from models.session import OrtSession, Signature, Tensor
from tests.models.graphs import signature, write_classifier, write_detector

OPTIONS = DetectionOptions(confidence=0.4)
ROWS = [[0, 8, 16, 24, 0.8, 1], [4, 4, 8, 8, 0.6, 0], [0, 0, 1, 1, 0.3, 0]]


class Watched:
    """A session that remembers the shapes that it was run with."""

    def __init__(self, weights: Path) -> None:
        self._session = OrtSession(weights)
        self.device, self.reason = self._session.device, self._session.reason
        self.signature = self._session.signature
        self.shapes: list[tuple[int, ...]] = []

    def run(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        self.shapes += [tensor.shape for tensor in inputs.values()]
        return self._session.run(inputs)


class Unrun:
    """A session of which only the signature is looked at."""

    device = "CPUExecutionProvider"
    reason = None

    def __init__(self, signature: Signature) -> None:
        self.signature = signature

    def run(self, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        raise AssertionError("it should not be run")


def manifest(name: str, task: Task, *classes: str, **preprocessing: Any) -> Manifest:
    return Manifest(
        id="shelf/1",
        family=name,
        task=task,
        classes=classes,
        preprocessing=Preprocessing(**preprocessing),
        sha256="0" * 64,
    )


def detector(session: Watched, max_batch: int = 32, **preprocessing: Any) -> Model:
    about = manifest("yolo", Task.OBJECT_DETECTION, "cat", "dog", **{"resize": "letterbox", "pad": 0, **preprocessing})
    return Model(about, session, family("yolo"), bytes=123, max_batch=max_batch)


def picture(light: int, height: int = 64, width: int = 128) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), light, np.uint8)


@pytest.mark.parametrize("batch", [1, 3, "batch"])
def test_detect_answers_in_pixels_of_each_picture(tmp_path: Path, batch: int | str) -> None:
    """128 x 64 goes into 32 x 32 at a quarter, 8 from the top; 16 x 32 at one, 8 from the left; grey halves all."""
    model = detector(Watched(write_detector(tmp_path / "model.onnx", batch, ROWS)))
    white, black, tall, dim = model.detect([picture(255), picture(0), picture(255, 32, 16), picture(204)], OPTIONS)
    np.testing.assert_array_equal(white.xyxy, [[0, 0, 64, 64], [16, 0, 32, 0]])
    np.testing.assert_allclose(white.confidence, [0.8, 0.6], atol=1e-6)
    np.testing.assert_array_equal(white.class_id, [1, 0])
    assert len(black) == 0
    assert black.xyxy.shape == (0, 4)
    np.testing.assert_array_equal(tall.xyxy, [[0, 8, 8, 24], [0, 4, 0, 8]])
    np.testing.assert_array_equal(dim.xyxy, [[0, 0, 51, 45], [13, 0, 26, 0]])
    np.testing.assert_allclose(dim.confidence, [0.64, 0.48], atol=1e-6)


@pytest.mark.parametrize(
    ("batch", "count", "sizes"),
    [(1, 3, [1, 1, 1]), (4, 6, [4, 4]), (4, 4, [4]), ("batch", 7, [3, 3, 1]), ("batch", 2, [2]), (4, 0, [])],
)
def test_pictures_are_run_as_many_at_a_time_as_the_graph_takes(
    tmp_path: Path, batch: int | str, count: int, sizes: list[int]
) -> None:
    session = Watched(write_detector(tmp_path / "model.onnx", batch, ROWS))
    model = detector(session, max_batch=3)
    lights = [255 - place for place in range(count)]
    found = model.detect([picture(light) for light in lights], OPTIONS)
    assert session.shapes == [(size, 3, 32, 32) for size in sizes]
    np.testing.assert_allclose([boxes.confidence[0] for boxes in found], [0.8 * light / 255 for light in lights], 1e-5)


def test_classify(tmp_path: Path) -> None:
    about = manifest("classifier", Task.CLASSIFICATION, "red", "green", "blue", scale=51)
    model = Model(about, Watched(write_classifier(tmp_path / "model.onnx", 2)), family("classifier"), bytes=1)
    blue, grey, red = np.zeros((5, 9, 3), np.uint8), picture(100), np.zeros((30, 7, 3), np.uint8)
    blue[:, :, 0] = 255
    red[:, :, 2] = 255
    scores = [found.values for found in model.classify([blue, grey, red])]
    strong, weak = np.exp(5) / (np.exp(5) + 2), 1 / (np.exp(5) + 2)
    np.testing.assert_allclose(scores, [[weak, weak, strong], [1 / 3] * 3, [strong, weak, weak]], rtol=1e-5)
    assert model.classify([]) == []


def test_what_the_registry_asks(tmp_path: Path) -> None:
    fixed = detector(Watched(write_detector(tmp_path / "fixed.onnx", 2, ROWS)))
    assert (fixed.input_height, fixed.input_width, fixed.batch_size, fixed.bytes) == (32, 32, 2, 123)
    graph = write_detector(tmp_path / "open.onnx", "batch", ROWS, side="side")
    free = detector(Watched(graph), height=48, width=64)
    assert (free.input_height, free.input_width, free.batch_size) == (48, 64, None)
    assert free.session.device == "CPUExecutionProvider"


def test_a_graph_of_any_size_takes_the_size_of_the_manifest(tmp_path: Path) -> None:
    session = Watched(write_detector(tmp_path / "model.onnx", "batch", ROWS, side="side"))
    (found,) = detector(session, height=64, width=64).detect([picture(255)], OPTIONS)
    assert session.shapes == [(1, 3, 64, 64)]
    np.testing.assert_array_equal(found.xyxy, [[0, 0, 32, 16], [8, 0, 16, 0]])


def test_many_threads_use_one_model(tmp_path: Path) -> None:
    model = detector(Watched(write_detector(tmp_path / "model.onnx", "batch", ROWS)))

    def surest(light: int) -> float:
        return float(model.detect([picture(light)], OPTIONS)[0].confidence[0])

    lights = range(160, 256)
    with ThreadPoolExecutor(8) as threads:
        np.testing.assert_allclose(list(threads.map(surest, lights)), [0.8 * light / 255 for light in lights], 1e-5)


def test_another_task_is_refused(tmp_path: Path) -> None:
    finds = detector(Watched(write_detector(tmp_path / "detector.onnx", 1, ROWS)))
    with pytest.raises(ModelTaskError, match="shelf/1 is a model for object-detection, not for classification"):
        finds.classify([picture(1)])
    about = manifest("classifier", Task.CLASSIFICATION, "red", "green", "blue")
    names = Model(about, Watched(write_classifier(tmp_path / "classifier.onnx", 1)), family("classifier"), bytes=1)
    with pytest.raises(ModelTaskError, match="shelf/1 is a model for classification, not for object-detection"):
        names.detect([picture(1)], OPTIONS)


def test_a_picture_without_pixels_is_refused(tmp_path: Path) -> None:
    model = detector(Watched(write_detector(tmp_path / "model.onnx", "batch", ROWS)))
    with pytest.raises(ModelInputError, match="without pixels"):
        model.detect([picture(255), picture(0, 0, 5)], OPTIONS)


def test_a_class_that_the_manifest_does_not_name(tmp_path: Path) -> None:
    model = detector(Watched(write_detector(tmp_path / "model.onnx", 1, [[0, 0, 9, 9, 0.9, 7]])))
    with pytest.raises(ModelArtefactError, match="names 2 classes, but the graph knows 8"):
        model.detect([picture(255)], OPTIONS)


def test_scores_without_names(tmp_path: Path) -> None:
    about = manifest("yolo_classifier", Task.CLASSIFICATION, "red", "green")
    model = Model(about, Watched(write_classifier(tmp_path / "model.onnx", 1)), family("yolo_classifier"), bytes=1)
    with pytest.raises(ModelArtefactError, match="names 2 classes, but the graph knows 3"):
        model.classify([picture(255)])


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (["batch", 3, 32, 32], {"width": 64}, "input width is 64, but the graph takes 32"),
        (["batch", 3, 32, "width"], {}, "takes any input width"),
        (["batch", 32, 32, 3], {}, "does not take pictures"),
    ],
)
def test_a_manifest_that_does_not_fit_the_graph(
    images: list[int | str], settings: dict[str, int], message: str
) -> None:
    about = manifest("yolo", Task.OBJECT_DETECTION, "cat", **settings)
    with pytest.raises(ModelArtefactError, match=message):
        Model(about, Unrun(signature(images, [1, 300, 6])), family("yolo"), bytes=1)


def test_a_manifest_that_does_not_fit_the_family() -> None:
    about = manifest("yolox", Task.CLASSIFICATION, "cat")
    with pytest.raises(ModelArtefactError, match="says classification, but the family yolox does object-detection"):
        Model(about, Unrun(signature([1, 3, 416, 416], [1, 3549, 6])), family("yolox"), bytes=1)


def test_a_manifest_with_a_name_too_many() -> None:
    about = manifest("yolox", Task.OBJECT_DETECTION, "cat", "dog")
    with pytest.raises(ModelArtefactError, match="names 2 classes, but the graph knows 1"):
        Model(about, Unrun(signature([1, 3, 416, 416], [1, 3549, 6])), family("yolox"), bytes=1)

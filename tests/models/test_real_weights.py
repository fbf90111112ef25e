"""Trained weights find what is on photos; their outputs are read once more here, in another way."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.families import family, recognise
from models.labels import labels
from models.manifest import Manifest
from models.model import Model
from models.prediction import DetectionOptions
from models.session import OrtSession, Tensor

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "weights").is_dir(), reason="the evaluation weights are not there")

OPTIONS = DetectionOptions()
Pixels = npt.NDArray[np.uint8]
Found = tuple[list[float], float, int]
"""Left, top, right, bottom in the input tensor; confidence; class."""


def load(weights: str) -> Model:
    """A model as a bare file makes it; names of classes that it does not bring are the usual ones."""
    session = OrtSession(DATA / "weights" / weights)
    found = recognise(session.signature)
    assert found is not None
    kind = family(found.family)
    names = found.classes or labels({80: "coco", 1000: "imagenet"}[found.class_count])
    about = Manifest(
        id="real/1",
        family=kind.name,
        task=kind.task,
        classes=names,
        preprocessing=found.preprocessing,
        sha256="0" * 64,
    )
    return Model(about, session, kind, bytes=0)


def photo(name: str) -> Pixels:
    """A photo, in blue, green, red order."""
    pixels = cv2.imread(str(DATA / "media" / name))
    assert pixels is not None
    return pixels.astype(np.uint8, copy=False)


def yolo_cells(output: Tensor) -> list[Found]:
    """Every anchor of a v8 head, one by one."""
    found: list[Found] = []
    for cx, cy, width, height, *scores in output[0].T.tolist():
        best = max(range(len(scores)), key=scores.__getitem__)
        sides = [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2]
        found.append((sides, scores[best], best))
    return found


def yolox_cells(output: Tensor) -> list[Found]:
    """Every cell of a YOLOX head of 416 x 416, one by one."""
    found: list[Found] = []
    rows = iter(output[0].tolist())
    for stride in (8, 16, 32):
        for y in range(416 // stride):
            for x in range(416 // stride):
                dx, dy, width, height, objectness, *scores = next(rows)
                best = max(range(len(scores)), key=scores.__getitem__)
                cx, cy = (x + dx) * stride, (y + dy) * stride
                w, h = math.exp(width) * stride, math.exp(height) * stride
                found.append(([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], objectness * scores[best], best))
    return found


def letterbox(pixels: Pixels, side: int, centred: bool) -> tuple[Pixels, float, int, int]:
    """The picture on a grey square, its scale, and its corner."""
    height, width = pixels.shape[:2]
    scale = min(side / height, side / width)
    new_width, new_height = int(width * scale), int(height * scale)
    left, top = ((side - new_width) // 2, (side - new_height) // 2) if centred else (0, 0)
    canvas = np.full((side, side, 3), 114, np.uint8)
    canvas[top : top + new_height, left : left + new_width] = cv2.resize(pixels, (new_width, new_height))
    return canvas, scale, left, top


def naive_nms(found: list[Found]) -> list[Found]:
    """Surest first, without those that overlap a surer one of their class."""
    kept: list[Found] = []
    for item in sorted((item for item in found if item[1] > OPTIONS.confidence), key=lambda item: -item[1]):
        if all(item[2] != other[2] or overlap(item[0], other[0]) <= OPTIONS.iou_threshold for other in kept):
            kept.append(item)
    return kept


def overlap(one: list[float], other: list[float]) -> float:
    """Intersection over union."""
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (area - width * height)


@pytest.mark.parametrize("name", ["bus.jpg", "zidane.jpg", "people.jpg"])
@pytest.mark.parametrize(
    ("weights", "side", "centred", "rgb", "divisor", "cells"),
    [
        ("yolov8n-det-coco-uint8.onnx", 640, True, True, 255, yolo_cells),
        ("yolox-nano-coco-fp32-416.onnx", 416, False, False, 1, yolox_cells),
    ],
)
def test_detectors_as_a_naive_reading(
    name: str,
    weights: str,
    side: int,
    centred: bool,
    rgb: bool,
    divisor: int,
    cells: Callable[[Tensor], list[Found]],
) -> None:
    model, pixels = load(weights), photo(name)
    (found,) = model.detect([pixels], OPTIONS)

    canvas, scale, left, top = letterbox(pixels, side, centred)
    image = (canvas[:, :, ::-1] if rgb else canvas).transpose(2, 0, 1)[None].astype(np.float32) / divisor
    expected = naive_nms(cells(model.session.run({"images": image})[0]))
    assert len(expected) > 0
    assert found.class_id.tolist() == [item[2] for item in expected]
    np.testing.assert_allclose(found.confidence, [item[1] for item in expected], atol=0.01)
    height, width = pixels.shape[:2]
    boxes = [
        [
            min(max((value - pad) / scale, 0), limit)
            for value, pad, limit in zip(sides, (left, top) * 2, (width, height) * 2, strict=True)
        ]
        for sides, _, _ in expected
    ]
    np.testing.assert_allclose(found.xyxy, boxes, atol=2)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("yolov8n-det-coco-uint8.onnx", [("person", 0.90), ("person", 0.90), ("person", 0.89), ("bus", 0.82)]),
        ("yolox-nano-coco-fp32-416.onnx", [("bus", 0.91), ("person", 0.85), ("person", 0.81), ("person", 0.69)]),
    ],
)
def test_the_bus(weights: str, expected: list[tuple[str, float]]) -> None:
    model = load(weights)
    (found,) = model.detect([photo("bus.jpg")], OPTIONS)
    assert [model.manifest.classes[index] for index in found.class_id] == [name for name, _ in expected]
    np.testing.assert_allclose(found.confidence, [confidence for _, confidence in expected], atol=0.01)


@pytest.mark.parametrize("weights", ["yolov8n-cls-imagenet-uint8.onnx", "mobilenetv2-imagenet-int8.onnx"])
def test_classifiers(weights: str) -> None:
    model = load(weights)
    names = ["pizza", "teddy", "hummingbird"]
    found = model.classify([photo("dme_pizza.jpg"), photo("dme_teddy.jpg"), photo("hummingbird.jpg")])
    assert [model.manifest.classes[scores.values.argmax()] for scores in found] == names
    for scores in found:
        assert scores.values.max() > 0.99
        assert scores.values.sum() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "weights",
    [
        "deeplabv3-mnv2-voc-fp32-257.onnx",
        "deimv2-atto-detr-coco-fp32-320.onnx",
        "face-yunet-2023-fp32.onnx",
        "nanodet-m-coco-fp32-416.onnx",
        "ppocr-v2-en-number-rec-fp32.onnx",
        "ppocr-v2-textline-cls-fp32.onnx",
        "ppocr-v3-en-det-fp32.onnx",
        "yolov5-lite-e-det-coco-fp32-320.onnx",
        "yolov8n-pose-coco-uint8.onnx",
        "yolov8n-seg-coco-uint8.onnx",
    ],
)
def test_weights_of_no_family(weights: str) -> None:
    assert recognise(OrtSession(DATA / "weights" / weights).signature) is None

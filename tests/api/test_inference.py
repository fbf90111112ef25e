"""Plain inference over HTTP."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import cv2
import numpy as np
import pytest

from tests.api.serving import serving

Wire = Callable[[str], dict[str, Any]]


def test_the_form_of_an_answer(null_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=null_models) as client:
        body = {"id": "mine", "model_id": "null", "image": wire("coffee")}
        response = client.post("/infer/object_detection", json=body)
    assert response.status_code == 200, response.text
    answer = response.json()
    detection = answer["predictions"][0]
    assert answer.keys() == {"inference_id", "time", "image", "predictions"}
    assert answer["inference_id"] == "mine"
    assert answer["image"] == {"width": 600, "height": 400}
    assert UUID(detection.pop("detection_id")).version == 4
    # The model puts a 20 x 20 box in the middle of 64 x 64; letterboxed, 64 stands for 600 pixels.
    box = {"x": 300.0, "y": 200.0, "width": 188.0, "height": 188.0}
    assert {key: detection.pop(key) for key in box} == pytest.approx(box, abs=2)
    assert detection.pop("confidence") == pytest.approx(0.9, abs=1e-6)
    assert detection == {"class": "thing", "class_id": 0}


def test_both_spellings_answer_alike(null_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=null_models) as client:
        body = {"id": "x", "model_id": "null", "image": wire("coffee")}
        answers = [client.post(f"/infer/object{sign}detection", json=body).json() for sign in "_-"]
    for answer in answers:
        answer["time"] = answer["predictions"][0]["detection_id"] = None
    assert answers[0] == answers[1]


def test_a_list_gives_a_list(null_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=null_models) as client:
        one = client.post("/infer/object_detection", json={"model_id": "null", "image": [wire("coffee")]})
        two = client.post(
            "/infer/object_detection", json={"model_id": "null", "image": [wire("coffee"), wire("astronaut")]}
        )
    assert [item["image"]["width"] for item in one.json()] == [600]
    assert [item["image"]["width"] for item in two.json()] == [600, 512]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 1),
        ({"confidence": 0.89}, 1),
        ({"confidence": 0.91}, 0),
        ({"confidence": 40}, 0),
        ({"confidence": "best"}, 1),
        ({"confidence": "0.5"}, 1),
        ({"confidence": None}, 1),
        ({"class_filter": ["other"]}, 0),
        ({"class_filter": ["thing"]}, 1),
        ({"class_filter": []}, 1),
        ({"class_filter": ["nobody knows"]}, 0),
        ({"max_detections": 0}, 0),
        ({"iou_threshold": None, "unknown": 1}, 1),
    ],
)
def test_options(null_models: Path, wire: Wire, options: dict[str, Any], count: int) -> None:
    with serving(MODELS_DIR=null_models) as client:
        response = client.post("/infer/object_detection", json={"model_id": "null", "image": wire("coffee"), **options})
    assert response.status_code == 200, response.text
    assert len(response.json()["predictions"]) == count
    assert response.json()["image"] == {"width": 600, "height": 400}


def test_visualization_is_a_jpeg_of_the_picture_with_the_box(null_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=null_models) as client:
        body = {"model_id": "null", "image": wire("coffee"), "visualize_predictions": True}
        boxes = client.post("/infer/object_detection", json=body).json()["visualization"]
        labels = client.post("/infer/object_detection", json={**body, "visualization_labels": True}).json()
    plain = cv2.imdecode(np.frombuffer(b64decode(boxes), np.uint8), cv2.IMREAD_COLOR)
    written = cv2.imdecode(np.frombuffer(b64decode(labels["visualization"]), np.uint8), cv2.IMREAD_COLOR)
    assert plain is not None
    assert written is not None
    original = cv2.imdecode(np.frombuffer(b64decode(wire("coffee")["value"]), np.uint8), cv2.IMREAD_COLOR)
    assert original is not None
    assert plain.shape == original.shape
    changed = np.abs(plain.astype(int) - original).max(axis=2) > 100
    assert changed[100:300, 206].mean() > 0.5  # the left side of the box
    assert np.abs(written.astype(int) - plain).max() > 100


def test_a_picture_too_long_to_be_drawn_on_is_refused(null_models: Path) -> None:
    done, data = cv2.imencode(".png", np.zeros((2, 70_000, 3), np.uint8))
    assert done
    with serving(MODELS_DIR=null_models) as client:
        body = {"model_id": "null", "image": _base64(data.tobytes())}
        found = refused(client, **body, visualize_predictions=True)
        assert client.post("/infer/object_detection", json=body).status_code == 200
    assert found[:2] == (413, "ImageTooLargeError")
    assert "65500" in found[2]


def refused(client: Any, **body: Any) -> tuple[int, str, str]:
    response = client.post("/infer/object_detection", json=body)
    content = response.json()
    return response.status_code, content["error_type"], content["message"]


def test_bad_input_says_what_and_where_and_the_next_request_works(null_models: Path, wire: Wire) -> None:
    good = {"model_id": "null", "image": wire("coffee")}
    with serving(MODELS_DIR=null_models, OFFLINE_MODE=True) as client:
        png = b64decode(wire("coffee")["value"])
        cases: list[tuple[dict[str, Any], int, str, str]] = [
            ({"model_id": "null"}, 422, "RequestValidationError", "image"),
            ({"image": good["image"]}, 400, "InvalidModelIDError", "model_id"),
            ({**good, "model_id": "nul"}, 404, "ModelNotFoundError", "null"),
            ({**good, "model_id": "../etc/passwd"}, 400, "InvalidModelIDError", "id"),
            ({**good, "image": []}, 400, "InputImageLoadError", "1 to"),
            ({**good, "image": {"type": "base64", "value": "bm8="}}, 400, "InputImageLoadError", ""),
            ({**good, "image": {"type": "base64", "value": "!!!"}}, 400, "InputImageLoadError", "base64"),
            ({**good, "image": {"type": "tiff", "value": ""}}, 400, "InvalidImageTypeDeclared", "base64"),
            ({**good, "image": _base64(png[: len(png) // 2])}, 400, "InputImageLoadError", ""),
            ({**good, "image": _base64(_png_header(40_000, 40_000))}, 413, "ImageTooLargeError", "40000"),
            ({**good, "image": {"type": "url", "value": "http://127.0.0.1/x.png"}}, 400, "ImageSourceRefused", ""),
            ({**good, "confidence": "nan"}, 422, "RequestValidationError", "confidence"),
            ({**good, "confidence": "-inf"}, 422, "RequestValidationError", "confidence"),
            ({**good, "confidence": "high"}, 422, "RequestValidationError", "confidence"),
            ({**good, "iou_threshold": 2}, 422, "RequestValidationError", "iou_threshold"),
        ]
        for body, status, error, says in cases:
            found = refused(client, **body)
            assert found[:2] == (status, error), found
            assert says in found[2], found
            assert "Step" not in found[2], found
            assert "/" + str(null_models).lstrip("/") not in found[2]
        assert client.post("/infer/object_detection", json=good).status_code == 200


def _base64(data: bytes) -> dict[str, str]:
    return {"type": "base64", "value": b64encode(data).decode()}


def _png_header(width: int, height: int) -> bytes:
    """The header and the end of a PNG file that promises a picture of this size."""
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    crc = zlib.crc32(header).to_bytes(4, "big")
    end = b"\x00\x00\x00\x00IEND\xaeB`\x82"
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0d" + header + crc + end


def test_the_class_of_a_picture_is_drawn(starter_models: Path, wire: Wire) -> None:
    body = {"model_id": "squeezenet/1", "image": [wire("chelsea"), wire("coffee")], "visualize_predictions": True}
    with serving(MODELS_DIR=starter_models) as client:
        drawn = client.post("/infer/classification", json={**body, "confidence": 0.05}).json()
        nothing = client.post("/infer/classification", json={**body, "confidence": 1}).json()
    pictures = [_pixels(wire(name)["value"]) for name in ("chelsea", "coffee")]
    for picture, with_class, without in zip(pictures, drawn, nothing, strict=True):
        assert with_class["top"]
        assert not without["top"]
        assert _pixels(with_class["visualization"]).shape == picture.shape
        assert np.abs(_pixels(with_class["visualization"])[:40, :200].astype(int) - picture[:40, :200]).mean() > 20
        assert np.abs(_pixels(without["visualization"]).astype(int) - picture).mean() < 5


def _pixels(value: str) -> np.ndarray[Any, Any]:
    picture = cv2.imdecode(np.frombuffer(b64decode(value), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_real_weights_find_a_person_and_a_cat(starter_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=starter_models) as client:
        found = {
            name: client.post("/infer/object_detection", json={"model_id": "fastestdet/1", "image": wire(name)}).json()
            for name in ("astronaut", "chelsea")
        }
        shown = client.post(
            "/infer/classification", json={"model_id": "squeezenet/1", "image": wire("chelsea"), "confidence": 0.05}
        ).json()
    person = found["astronaut"]["predictions"][0]
    assert person["class"] == "person"
    assert person["confidence"] > 0.6
    assert "cat" in [item["class"] for item in found["chelsea"]["predictions"]]
    assert shown.keys() == {"inference_id", "time", "image", "predictions", "top", "confidence"}
    assert shown["top"] in {"Egyptian cat", "tabby", "tiger cat"}
    assert shown["predictions"] == sorted(shown["predictions"], key=lambda item: -item["confidence"])

"""Inputs decoded by the kinds that they are declared to be."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.errors import InputImageLoadError, RuntimeInputError
from engine.guard.limits import Limits, SourcePolicy
from engine.kinds import KINDS
from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire.decode import READERS, decoder
from engine.wire.detection_kinds import DETECTION_KINDS
from engine.wire.encode import encode
from engine.wire.read_image import ImageLoader
from engine.wire.write_detections import encode_detections
from tests.engine.wire.samples import boxes, keypoints, masks, travelled

DECODE = decoder(ImageLoader(Limits(), SourcePolicy()))
TAKEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MOMENT = {"video_identifier": "camera", "frame_number": 3, "frame_timestamp": "2026-01-02T03:04:05Z"}
SIZE = {"width": 4, "height": 3}
PIXELS = np.full((3, 4, 3), 7, np.uint8)


def decode(value: Any, *kinds: str) -> Any:
    return DECODE(kinds, value, "given")


def png() -> str:
    done, data = cv2.imencode(".png", PIXELS)
    assert done
    return b64encode(data.tobytes()).decode()


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def test_every_kind_that_is_read_exists() -> None:
    assert not READERS.keys() - KINDS.keys()


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "text", "text"),
        ("top_class", "cat", "cat"),
        ("boolean", False, False),
        ("boolean", np.bool_(True), True),
        ("integer", 3, 3),
        ("integer", np.int32(3), 3),
        ("float", 3, 3.0),
        ("float", 2.5, 2.5),
        ("float", np.float32(0.5), 0.5),
        ("float_zero_to_one", 1, 1.0),
        ("float_zero_to_one", 0.25, 0.25),
        ("list_of_values", [1, "a", None], [1, "a", None]),
        ("list_of_values", (1, 2), (1, 2)),
        ("dictionary", {"a": [1]}, {"a": [1]}),
        ("point", [1, 2.5], (1, 2.5)),
        ("zone", [[0, 0], (1, 0), [1, 1]], [(0, 0), (1, 0), (1, 1)]),
        ("rgb_color", "#ff0000", "#ff0000"),
        ("rgb_color", [1, 2, 3], (1, 2, 3)),
        ("bytes", "AP8=", b"\x00\xff"),
        ("bytes", b"\x00", b"\x00"),
        ("timestamp", "2026-01-02T03:04:05Z", TAKEN),
        ("timestamp", TAKEN, TAKEN),
        ("labeled_points", [{"x": 1, "y": 2, "more": 3}], [{"x": 1, "y": 2}]),
        ("labeled_points", [{"x": 1, "y": 2, "positive": False}], [{"x": 1, "y": 2, "positive": False}]),
        ("video_metadata", MOMENT, VideoMoment("camera", 3, TAKEN)),
        ("video_metadata", VideoMoment("camera", 3, TAKEN), VideoMoment("camera", 3, TAKEN)),
        ("embedding", [1, "as it is"], [1, "as it is"]),
        ("secret", 5, 5),
        ("*", {"type": "base64"}, {"type": "base64"}),
    ],
)
def test_what_fits(kind: str, value: Any, expected: Any) -> None:
    found = decode(value, kind)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value", "found", "fits"),
    [
        ("string", 5, "the number 5", "give text"),
        ("string", b"text", "type bytes", "give text"),
        ("boolean", 1, "the number 1", "true or false"),
        ("boolean", "true", "the text 'true'", "true or false"),
        ("integer", 2.0, "the number 2.0", "a whole number"),
        ("integer", True, "found true", "a whole number"),
        ("integer", 2**63, "the number 9223372036854775808", "64 bits"),
        ("float", "2", "the text '2'", "a finite number"),
        ("float", True, "found true", "a finite number"),
        ("float", float("nan"), "the number nan", "a finite number"),
        ("float", 10**400, "type int", "a finite number"),
        ("float_zero_to_one", 1.01, "the number 1.01", "from 0 to 1"),
        ("float_zero_to_one", -1, "the number -1", "from 0 to 1"),
        ("float_zero_to_one", "0", "the text '0'", "from 0 to 1"),
        ("list_of_values", {"a": 1}, "an object of 1", "a list"),
        ("list_of_values", deep(70), "nested more than 64 deep", "at most 64 deep"),
        ("dictionary", [], "a list of 0", "an object"),
        ("dictionary", {"a": deep(70)}, "nested more than 64 deep", "at most 64 deep"),
        ("embedding", deep(70), "nested more than 64 deep", "at most 64 deep"),
        ("point", [1], "a list of 1", "two numbers"),
        ("point", [1, 1e10], "a list of 2", "two numbers"),
        ("point", [1, True], "a list of 2", "two numbers"),
        ("zone", [[0, 0], [1, 1]], "a list of 2", "3 to 10000 points"),
        ("zone", [[0, 0]] * 10_001, "a list of 10001", "3 to 10000 points"),
        ("zone", [[0, 0], [1, 1], [1]], r"a list of 1 at \[2\]", "3 to 10000 points"),
        ("labeled_points", [{"x": 1}], r"the object at \[0\]", "numbers x and y"),
        ("labeled_points", [{"x": 1, "y": 1, "positive": 1}], r"the object at \[0\]", "numbers x and y"),
        ("labeled_points", [[1, 2]], r"a list of 2 at \[0\]", "numbers x and y"),
        ("labeled_points", [{"x": 1, "y": 1}] * 10_001, "a list of 10001", "at most 10000"),
        ("rgb_color", "no colour", "the text 'no colour'", "#RRGGBB"),
        ("rgb_color", [1, 2, 256], "a list of 3", "#RRGGBB"),
        ("rgb_color", [1, 2, "3"], "not all whole numbers", "#RRGGBB"),
        ("rgb_color", 5, "the number 5", "#RRGGBB"),
        ("bytes", "A", "not all base64", "base64 text"),
        ("bytes", 5, "the number 5", "base64 text"),
        ("timestamp", "yesterday", "the text 'yesterday'", "2026-01-31T12"),
        ("timestamp", 5, "the number 5", "2026-01-31T12"),
        ("numpy_array", [[1, 2], [3]], "different lengths", "lists of numbers"),
        ("numpy_array", [1, "a"], "something else", "lists of numbers"),
        ("numpy_array", [1, True], "something else", "lists of numbers"),
        ("numpy_array", [2**64], "more than 64 bits", "lists of numbers"),
        ("numpy_array", [1.5, 10**400], "more than 64 bits", "lists of numbers"),
        ("numpy_array", 5, "the number 5", "lists of numbers"),
        ("numpy_array", deep(40), "something else", "lists of numbers"),
        ("video_metadata", {"frame_number": 3}, "video_identifier is not valid", "frame_timestamp"),
        ("video_metadata", 5, r"found the number 5\. ", "frame_timestamp"),
        ("video_metadata", {**MOMENT, "frame_number": 2**63}, "frame_number is not valid", "frame_timestamp"),
        ("image", PIXELS[0], "shape", "height x width x 3"),
        ("image", PIXELS.astype(float), "float64", "height x width x 3"),
        ("object_detection_prediction", {"predictions": []}, "null at image", "width and height"),
    ],
)
def test_what_does_not_fit(kind: str, value: Any, found: str, fits: str) -> None:
    with pytest.raises(RuntimeInputError, match=found) as caught:
        decode(value, kind)
    assert f"The input 'given' does not fit. As {kind}: " in caught.value.message
    assert fits in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("value", "kind", "shape"),
    [
        ([[1, 2], [3, 4]], "i", (2, 2)),
        ([[1, 2.5]], "f", (1, 2)),
        ([True, False], "b", (2,)),
        ([], "f", (0,)),
        ([[], []], "f", (2, 0)),
    ],
)
def test_arrays(value: Any, kind: str, shape: tuple[int, ...]) -> None:
    found = decode(value, "numpy_array")
    assert (found.dtype.kind, found.shape) == (kind, shape)
    assert found.tolist() == value
    assert decode(found, "numpy_array") is found


def test_a_long_text_is_not_repeated() -> None:
    with pytest.raises(RuntimeInputError) as caught:
        decode("x" * 10_000, "integer")
    assert len(str(caught.value)) < 400


def test_kinds_are_tried_in_their_order() -> None:
    assert type(decode(2, "float", "integer")) is float
    assert type(decode(2, "integer", "float")) is int
    assert decode(2.5, "integer", "float") == 2.5
    assert decode("text", "integer", "*") == "text"
    assert decode("text", "image", "string") == "text"
    assert isinstance(decode(png(), "image", "string"), Image)


def test_all_that_failed_is_said() -> None:
    with pytest.raises(RuntimeInputError) as caught:
        decode("text", "image", "boolean", "integer")
    assert "As image: The image 'given' cannot be loaded." in caught.value.message
    assert "As boolean: found the text 'text'. As integer: found the text 'text'." in caught.value.message
    assert "For boolean, give true or false. For integer, give" in (caught.value.hint or "")


def test_images() -> None:
    for value in (png(), {"type": "base64", "value": png()}, PIXELS):
        image = decode(value, "image")
        assert image.id == "given"
        assert np.array_equal(image.pixels, PIXELS)
        assert decode(image, "image") is image
    with pytest.raises(InputImageLoadError):
        decode("no image", "image")


@pytest.mark.parametrize("kind", sorted(DETECTION_KINDS))
def test_detections(kind: str) -> None:
    sent = encode(boxes(2, mask=masks(2), columns=keypoints([1, 2])), (kind,))
    found = decode(travelled(sent), kind)
    assert found.prediction_type == DETECTION_KINDS[kind].prediction_type
    assert np.array_equal(found.mask, masks(2))
    assert encode(found, (kind,)) == sent
    assert decode(found, kind) is found


def test_codes() -> None:
    sent = encode_detections(boxes(1))
    sent["predictions"][0]["data"] = "https://example.org"
    found: Detections = decode(sent, "qr_code_detection")
    assert found.columns["data"].tolist() == ["https://example.org"]


ONE = {"class": "cat", "class_id": 3, "confidence": 0.75}
OTHER = {"class": "dog", "class_id": 1, "confidence": 0.25}


def test_classifications_of_one_class() -> None:
    found = decode({"image": SIZE, "predictions": [OTHER, ONE]}, "classification_prediction")
    assert (found["top"], found["confidence"]) == ("cat", 0.75)
    assert (found["parent_id"], found["root_parent_id"]) == ("given", "given")
    assert found["prediction_type"] == "classification"
    assert len(found["inference_id"]) == 36
    nothing = decode({"image": SIZE, "predictions": [], "parent_id": "a"}, "classification_prediction")
    assert (nothing["top"], nothing["confidence"], nothing["root_parent_id"]) == ("", 0, "a")


def test_classifications_of_several_classes() -> None:
    sent = {"image": SIZE, "predictions": {"cat": ONE}, "predicted_classes": ["cat"], "inference_id": "run"}
    found = decode(sent, "classification_prediction")
    assert {key: found[key] for key in sent} == sent
    assert "parent_id" not in sent


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "a list of 0"),
        ({"image": SIZE}, "without `predictions`"),
        ({"predictions": []}, "null at image"),
        ({"image": SIZE, "predictions": "cat"}, "the text 'cat' at predictions"),
        ({"image": SIZE, "predictions": [5]}, r"the number 5 at predictions.\[0\]"),
        ({"image": SIZE, "predictions": [{**ONE, "class": 3}]}, r"3 at predictions.\[0\].class"),
        ({"image": SIZE, "predictions": [{**ONE, "class_id": "3"}]}, r"'3' at predictions.\[0\].class_id"),
        ({"image": SIZE, "predictions": [{**ONE, "confidence": None}]}, r"null at predictions.\[0\].confidence"),
        ({"image": SIZE, "predictions": [ONE], "top": 3}, "the number 3 at top"),
        ({"image": SIZE, "predictions": [ONE], "confidence": "1"}, "the text '1' at confidence"),
        ({"image": SIZE, "predictions": {"cat": ONE}}, "null at predicted_classes"),
        ({"image": SIZE, "predictions": {"cat": 1}, "predicted_classes": []}, "the number 1 at predictions.cat"),
        ({"image": SIZE, "predictions": [], "more": deep(70)}, "64 deep"),
        ({"image": SIZE, "predictions": [ONE], "parent_id": {"x": 1}}, "an object of 1 at parent_id"),
        ({"image": SIZE, "predictions": [ONE], "root_parent_id": 3}, "the number 3 at root_parent_id"),
        ({"image": SIZE, "predictions": [ONE], "inference_id": 5}, "the number 5 at inference_id"),
        ({"image": SIZE, "predictions": [ONE], "prediction_type": [1]}, "a list of 1 at prediction_type"),
        ({"image": SIZE, "predictions": [{**ONE, "confidence": 7e200}]}, r"7e\+200 at predictions.\[0\].confidence"),
        ({"image": SIZE, "predictions": [ONE], "confidence": -0.1}, "the number -0.1 at confidence"),
        ({"image": SIZE, "predictions": [{**ONE, "class_id": 2**63}]}, r"predictions.\[0\].class_id"),
        ({"image": SIZE, "predictions": {"cat": {**ONE, "confidence": 2}}, "predicted_classes": []}, "2 at .*confid"),
    ],
)
def test_classifications_that_are_none(value: Any, reason: str) -> None:
    with pytest.raises(RuntimeInputError, match=reason):
        decode(value, "classification_prediction")


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=6),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.sampled_from(["image", "predictions", "x", "points", "width", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, some.sampled_from(sorted({*READERS, "image"})))
def test_any_value_is_taken_or_refused(value: Any, kind: str) -> None:
    said = "The input 'given'"
    try:
        decode(value, kind)
    except (RuntimeInputError, InputImageLoadError) as error:
        said = error.message
    assert "'given'" in said

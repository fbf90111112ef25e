"""What an object says about where its picture comes from."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.values.frame import Origin, VideoMoment
from engine.wire.read_frame import Provenance, read_provenance
from engine.wire.unfit import Unfit

PARENT = {"offset_x": 1, "offset_y": 2, "width": 30, "height": 40}
ROOT = {"offset_x": 11, "offset_y": 12, "width": 130, "height": 140}
MOMENT = {"video_identifier": "gate", "frame_number": 7, "frame_timestamp": "2024-05-01T12:00:00+00:00"}
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, Provenance("image")),
        ({"type": "base64", "value": "...", "other": 1}, Provenance("image")),
        ({"parent_id": None, "parent_origin": None, "video_metadata": None}, Provenance("image")),
        ({"parent_id": "crop"}, Provenance("crop")),
        ({"root_parent_id": "street"}, Provenance("image")),
        (
            {"parent_id": "crop", "parent_origin": PARENT, "root_parent_id": "street", "root_parent_origin": ROOT},
            Provenance("crop", Origin("street", 1, 2, 30, 40), Origin("street", 11, 12, 130, 140)),
        ),
        (
            {"parent_origin": PARENT, "root_parent_id": "street"},
            Provenance("image", Origin("street", 1, 2, 30, 40), Origin("street", 1, 2, 30, 40)),
        ),
        (
            {"parent_id": "crop", "root_parent_origin": ROOT},
            Provenance("crop", Origin("crop", 11, 12, 130, 140), Origin("crop", 11, 12, 130, 140)),
        ),
        ({"video_metadata": MOMENT}, Provenance("image", video=VideoMoment("gate", 7, NOON))),
        (
            {"video_metadata": {**MOMENT, "fps": 25, "measured_fps": 24.5, "comes_from_video_file": True, "more": 1}},
            Provenance("image", video=VideoMoment("gate", 7, NOON, 25.0, 24.5, True)),
        ),
    ],
)
def test_what_is_said_is_meant(said: dict[str, Any], meant: Provenance) -> None:
    assert read_provenance(said, "image") == meant


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"parent_id": 5}, "parent_id"),
        ({"root_parent_id": ["street"]}, "root_parent_id"),
        ({"parent_origin": "here"}, "parent_origin"),
        ({"parent_origin": {}}, "parent_origin.offset_x"),
        ({"parent_origin": {**PARENT, "width": 0}}, "parent_origin.width"),
        ({"parent_origin": {**PARENT, "height": -1}}, "parent_origin.height"),
        ({"parent_origin": {**PARENT, "offset_y": "left"}}, "parent_origin.offset_y"),
        ({"root_parent_origin": {**ROOT, "height": 0.5}}, "root_parent_origin.height"),
        ({"parent_origin": {**PARENT, "offset_x": "1"}}, "parent_origin.offset_x"),
        ({"parent_origin": {**PARENT, "offset_x": 1.0}}, "parent_origin.offset_x"),
        ({"parent_origin": {**PARENT, "offset_x": 10**18}}, "parent_origin.offset_x"),
        ({"root_parent_origin": {**ROOT, "width": True}}, "root_parent_origin.width"),
        ({"video_metadata": []}, "a list of 0 at video_metadata"),
        ({"video_metadata": {**MOMENT, "frame_number": 10**30}}, "video_metadata.frame_number"),
        ({"video_metadata": {**MOMENT, "frame_timestamp": "noon"}}, "video_metadata.frame_timestamp"),
        ({"video_metadata": {**MOMENT, "fps": float("nan")}}, "video_metadata.fps"),
        ({"video_metadata": {"frame_number": 1}}, "video_metadata.video_identifier"),
    ],
)
def test_what_is_malformed_is_named(said: dict[str, Any], key: str) -> None:
    with pytest.raises(Unfit) as caught:
        read_provenance(said, "image")
    assert re.search(rf"{key}( is not valid|$)", caught.value.found)

"""The forms in which values with parts travel, as types, so that editors can be told and tests can check them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from engine.kinds import INSTANCES, KEYPOINTS, OBJECTS, RLE_INSTANCES

Number = float | None
"""Null where a number is not finite."""


class Moment(TypedDict):
    """Which frame of which video a picture is."""

    video_identifier: str
    frame_number: int
    frame_timestamp: str
    fps: Number
    measured_fps: Number
    comes_from_video_file: bool | None


class Place(TypedDict):
    """Where a crop lies in a larger picture, and how large that is."""

    offset_x: int
    offset_y: int
    width: int
    height: int


class Ancestry(TypedDict):
    """What is said of a crop only."""

    parent_origin: NotRequired[Place]
    root_parent_id: NotRequired[str]
    root_parent_origin: NotRequired[Place]


class Picture(Ancestry):
    """A picture as base64; of a crop, also where it lies."""

    type: Literal["base64"]
    value: str
    video_metadata: Moment
    parent_id: NotRequired[str]


class Size(TypedDict):
    """Of a picture, in pixels."""

    width: int | None
    height: int | None


class Point(TypedDict):
    """In pixels."""

    x: Number
    y: Number


Named = TypedDict("Named", {"class": str})
"""What has a class; written as a call since that is a keyword of Python."""


class Detection(Named, Ancestry):
    """A box by its centre and size; blocks add more keys."""

    x: Number
    y: Number
    width: Number
    height: Number
    confidence: Number
    class_id: int
    detection_id: str
    parent_id: str
    tracker_id: NotRequired[int]


class Outlined(Detection):
    """A detection with the outline of its mask."""

    points: list[Point]


class RunLengths(TypedDict):
    """A mask in the form of COCO."""

    size: list[int]
    counts: str


class Masked(Detection):
    """A detection with its mask."""

    rle_mask: RunLengths


class Keypoint(Point, Named):
    """One keypoint."""

    class_id: int
    confidence: Number


class Posed(Detection):
    """A detection with keypoints."""

    keypoints: list[Keypoint]


class Coded(Detection):
    """A detection with the text of a code."""

    data: str


class Boxes(TypedDict):
    """Boxes found in a picture."""

    image: Size
    predictions: list[Detection]


class Outlines(TypedDict):
    """Boxes with the outlines of their masks."""

    image: Size
    predictions: list[Outlined]


class Masks(TypedDict):
    """Boxes with masks."""

    image: Size
    predictions: list[Masked]


class Poses(TypedDict):
    """Boxes with keypoints."""

    image: Size
    predictions: list[Posed]


class Codes(TypedDict):
    """Boxes with the text of codes."""

    image: Size
    predictions: list[Coded]


class Score(TypedDict):
    """How sure a model is of a class."""

    class_id: int
    confidence: Number


class Candidate(Score, Named):
    """A class and how sure a model is of it."""


class OneClass(TypedDict):
    """The class that a picture shows, and the candidates."""

    image: NotRequired[Size]
    predictions: list[Candidate]
    top: str
    confidence: Number


class ManyClasses(TypedDict):
    """The classes that a picture shows, and how sure the model is of each that it knows."""

    image: NotRequired[Size]
    predictions: dict[str, Score]
    predicted_classes: list[str]


WIRE_FORMS: dict[str, tuple[Any, ...]] = {
    "image": (Picture,),
    "video_metadata": (Moment,),
    OBJECTS: (Boxes,),
    INSTANCES: (Outlines,),
    RLE_INSTANCES: (Masks,),
    "semantic_segmentation_prediction": (Masks,),
    KEYPOINTS: (Poses,),
    "qr_code_detection": (Codes,),
    "bar_code_detection": (Codes,),
    "classification_prediction": (OneClass, ManyClasses),
}
"""The forms that results of a kind may have; other kinds have no parts that are known."""


def json_schema(kind: str) -> dict[str, Any] | list[dict[str, Any]]:
    """The JSON schema of a kind that has a form; a list of them when it has several."""
    schemas = [TypeAdapter(form).json_schema() for form in WIRE_FORMS[kind]]
    return schemas[0] if len(schemas) == 1 else schemas

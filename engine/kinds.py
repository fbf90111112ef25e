"""The kinds: what a value is, as workflows and editors name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from engine.values.detections import Detections as Detections_
from engine.values.frame import VideoMoment
from engine.values.image import Image as Image_


@dataclass(frozen=True, slots=True)
class Kind:
    """A name, what it means, and its form on the wire and inside.

    Kinds have no subtypes: an edge fits when the two ends share a kind, or one end takes anything.
    """

    name: str
    doc: str
    wire: str
    inside: str


class Kinds:
    """Written into an annotation: the kinds that the annotated value may be."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __repr__(self) -> str:
        return f"Kinds{self.names}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How arguments are checked: pictures and the like by their class alone."""
        return core_schema.is_instance_schema(source) if source in VALUE_CLASSES else handler(source)


VALUE_CLASSES = (Image_, Detections_, VideoMoment)
"""What has no form as a literal, and so has to be wired."""
ANY = "*"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(ANY, "Any value.", "Any", "Any"),
        Kind("image", "One picture with its ancestry and its place in a video.", "dict", "Image"),
        Kind("video_metadata", "Which frame of which video a picture is.", "dict", "VideoMoment"),
        Kind("image_metadata", "The size of a picture.", "dict", "dict"),
        Kind("object_detection_prediction", "Boxes found in a picture.", "dict", "Detections"),
        Kind("instance_segmentation_prediction", "Boxes with masks.", "dict", "Detections"),
        Kind("rle_instance_segmentation_prediction", "Boxes with run-length masks.", "dict", "Detections"),
        Kind("semantic_segmentation_prediction", "A mask for each class.", "dict", "Detections"),
        Kind("keypoint_detection_prediction", "Boxes with keypoints.", "dict", "Detections"),
        Kind("qr_code_detection", "Boxes with the text of QR codes.", "dict", "Detections"),
        Kind("bar_code_detection", "Boxes with the text of bar codes.", "dict", "Detections"),
        Kind("detection", "One row of a set of detections.", "Tuple", "tuple"),
        Kind("detections_overlaps", "Pairs of detections that overlap, measured.", "List[dict]", "list"),
        Kind("classification_prediction", "What a picture shows: one class, or several labels.", "dict", "dict"),
        Kind("top_class", "The name of the best class.", "str", "str"),
        Kind("language_model_output", "Text that a language model wrote.", "str", "str"),
        Kind("string", "Text.", "str", "str"),
        Kind("boolean", "True or false.", "bool", "bool"),
        Kind("integer", "A whole number.", "int", "int"),
        Kind("float", "A number.", "float", "float"),
        Kind("float_zero_to_one", "A number from 0 to 1.", "float", "float"),
        Kind("dictionary", "Named values.", "dict", "dict"),
        Kind("list_of_values", "Values in order.", "List[Any]", "list"),
        Kind("point", "A pair x, y.", "Tuple[int, int]", "tuple"),
        Kind("zone", "At least three points around an area.", "List[Tuple[int, int]]", "list"),
        Kind("labeled_points", "Points marked as inside or outside.", "List[dict]", "list"),
        Kind("contours", "Outlines, each a list of points.", "List[Any]", "list[ndarray]"),
        Kind("image_keypoints", "Points that classical vision found in a picture.", "dict", "dict"),
        Kind("rgb_color", "A colour: #RRGGBB, a name, or three numbers.", "str", "str or tuple"),
        Kind("embedding", "A vector of floats.", "List[float]", "list"),
        Kind("numpy_array", "An array.", "List[Any]", "ndarray"),
        Kind("tensor", "An array on a device.", "List[Any]", "ndarray"),
        Kind("bytes", "Bytes; base64 on the wire.", "str", "bytes"),
        Kind("timestamp", "A moment; ISO 8601 on the wire.", "str", "datetime"),
        Kind("serialised_payloads", "Payloads ready for a sink.", "List[Any]", "list"),
        Kind("secret", "Text that is never shown in full.", "str", "str"),
        Kind("parent_id", "The name of the picture that a prediction belongs to.", "str", "str"),
        Kind("prediction_type", "Which task a prediction comes from.", "str", "str"),
        Kind("inference_id", "The name of one run of a model.", "str", "str"),
        Kind("roboflow_model_id", "The id of a model.", "str", "str"),
        Kind("roboflow_project", "The name of a project.", "str", "str"),
        Kind("roboflow_api_key", "A key of the platform.", "str", "str"),
        Kind("ROBOFLOW_MANAGED_KEY", "A key that the platform keeps.", "str", "str"),
        Kind("roboflow_solution", "The name of a solution.", "str", "str"),
    )
}

OBJECTS = "object_detection_prediction"
INSTANCES = "instance_segmentation_prediction"
KEYPOINTS = "keypoint_detection_prediction"
RLE_INSTANCES = "rle_instance_segmentation_prediction"

# What block signatures are written with.
Image = Annotated[Image_, Kinds("image")]
ObjectDetections = Annotated[Detections_, Kinds(OBJECTS)]
InstanceSegmentation = Annotated[Detections_, Kinds(INSTANCES)]
KeypointDetections = Annotated[Detections_, Kinds(KEYPOINTS)]
BoxesOrMasks = Annotated[Detections_, Kinds(OBJECTS, INSTANCES)]
AnyDetections = Annotated[Detections_, Kinds(OBJECTS, INSTANCES, KEYPOINTS)]
DrawableDetections = Annotated[Detections_, Kinds(OBJECTS, INSTANCES, KEYPOINTS, RLE_INSTANCES)]
VideoMetadata = Annotated[VideoMoment, Kinds("video_metadata")]
Classification = Annotated[dict[str, Any], Kinds("classification_prediction")]
ZeroToOne = Annotated[float, Kinds("float_zero_to_one"), Ge(0), Le(1)]
ModelId = Annotated[str, Kinds("roboflow_model_id")]
InferenceId = Annotated[str, Kinds("inference_id")]
Project = Annotated[str, Kinds("roboflow_project")]
Anything = Annotated[Any, Kinds(ANY)]

KINDS_OF_TYPE: dict[Any, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer",),
    float: ("float", "float_zero_to_one", "integer"),
    str: ("string",),
    list: ("list_of_values",),
    dict: ("dictionary",),
    tuple: ("list_of_values",),
    Any: (ANY,),
}
"""The kinds of a plain Python annotation; an annotation with `Kinds` says its own."""

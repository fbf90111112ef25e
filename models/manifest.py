"""What is known of a model besides its weights: family, task, classes, preprocessing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MANIFEST_FILE = "manifest.json"
WEIGHTS_FILE = "model.onnx"


def _encodable(text: str) -> str:
    """Text that can be stored, sent and drawn; ValueError for half a pair of surrogates: OpenCV does not survive it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{text[:40]!a} has half of a surrogate pair, which is no character") from None
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Deviation = Annotated[float, Field(gt=0)]


class Task(StrEnum):
    """What a model does, as the registry on the wire names it."""

    OBJECT_DETECTION = "object-detection"
    CLASSIFICATION = "classification"
    MULTI_LABEL_CLASSIFICATION = "multi-label-classification"
    INSTANCE_SEGMENTATION = "instance-segmentation"
    KEYPOINT_DETECTION = "keypoint-detection"


class Preprocessing(BaseModel):
    """How a picture becomes the input tensor, in the order of the fields.

    Attributes:
        width, height: of the network input in pixels; None takes them from the graph.
        resize: `stretch` ignores the aspect ratio; `letterbox` keeps it and centres the picture; `letterbox-corner`
            keeps it with the picture in the top left corner; `crop` resizes the short side to the input and cuts the
            middle.
        pad: grey level of the letterbox bars, 0..255.
        color: order of the channels.
        scale: the divisor of pixel values.
        mean, std: of each channel, after `scale`, in the order of `color`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Annotated[int, Field(gt=0, le=8192)] | None = None
    height: Annotated[int, Field(gt=0, le=8192)] | None = None
    resize: Literal["stretch", "letterbox", "letterbox-corner", "crop"] = "stretch"
    pad: Annotated[int, Field(ge=0, le=255)] = 114
    color: Literal["rgb", "bgr"] = "rgb"
    scale: Annotated[float, Field(gt=0)] = 255.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[Deviation, Deviation, Deviation] = (1.0, 1.0, 1.0)


class Manifest(BaseModel):
    """A model without its weights; stored as `manifest.json` beside them.

    Attributes:
        id: `name/version`, or any path of up to four names.
        family: the file under `models/families` that reads its outputs.
        classes: names in the order of the class ids.
        sha256: of the weights file, in hexadecimal.
        licence: of the weights, as their makers state it.
        source: where the weights came from, for people.
        weights: the name of the file beside the manifest that has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    family: str
    task: Task
    classes: tuple[Text, ...]
    preprocessing: Preprocessing = Preprocessing()
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    licence: Text = "unknown"
    source: Text = "unknown"
    weights: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.onnx$")] = WEIGHTS_FILE

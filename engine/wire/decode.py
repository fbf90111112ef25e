"""From what callers send to the values that blocks work on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from pydantic import ValidationError

from engine.errors import InputImageLoadError, RuntimeInputError
from engine.fault import Phase
from engine.guard.images import ImageLoader
from engine.guard.provenance import MomentDocument
from engine.inputs import Decode
from engine.kinds import INSTANCES, KEYPOINTS, OBJECTS, RLE_INSTANCES
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.wire import read_geometry, read_scalars
from engine.wire.read_classification import read_classification
from engine.wire.read_detections import read_detections
from engine.wire.unfit import Unfit, check_depth, shown

Read = Callable[[Any, str], Any]
"""Turns a value from outside and its name into what blocks see; raises Unfit, or what loading a picture raises."""

DETECTIONS = {
    OBJECTS: "object-detection",
    INSTANCES: "instance-segmentation",
    KEYPOINTS: "keypoint-detection",
    RLE_INSTANCES: "instance-segmentation",
    "semantic_segmentation_prediction": "semantic-segmentation",
    "qr_code_detection": "qrcode-detection",
    "bar_code_detection": "barcode-detection",
}
"""What sets of detections call themselves, by their kinds."""

PLAIN: dict[str, Callable[[Any], Any]] = {
    "string": read_scalars.read_string,
    "boolean": read_scalars.read_boolean,
    "integer": read_scalars.read_integer,
    "float": read_scalars.read_float,
    "float_zero_to_one": read_scalars.read_share,
    "list_of_values": read_scalars.read_list,
    "dictionary": read_scalars.read_dictionary,
    "rgb_color": read_scalars.read_color,
    "bytes": read_scalars.read_bytes,
    "timestamp": read_scalars.read_timestamp,
    "numpy_array": read_scalars.read_array,
    "point": read_geometry.read_point,
    "zone": read_geometry.read_zone,
    "labeled_points": read_geometry.read_labeled_points,
    **dict.fromkeys(
        ("parent_id", "prediction_type", "inference_id", "top_class", "roboflow_model_id", "roboflow_project"),
        read_scalars.read_string,
    ),
}
"""Kinds that are read without knowing the name of the value."""


def decoder(images: ImageLoader) -> Decode:
    """What decodes the batch inputs of a run: by the first declared kind that takes the value.

    A kind that nothing here reads takes every value as it is.
    """
    readers: dict[str, Read] = {
        "image": partial(_image, images),
        "video_metadata": lambda value, _: _moment(value),
        "classification_prediction": read_classification,
        **{kind: partial(read_detections, prediction_type=said) for kind, said in DETECTIONS.items()},
        **{kind: partial(_plain, read) for kind, read in PLAIN.items()},
    }
    return partial(_decode, readers)


def _decode(readers: dict[str, Read], kinds: tuple[str, ...], value: Any, name: str) -> Any:
    refusals: list[tuple[str, Unfit | InputImageLoadError]] = []
    for kind in kinds:
        try:
            return readers.get(kind, _as_given)(value, name)
        except (Unfit, InputImageLoadError) as error:
            refusals.append((kind, error))
    if not refusals:
        return value
    if len(refusals) == 1 and isinstance(refusals[0][1], InputImageLoadError):
        raise refusals[0][1]
    raise _refused(name, refusals) from refusals[0][1]


def _as_given(value: Any, _: str) -> Any:
    check_depth(value)
    return value


def _refused(name: str, refusals: list[tuple[str, Unfit | InputImageLoadError]]) -> RuntimeInputError:
    """What is wrong with a value for each of the kinds that it may be."""
    reasons = [
        f"As {kind}: found {error.found}." if isinstance(error, Unfit) else f"As {kind}: {error.message}"
        for kind, error in refusals
    ]
    fits = dict.fromkeys(
        f"For {kind}, give {error.fits}." if isinstance(error, Unfit) else error.hint for kind, error in refusals
    )
    return RuntimeInputError(
        f"The input {name!r} does not fit. {' '.join(reasons)}",
        hint=" ".join(hint for hint in fits if hint) or None,
        context=Phase.INPUTS,
    )


def _plain(read: Callable[[Any], Any], value: Any, _: str) -> Any:
    return read(value)


def _image(images: ImageLoader, value: Any, name: str) -> Image:
    if isinstance(value, Image):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3 or value.size == 0:
            raise Unfit(
                f"an array of {value.dtype} in the shape {value.shape}",
                "an array of height x width x 3 bytes in blue, green, red order",
            )
        return Image(value, name)
    return images.load(value, name, by_value=True)


def _moment(value: Any) -> VideoMoment:
    if isinstance(value, VideoMoment):
        return value
    try:
        return MomentDocument.model_validate(value).value()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "value"
        raise Unfit(
            f"{shown(value)} of which {place} is not valid ({first['msg']})",
            "an object with video_identifier, frame_number and frame_timestamp",
        ) from error

"""From what callers send to the values that blocks work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from engine.errors import InputImageLoadError, RuntimeInputError
from engine.inputs import Decode
from engine.kinds import ANY
from engine.values.image import Image
from engine.wire import read_plain
from engine.wire.detection_kinds import DETECTION_KINDS
from engine.wire.read_classification import read_classification
from engine.wire.read_detections import read_detections
from engine.wire.read_frame import read_moment
from engine.wire.read_image import ImageLoader
from engine.wire.unfit import Unfit

Reader = Callable[[Any, str], Any]
"""Turns a value from outside and its name into what blocks see; raises Unfit, or what loading a picture raises."""

READERS: Mapping[str, Reader] = {
    "string": read_plain.read_string,
    "boolean": read_plain.read_boolean,
    "integer": read_plain.read_integer,
    "float": read_plain.read_float,
    "float_zero_to_one": read_plain.read_share,
    "list_of_values": read_plain.read_list,
    "dictionary": read_plain.read_dictionary,
    "rgb_color": read_plain.read_color,
    "bytes": read_plain.read_bytes,
    "timestamp": read_plain.read_timestamp,
    "numpy_array": read_plain.read_array,
    "point": read_plain.read_point,
    "zone": read_plain.read_zone,
    "labeled_points": read_plain.read_labeled_points,
    "parent_id": read_plain.read_string,
    "prediction_type": read_plain.read_string,
    "inference_id": read_plain.read_string,
    "top_class": read_plain.read_string,
    "roboflow_model_id": read_plain.read_string,
    "roboflow_project": read_plain.read_string,
    "video_metadata": read_moment,
    "classification_prediction": read_classification,
    **{name: partial(read_detections, kind=kind) for name, kind in DETECTION_KINDS.items()},
}
"""The kinds whose values are read, apart from pictures; any other kind takes every value as it is."""


def decoder(images: ImageLoader) -> Decode:
    """What decodes the batch inputs of a run: by the first declared kind that takes the value."""
    return partial(_decode, {**READERS, "image": partial(_read_image, images)})


def _decode(readers: Mapping[str, Reader], kinds: tuple[str, ...], value: Any, name: str) -> Any:
    reasons: list[str] = []
    hints: list[str | None] = []
    for kind in kinds or (ANY,):
        try:
            return readers.get(kind, read_plain.read_any)(value, name)
        except Unfit as error:
            reasons.append(f"As {kind}: found {error.found}.")
            hints.append(f"For {kind}, give {error.fits}.")
        except InputImageLoadError as error:
            if len(kinds) == 1:
                raise
            reasons.append(f"As {kind}: {error.message}")
            hints.append(error.hint)
    raise RuntimeInputError(
        f"The input {name!r} does not fit. {' '.join(reasons)}",
        hint=" ".join(filter(None, hints)) or None,
    )


def _read_image(images: ImageLoader, value: Any, name: str) -> Image:
    if isinstance(value, Image):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3 or value.size == 0:
            raise Unfit(
                f"an array of {value.dtype} in the shape {value.shape}",
                "an array of height x width x 3 bytes in blue, green, red order",
            )
        return Image(value, name)
    return images.load(value, name, any_type=True)

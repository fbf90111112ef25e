"""From what callers send to the values that blocks work on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import RuntimeInputError
from engine.guard.images import ImageLoader
from engine.inputs import CONTEXT, Decode
from engine.values.frame import VideoMoment
from engine.values.image import Image


class MomentDocument(BaseModel):
    """Which frame of which video, as it travels."""

    model_config = ConfigDict(extra="ignore")

    video_identifier: str
    frame_number: int
    frame_timestamp: datetime
    fps: float | None = None
    measured_fps: float | None = None
    comes_from_video_file: bool | None = None

    def value(self) -> VideoMoment:
        """As blocks see it."""
        return VideoMoment(
            self.video_identifier,
            self.frame_number,
            self.frame_timestamp,
            self.fps,
            self.measured_fps,
            self.comes_from_video_file,
        )


def decoder(images: ImageLoader) -> Decode:
    """What decodes the batch inputs of a run: by the first declared kind that takes the value."""
    by_kind: dict[str, Callable[[Any, str], Any]] = {
        "image": lambda value, name: _image(images, value, name),
        "video_metadata": lambda value, _: _moment(value),
    }

    def decode(kinds: tuple[str, ...], value: Any, name: str) -> Any:
        for kind in kinds:
            if kind in by_kind:
                return by_kind[kind](value, name)
        return value

    return decode


def _image(images: ImageLoader, value: Any, name: str) -> Image:
    if isinstance(value, Image):
        return value
    if isinstance(value, np.ndarray):
        return Image(value, name)
    return images.load(value, name, by_value=True)


def _moment(value: Any) -> VideoMoment:
    if isinstance(value, VideoMoment):
        return value
    try:
        return MomentDocument.model_validate(value).value()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "value"
        raise RuntimeInputError(f"Video metadata is not valid: {place}: {first['msg']}.", context=CONTEXT) from error

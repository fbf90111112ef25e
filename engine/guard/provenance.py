"""What the object of an image says, beside its content, about where the image comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, PositiveInt, ValidationError

from engine.errors import InputImageLoadError
from engine.values.frame import Origin, VideoMoment


@dataclass(frozen=True, slots=True)
class Provenance:
    """Name, ancestry and moment of an image, as far as they were given."""

    id: str
    parent: Origin | None = None
    root: Origin | None = None
    video: VideoMoment | None = None


class OriginDocument(BaseModel):
    """Where a crop lies in a larger image, and how large that is, as it travels."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    offset_x: int
    offset_y: int
    width: PositiveInt
    height: PositiveInt

    def value(self, id: str) -> Origin:
        """As blocks see it."""
        return Origin(id, self.offset_x, self.offset_y, self.width, self.height)


class MomentDocument(BaseModel):
    """Which frame of which video, as it travels."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

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


class ImageDocument(BaseModel):
    """The keys of an image object that are not about its content."""

    model_config = ConfigDict(extra="ignore")

    parent_id: str | None = None
    parent_origin: OriginDocument | None = None
    root_parent_id: str | None = None
    root_parent_origin: OriginDocument | None = None
    video_metadata: MomentDocument | None = None


def read_provenance(value: Mapping[str, Any], id: str) -> Provenance:
    """Where an image comes from.

    On the wire `parent_id` is the name of the image itself, as detections in it see it, and the image that it was cut
    out of has none: it gets the name of the outermost one. Of parent and root, one that is missing equals the other.

    Args:
        id: the name of an image that says none.

    Raises:
        InputImageLoadError: a key has a value of a wrong form.
    """
    try:
        said = ImageDocument.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputImageLoadError(f"Its key `{place}` is not valid: {first['msg']}.") from None
    name = said.parent_id or id
    outermost = said.root_parent_id or name
    parent = said.parent_origin or said.root_parent_origin
    root = said.root_parent_origin or said.parent_origin
    return Provenance(
        name,
        None if parent is None else parent.value(outermost),
        None if root is None else root.value(outermost),
        None if said.video_metadata is None else said.video_metadata.value(),
    )

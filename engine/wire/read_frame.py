"""Where a picture comes from, as callers say it: its name, its ancestry and its moment in a video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.values.frame import Origin, VideoMoment
from engine.wire.bounds import LARGEST_WHOLE, MAX_COORDINATE, SMALLEST_WHOLE
from engine.wire.members import Members, read_size, read_text, read_whole
from engine.wire.unfit import Unfit, in_words
from engine.wire.write_frame import PARENT, ROOT, ROOT_NAME

ORIGIN_FITS = "an object with the whole numbers offset_x, offset_y, width and height"
MOMENT_FITS = "an object with video_identifier, frame_number and frame_timestamp"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Name, ancestry and moment of a picture, as far as the object of the picture has them."""

    id: str
    parent: Origin | None = None
    root: Origin | None = None
    video: VideoMoment | None = None


def read_provenance(members: Members, id: str) -> Provenance:
    """Where a picture comes from. Its own name travels as `parent_id`: it is the parent of what is found in it.

    Args:
        members: of the object of the picture.
        id: the name of a picture that has none, or an empty one.

    Raises:
        Unfit: a key has a value of another form.
    """
    name = read_text(members, "parent_id", default=id) or id
    parent, root = read_ancestry(members, name)
    moment = members.get("video_metadata")
    return Provenance(name, parent, root, None if moment is None else _read_moment(moment, "video_metadata"))


def read_ancestry(members: Members, name: str, place: str = "") -> tuple[Origin | None, Origin | None]:
    """The places of a picture in the one that it was cut out of and in the outermost one; None for both if in none.

    One that is missing equals the other. The picture that a crop was cut out of has no name on the wire: it gets that
    of the outermost one.

    Args:
        name: of the outermost picture where it is not said.
        place: as `members` has it.

    Raises:
        Unfit: a key has a value of another form.
    """
    outermost = read_text(members, ROOT_NAME, place, name)
    parent, root = (_read_origin(members.get(key), outermost, place + key) for key in (PARENT, ROOT))
    return parent or root, root or parent


def _read_origin(value: Any, id: str, place: str) -> Origin | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Unfit(f"{in_words(value)} at {place}", ORIGIN_FITS)
    x, y = (read_whole(value, key, f"{place}.", -MAX_COORDINATE, MAX_COORDINATE) for key in ("offset_x", "offset_y"))
    return Origin(id, x, y, *read_size(value, f"{place}."))


class MomentDocument(BaseModel):
    """Which frame of which video, as it travels."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    video_identifier: str
    frame_number: Annotated[int, Ge(SMALLEST_WHOLE), Le(LARGEST_WHOLE)]
    frame_timestamp: datetime
    fps: float | None = None
    measured_fps: float | None = None
    comes_from_video_file: bool | None = None

    def moment(self) -> VideoMoment:
        """As blocks see it."""
        return VideoMoment(
            self.video_identifier,
            self.frame_number,
            self.frame_timestamp,
            self.fps,
            self.measured_fps,
            self.comes_from_video_file,
        )


def read_moment(value: Any, _: str) -> VideoMoment:
    """Which frame of which video a picture is; Unfit when a part of that is missing or has another form."""
    return value if isinstance(value, VideoMoment) else _read_moment(value, "")


def _read_moment(value: Any, place: str) -> VideoMoment:
    if not isinstance(value, Mapping):
        raise Unfit(in_words(value) + (f" at {place}" if place else ""), MOMENT_FITS)
    try:
        return MomentDocument.model_validate(dict(value)).moment()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(filter(None, (place, *map(str, first["loc"]))))
        raise Unfit(f"an object of which {key} is not valid ({first['msg']})", MOMENT_FITS) from error

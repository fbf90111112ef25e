"""Frames, origins and video moments in the plain form in which both sides exchange them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.values.frame import Frame, Origin, VideoMoment

Parts = dict[str, Any]


def write_origin(origin: Origin | None) -> Parts | None:
    """An origin as named values."""
    if origin is None:
        return None
    return {"id": origin.id, "x": origin.x, "y": origin.y, "width": origin.width, "height": origin.height}


def read_origin(parts: Parts | None) -> Origin | None:
    """An origin from named values; ValueError or TypeError when they make none."""
    if parts is None:
        return None
    return Origin(text(parts["id"]), *(int(parts[name]) for name in ("x", "y", "width", "height")))


def write_frame(frame: Frame) -> Parts:
    """A frame as named values."""
    parent, root = write_origin(frame.parent), write_origin(frame.root)
    return {"id": frame.id, "width": frame.width, "height": frame.height, "parent": parent, "root": root}


def read_frame(parts: Parts) -> Frame:
    """A frame from named values; ValueError or TypeError when they make none."""
    width, height = int(parts["width"]), int(parts["height"])
    return Frame(text(parts["id"]), width, height, *read_origins(parts))


def read_origins(parts: Parts) -> tuple[Origin | None, Origin | None]:
    """The parent and the root; a picture has both or neither."""
    parent, root = read_origin(parts["parent"]), read_origin(parts["root"])
    if (parent is None) != (root is None):
        raise ValueError("a picture that has either no parent or no root")
    return parent, root


def write_moment(moment: VideoMoment) -> Parts:
    """A video moment as named values."""
    return {
        "source": moment.source,
        "number": moment.number,
        "time": moment.time,
        "fps": moment.fps,
        "measured_fps": moment.measured_fps,
        "from_file": moment.from_file,
    }


def read_moment(parts: Parts) -> VideoMoment:
    """A video moment from named values; ValueError or TypeError when they make none."""
    if not isinstance(parts["time"], datetime):
        raise TypeError("the time of a video moment is a datetime")
    rates = [None if parts[name] is None else float(parts[name]) for name in ("fps", "measured_fps")]
    from_file = None if parts["from_file"] is None else bool(parts["from_file"])
    return VideoMoment(text(parts["source"]), int(parts["number"]), parts["time"], rates[0], rates[1], from_file)


def text(value: Any) -> str:
    """A text as it is; TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"text is expected, not {type(value).__name__}")
    return str(value)

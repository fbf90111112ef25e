"""Frames, origins and video moments from the plain form in which both sides exchange them: `dataclasses.asdict`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.values.frame import Frame, Origin, VideoMoment
from engine.wire.bounds import MAX_COORDINATE, check_mask_area, is_whole

Parts = dict[str, Any]


def read_origin(parts: Parts | None) -> Origin | None:
    """An origin from named values; ValueError or TypeError when they make none, or are out of bounds."""
    if parts is None:
        return None
    x, y = (_pixels(parts[name], -MAX_COORDINATE) for name in ("x", "y"))
    return Origin(text(parts["id"]), x, y, *_size(parts))


def read_frame(parts: Parts) -> Frame:
    """A frame from named values; ValueError or TypeError when they make none, or are out of bounds."""
    return Frame(text(parts["id"]), *_size(parts), *read_origins(parts))


def read_origins(parts: Parts) -> tuple[Origin | None, Origin | None]:
    """The parent and the root; a picture has both or neither."""
    parent, root = read_origin(parts["parent"]), read_origin(parts["root"])
    if (parent is None) != (root is None):
        raise ValueError("a picture that has either no parent or no root")
    return parent, root


def read_moment(parts: Parts) -> VideoMoment:
    """A video moment from named values; ValueError or TypeError when they make none, or are out of bounds."""
    if not isinstance(parts["time"], datetime):
        raise TypeError("the time of a video moment is a datetime")
    number = int(parts["number"])
    if not is_whole(number):
        raise ValueError("the number of a video frame has at most 64 bits")
    rates = [None if parts[name] is None else float(parts[name]) for name in ("fps", "measured_fps")]
    from_file = None if parts["from_file"] is None else bool(parts["from_file"])
    return VideoMoment(text(parts["source"]), number, parts["time"], rates[0], rates[1], from_file)


def text(value: Any) -> str:
    """A text as it is; TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"text is expected, not {type(value).__name__}")
    return str(value)


def _size(parts: Parts) -> tuple[int, int]:
    """The width and the height of a picture, which is not too large for a mask over it; 0 where they are unknown."""
    width, height = (_pixels(parts[name], 0) for name in ("width", "height"))
    check_mask_area(width, height, "its frame")
    return width, height


def _pixels(value: Any, smallest: int) -> int:
    pixels = int(value)
    if not smallest <= pixels <= MAX_COORDINATE:
        raise ValueError(f"{pixels} is not from {smallest} to {MAX_COORDINATE} pixels")
    return pixels

"""Where a picture comes from, as it is written: its ancestry and its moment in a video."""

from __future__ import annotations

from typing import Any

from engine.values.frame import Origin, VideoMoment
from engine.wire.plain import plain

PARENT, ROOT_NAME, ROOT = ANCESTRY = ("parent_origin", "root_parent_id", "root_parent_origin")
"""Where a crop lies in the picture that it was cut out of, how the outermost one is called, and where it lies there."""


def encode_ancestry(parent: Origin | None, root: Origin | None) -> dict[str, Any]:
    """What is said of a crop: where it lies in the picture that it was cut out of, and in the outermost one.

    It is an empty dict for a picture from outside, which has neither.
    """
    if parent is None or root is None:
        return {}
    return {PARENT: _encode_origin(parent), ROOT_NAME: root.id, ROOT: _encode_origin(root)}


def _encode_origin(origin: Origin) -> dict[str, int]:
    return {"offset_x": origin.x, "offset_y": origin.y, "width": origin.width, "height": origin.height}


def encode_moment(moment: VideoMoment) -> dict[str, Any]:
    """Which frame of which video a picture is."""
    return {
        "video_identifier": moment.source,
        "frame_number": moment.number,
        "frame_timestamp": moment.time.isoformat(),
        "fps": plain(moment.fps),
        "measured_fps": plain(moment.measured_fps),
        "comes_from_video_file": moment.from_file,
    }

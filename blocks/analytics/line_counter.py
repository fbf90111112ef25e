"""Count what crosses a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import numpy as np
from typing_extensions import Doc

from blocks.analytics.geometry import Points, anchors, line
from blocks.trackers.tracked import tracker_ids
from blocks.visualizations.supervision import Position, to_supervision
from engine.block import block
from engine.kinds import INSTANCES, OBJECTS, Image, Kinds
from engine.state import State
from engine.values.detections import Detections

if TYPE_CHECKING:
    import supervision as sv

Countable = Annotated[Detections, Kinds(INSTANCES, OBJECTS)]


class Counted(TypedDict):
    """How many have crossed since the video began, and those that cross in this frame."""

    count_in: int
    count_out: int
    detections_in: Countable
    detections_out: Countable


@dataclass(slots=True)
class Counter:
    """What is remembered of one video: the line, and what is on which side of it."""

    ends: Points = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    anchor: Position | None = None
    zone: sv.LineZone | None = None

    def along(self, ends: Points, anchor: Position | None) -> sv.LineZone:
        """The counter of a line; another line, or another anchor, begins at zero."""
        import supervision as sv  # noqa: PLC0415 - heavy, and only drawing and measuring need it

        if self.zone is not None and self.anchor == anchor and np.array_equal(self.ends, ends):
            return self.zone
        start, end = (sv.Point(float(x), float(y)) for x, y in ends)
        zone = sv.LineZone(start, end) if anchor is None else sv.LineZone(start, end, [sv.Position[anchor]])
        self.ends, self.anchor, self.zone = ends, anchor, zone
        return zone


@block("roboflow_core/line_counter@v2")
def line_counter(
    image: Image,
    detections: Countable,
    line_segment: Annotated[list[Any], Doc("The two ends of the line, [[x, y], [x, y]].")],
    triggering_anchor: Annotated[
        Position | None, Doc("The point of a detection that must cross the line; all four corners when none is said.")
    ] = None,
    *,
    state: State,
) -> Counted:
    """Count the tracked detections that cross a line, in both directions."""
    tracker_ids(detections)
    if triggering_anchor is not None:
        anchors(detections, triggering_anchor)
    zone = state.of(image.video.source, Counter).along(line(line_segment), triggering_anchor)
    crossed_in, crossed_out = zone.trigger(to_supervision(detections))
    return {
        "count_in": zone.in_count,
        "count_out": zone.out_count,
        "detections_in": detections.select(crossed_in),
        "detections_out": detections.select(crossed_out),
    }

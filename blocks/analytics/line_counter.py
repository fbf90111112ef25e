"""Count what crosses a line."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

import numpy as np
from typing_extensions import Doc

from blocks.analytics.geometry import Flags, Points, line, sides
from blocks.memory import Last
from blocks.trackers.tracked import MAX_TRACKS, tracker_ids
from blocks.visualizations.supervision import Position
from engine.block import block
from engine.kinds import BoxesOrMasks, Image
from engine.state import State
from engine.values.detections import Detections

CORNERS: tuple[Position, ...] = ("TOP_LEFT", "TOP_RIGHT", "BOTTOM_LEFT", "BOTTOM_RIGHT")


class Counted(TypedDict):
    """How many have crossed since the video began, and those that cross in this frame."""

    count_in: int
    count_out: int
    detections_in: BoxesOrMasks
    detections_out: BoxesOrMasks


@dataclass(slots=True)
class Counter:
    """What is remembered of one video: a line, and on which side of it each track was when it was last seen.

    Attributes:
        anchor: the point of a detection that must cross; None for all four corners.
        sides: for each track whether it was inside; the tracks that were seen least recently come first.
    """

    ends: Points
    anchor: Position | None
    count_in: int = 0
    count_out: int = 0
    sides: OrderedDict[int, bool] = field(default_factory=OrderedDict)

    def counts(self, ends: Points, anchor: Position | None) -> bool:
        """Whether this is the counter of a line and an anchor."""
        return self.anchor == anchor and np.array_equal(self.ends, ends)

    def cross(self, detections: Detections) -> tuple[Flags, Flags]:
        """Count which detections are inside and were outside, and the other way round."""
        ids, crossed = tracker_ids(detections).tolist(), np.zeros(len(detections), bool)
        inside, clear = sides(detections, self.ends, CORNERS if self.anchor is None else (self.anchor,))
        for row in np.flatnonzero(clear).tolist():
            side = bool(inside[row])
            crossed[row] = self.sides.get(ids[row], side) != side
            self.sides[ids[row]] = side
            self.sides.move_to_end(ids[row])
        while len(self.sides) > MAX_TRACKS:
            self.sides.popitem(last=False)
        self.count_in += int((crossed & inside).sum())
        self.count_out += int((crossed & ~inside).sum())
        return crossed & inside, crossed & ~inside


@block("roboflow_core/line_counter@v2")
def line_counter(
    image: Image,
    detections: BoxesOrMasks,
    line_segment: Annotated[list[Any], Doc("The two ends of the line, [[x, y], [x, y]].")],
    triggering_anchor: Annotated[
        Position | None, Doc("The point of a detection that must cross the line; all four corners when none is said.")
    ] = None,
    *,
    state: State,
) -> Counted:
    """Count the tracked detections that cross a line, in both directions."""
    ends, last = line(line_segment), state.of(image.video.source, Last[Counter])
    counter = last.value
    if counter is None or not counter.counts(ends, triggering_anchor):
        counter = last.value = Counter(ends, triggering_anchor)
    crossed_in, crossed_out = counter.cross(detections)
    return {
        "count_in": counter.count_in,
        "count_out": counter.count_out,
        "detections_in": detections.select(crossed_in),
        "detections_out": detections.select(crossed_out),
    }

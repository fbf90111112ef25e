"""Measure how long things stay in a zone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Annotated, Any, TypedDict

import cv2
import numpy as np
import numpy.typing as npt
from typing_extensions import Doc

from blocks.analytics.geometry import anchors, areas
from blocks.trackers.tracked import MAX_TRACKS, tracker_ids
from blocks.visualizations.supervision import Position
from engine.block import block
from engine.kinds import BoxesOrMasks, Image
from engine.state import State
from engine.values.frame import VideoMoment


class Timed(TypedDict):
    """The detections with a column `time_in_zone`, in seconds."""

    timed_detections: BoxesOrMasks


@block("roboflow_core/time_in_zone@v3")
def time_in_zone(
    image: Image,
    detections: BoxesOrMasks,
    zone: Annotated[list[Any], Doc("A polygon, [[x, y], ...], or a list of polygons; being in any of them counts.")],
    triggering_anchor: Annotated[Position, Doc("The point of a detection that must lie in the zone.")] = "CENTER",
    remove_out_of_zone_detections: Annotated[bool, Doc("Whether to drop what is outside.")] = True,
    reset_out_of_zone_detections: Annotated[bool, Doc("Whether leaving the zone begins the time anew.")] = True,
    *,
    state: State,
) -> Timed:
    """Measure how long each tracked detection has been in a zone."""
    ids = tracker_ids(detections)
    inside = _inside(anchors(detections, triggering_anchor), zone)
    entered: OrderedDict[int, float] = state.of(image.video.source, OrderedDict)
    now = _seconds(image.video)
    times = np.zeros(len(detections), np.float64)
    for row, track in enumerate(ids.tolist()):
        if inside[row]:
            # A file that starts again is earlier than what is remembered of it.
            entered[track] = min(entered.get(track, now), now)
            times[row] = now - entered[track]
            entered.move_to_end(track)
        elif reset_out_of_zone_detections:
            entered.pop(track, None)
    while len(entered) > MAX_TRACKS:
        entered.popitem(last=False)
    timed = replace(detections, columns={**detections.columns, "time_in_zone": times})
    return {"timed_detections": timed.select(inside) if remove_out_of_zone_detections else timed}


def _seconds(moment: VideoMoment) -> float:
    """The time of a frame: its place in a file, or when it was taken."""
    if moment.from_file and moment.fps:
        return moment.number / moment.fps
    return moment.time.timestamp()


def _inside(points: npt.NDArray[np.float64], zone: Any) -> npt.NDArray[np.bool_]:
    """Which points lie in a polygon of the zone or on its border."""
    polygons = areas(zone)
    return np.array(
        [any(cv2.pointPolygonTest(polygon, (x, y), False) >= 0 for polygon in polygons) for x, y in points.tolist()],
        dtype=bool,
    )

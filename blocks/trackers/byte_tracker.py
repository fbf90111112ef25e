"""Follow detections from frame to frame."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Annotated, TypedDict

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.trackers.byte_track import UNCONFIRMED, ByteTrack, Settings
from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import AnyDetections, Image, ZeroToOne
from engine.state import State
from engine.values.image import STILL_FPS
from engine.values.shape import Fixed

MAX_DETECTIONS = 4000
"""In a frame; to find their tracks takes a second or two, and grows with the cube of their number."""
MOST_FPS = 1000.0
"""A source that declares more is not believed."""


class Tracked(TypedDict):
    """The detections that belong to tracks, also sorted into those seen for the first time and the others."""

    tracked_detections: AnyDetections
    new_instances: AnyDetections
    already_seen_instances: AnyDetections


@dataclass(slots=True)
class Memory:
    """What is remembered of one video."""

    tracker: ByteTrack = field(default_factory=ByteTrack)
    seen: OrderedDict[int, None] = field(default_factory=OrderedDict)


@block("roboflow_core/byte_tracker@v3")
def byte_tracker(
    image: Image,
    detections: AnyDetections,
    track_activation_threshold: Annotated[ZeroToOne, Doc("Confidence above which a detection is sure.")] = 0.25,
    lost_track_buffer: Annotated[
        int, Ge(0), Le(1_000_000), Doc("For how long a lost track is remembered, in frames of a video of 30 a second.")
    ] = 30,
    minimum_matching_threshold: Annotated[
        ZeroToOne, Doc("How far a detection may be from where its track is expected: 1 is anywhere.")
    ] = 0.8,
    minimum_consecutive_frames: Annotated[
        int, Ge(1), Doc("How often in a row a thing must be found again before it counts.")
    ] = 1,
    instances_cache_size: Fixed[
        Annotated[int, Ge(1), Le(1_000_000), Doc("How many tracks are remembered as already seen.")]
    ] = 16384,
    *,
    state: State,
) -> Tracked:
    """Give the detections of a video ids that stay the same from frame to frame."""
    if len(detections) > MAX_DETECTIONS:
        raise RuntimeInputError(
            f"There are {len(detections)} detections in one frame; {MAX_DETECTIONS} can be tracked.",
            hint="Ask the model for less, by a higher confidence or fewer detections.",
        )
    memory = state.of(image.video.source, Memory)
    settings = Settings(
        activation=track_activation_threshold,
        patience=int(_fps(image.video.fps) / STILL_FPS * lost_track_buffer),
        match=minimum_matching_threshold,
        confirm=minimum_consecutive_frames,
    )
    ids = memory.tracker.update(detections.xyxy, detections.confidence, settings)
    rows = np.flatnonzero(ids != UNCONFIRMED)
    tracked = replace(detections.select(rows), tracker_id=ids[rows])
    old = _already_seen(memory.seen, ids[rows], instances_cache_size)
    return {
        "tracked_detections": tracked,
        "new_instances": tracked.select(~old),
        "already_seen_instances": tracked.select(old),
    }


def _fps(declared: float | None) -> float:
    """Frames a second; those of a still picture where the source does not say any that can be."""
    if declared is None or not math.isfinite(declared) or not 0 < declared <= MOST_FPS:
        return STILL_FPS
    return declared


def _already_seen(seen: OrderedDict[int, None], ids: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.bool_]:
    """Which ids were seen before; all of them are from now on, and the longest unseen are forgotten."""
    old = np.array([int(track) in seen for track in ids], dtype=bool)
    for track in ids:
        seen[int(track)] = None
        seen.move_to_end(int(track))
    while len(seen) > most:
        seen.popitem(last=False)
    return old

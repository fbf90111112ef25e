"""Blocks that take which frame of which video a picture is."""

from __future__ import annotations

from typing import TypedDict

from blocks.trackers.byte_track import ByteTrack, Settings
from engine.block import block
from engine.kinds import AnyDetections, VideoMetadata
from engine.state import State


class FrameNumber(TypedDict):
    """A number."""

    frame_number: int


class TrackerIds(TypedDict):
    """Ids of tracks."""

    tracker_id: list[int]


@block("ExampleVideoMetadataProcessing")
def example_video_metadata_processing(metadata: VideoMetadata) -> FrameNumber:
    """The number of the frame."""
    return {"frame_number": metadata.number}


@block("Tracker")
def tracker(metadata: VideoMetadata, predictions: AnyDetections, *, state: State) -> TrackerIds:
    """The tracks of the detections."""
    memory = state.of(metadata.source, ByteTrack)
    settings = Settings(activation=0.25, patience=30, match=0.8, confirm=1)
    return {"tracker_id": memory.update(predictions.xyxy, predictions.confidence, settings).tolist()}

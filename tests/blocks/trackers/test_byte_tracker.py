"""Tracking: ids that stay, ids that come, ids that go, and videos that do not mix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.trackers.byte_track import MAX_TRACKS, ByteTrack, Settings, overlaps
from blocks.trackers.byte_tracker import Tracked, byte_tracker
from blocks.trackers.tracked import tracker_ids
from engine.errors import RuntimeInputError
from engine.state import State
from engine.values.detections import Detections
from tests.blocks.samples import found
from tests.blocks.videos import box_at, frame

Box = tuple[float, float, float, float]


def sure(*boxes: Box, confidence: float = 0.9) -> Detections:
    detections = found(*boxes)
    detections.confidence[:] = confidence
    return detections


def ids(detections: Detections) -> list[int]:
    assert detections.tracker_id is not None
    return [int(track) for track in detections.tracker_id]


def follow(
    frames: list[Detections], source: str = "camera", state: State | None = None, **options: Any
) -> list[Tracked]:
    memory = state or State()
    return [
        byte_tracker(frame(number, source), detections, state=memory, **options)
        for number, detections in enumerate(frames, 1)
    ]


def test_ids_stay_with_what_moves() -> None:
    frames = [sure(box_at(10 + 2 * step, 10, 12), box_at(50 - 2 * step, 30, 12)) for step in range(12)]
    results = follow(frames)
    assert [ids(result["tracked_detections"]) for result in results] == [[1, 2]] * 12
    assert ids(results[0]["new_instances"]) == [1, 2]
    assert ids(results[0]["already_seen_instances"]) == []
    assert ids(results[1]["new_instances"]) == []
    assert ids(results[1]["already_seen_instances"]) == [1, 2]


def test_ids_do_not_depend_on_the_order_of_detections() -> None:
    one, other = box_at(10, 10, 12), box_at(50, 30, 12)
    results = follow([sure(one, other), sure(other, one)])
    assert ids(results[1]["tracked_detections"]) == [2, 1]


def test_the_rows_keep_their_columns_and_the_input_stays() -> None:
    detections = sure(box_at(10, 10), box_at(40, 30))
    tracked = follow([detections])[0]["tracked_detections"]
    assert tracked.detection_id.tolist() == detections.detection_id.tolist()
    assert tracked.class_name.tolist() == ["a", "b"]
    assert detections.tracker_id is None


def test_a_thing_that_hides_for_a_while_keeps_its_id() -> None:
    seen = sure(box_at(10, 10, 12))
    results = follow([seen] * 3 + [sure()] * 5 + [seen])
    assert ids(results[5]["tracked_detections"]) == []
    assert ids(results[-1]["tracked_detections"]) == [1]
    assert ids(results[-1]["already_seen_instances"]) == [1]


def test_a_thing_that_hides_for_too_long_gets_another_id() -> None:
    seen = sure(box_at(10, 10, 12))
    results = follow([seen] * 3 + [sure()] * 5 + [seen] * 2, lost_track_buffer=12)
    assert ids(results[-1]["tracked_detections"]) == [2]
    assert ids(results[-1]["new_instances"]) == [2]


def test_the_buffer_is_counted_in_time() -> None:
    seen, state = sure(box_at(10, 10, 12)), State()
    for number, detections in enumerate([seen] * 3 + [sure()] * 5, 1):
        byte_tracker(frame(number, fps=30), detections, lost_track_buffer=12, state=state)
    assert ids(byte_tracker(frame(9, fps=30), seen, lost_track_buffer=12, state=state)["tracked_detections"]) == [1]


@pytest.mark.parametrize("fps", [None, 0.0, -1.0, float("inf"), float("nan"), 1e9])
def test_frame_rates_that_cannot_be(fps: float | None) -> None:
    tracked = byte_tracker(frame(1, fps=fps), sure(box_at(10, 10)), state=State())["tracked_detections"]
    assert ids(tracked) == [1]


def test_an_unsure_detection_keeps_a_track_alive_but_begins_none() -> None:
    box, other = box_at(10, 10, 12), box_at(50, 30, 12)
    results = follow([sure(box), sure(box), sure(box, other, confidence=0.2), sure(box, confidence=0.05)])
    assert ids(results[2]["tracked_detections"]) == [1]
    assert ids(results[3]["tracked_detections"]) == []


def test_a_thing_that_comes_later_counts_when_it_is_found_again() -> None:
    one, other = box_at(10, 10, 12), box_at(50, 30, 12)
    results = follow([sure(one), sure(one, other), sure(one, other)])
    assert [ids(result["tracked_detections"]) for result in results] == [[1], [1], [1, 2]]
    assert ids(results[2]["new_instances"]) == [2]


def test_a_thing_seen_once_never_counts() -> None:
    one, other = box_at(10, 10, 12), box_at(50, 30, 12)
    results = follow([sure(one), sure(one, other), sure(one), sure(one, other), sure(one)])
    assert [ids(result["tracked_detections"]) for result in results] == [[1]] * 5


def test_minimum_consecutive_frames() -> None:
    results = follow([sure(box_at(10, 10, 12))] * 5, minimum_consecutive_frames=3)
    assert [ids(result["tracked_detections"]) for result in results] == [[], [], [], [1], [1]]


def test_the_matching_threshold() -> None:
    frames = [sure(box_at(20, 20, 12)), sure(box_at(26, 20, 12))]
    assert ids(follow(frames)[1]["tracked_detections"]) == [1]
    assert ids(follow(frames, minimum_matching_threshold=0.5)[1]["tracked_detections"]) == []


def test_the_cache_forgets_the_longest_unseen() -> None:
    one, other = box_at(10, 10, 12), box_at(50, 30, 12)
    results = follow([sure(one, other), sure(one), sure(one, other)], instances_cache_size=1)
    assert ids(results[2]["new_instances"]) == [2]


def test_two_videos_do_not_mix() -> None:
    ones = [sure(box_at(10 + 2 * step, 10, 12)) for step in range(8)]
    others = [sure(box_at(14 + 2 * step, 12, 12), box_at(50, 30, 12)) for step in range(8)]
    alone = [follow(ones, "one"), follow(others, "other")]
    state = State()
    mixed: list[list[Tracked]] = [[], []]
    for step in range(8):
        for index, (source, frames) in enumerate((("one", ones), ("other", others))):
            mixed[index].append(byte_tracker(frame(step + 1, source), frames[step], state=state))
    for name in ("tracked_detections", "new_instances", "already_seen_instances"):
        for index in (0, 1):
            assert [ids(r[name]) for r in mixed[index]] == [ids(r[name]) for r in alone[index]]


def test_nothing_found_is_tracked_as_nothing() -> None:
    for result in follow([sure()] * 3):
        assert ids(result["tracked_detections"]) == []
        assert result["tracked_detections"].frame.width == 64


def test_masks_and_more_columns_travel_along() -> None:
    mask = np.zeros((1, 48, 64), bool)
    mask[0, 3, 3] = True
    tracked = follow([found(box_at(10, 10), mask=mask, columns={"note": np.array(["x"])})])[0]["tracked_detections"]
    assert tracked.mask is not None
    assert tracked.mask[0, 3, 3]
    assert tracked.columns["note"].tolist() == ["x"]


def test_crossing_things_keep_their_ids() -> None:
    frames = [sure(box_at(10 + 3 * step, 20, 12), box_at(52 - 3 * step, 28, 12)) for step in range(15)]
    results = follow(frames)
    assert [ids(result["tracked_detections"]) for result in results] == [[1, 2]] * 15


def test_what_is_remembered_is_bounded() -> None:
    tracker, settings = ByteTrack(), Settings(0.25, 10**9, 0.8, 1)
    side = np.arange(100, dtype=np.float32) * 10
    corners = np.stack(np.meshgrid(side, side[:50]), axis=-1).reshape(-1, 2)
    many = np.hstack([corners, corners + 5])
    tracker.update(many, np.full(len(many), 0.9, np.float32), settings)
    for _ in range(2):
        tracker.update(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), settings)
    assert len(tracker._ids) == MAX_TRACKS < len(many)


def test_overlaps() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 20, 20]], float)
    assert overlaps(boxes, boxes) == pytest.approx(np.array([[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 0]]))


def test_untracked_detections_are_named() -> None:
    with pytest.raises(RuntimeInputError, match="Put a tracker"):
        tracker_ids(found(box_at(10, 10)))
    assert tracker_ids(found()).tolist() == []

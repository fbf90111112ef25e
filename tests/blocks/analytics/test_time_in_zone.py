"""Measuring how long things stay in a zone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.analytics.time_in_zone import time_in_zone
from blocks.trackers.tracked import MAX_TRACKS
from engine.errors import RuntimeInputError
from engine.state import State
from engine.values.detections import Detections
from tests.blocks.samples import found
from tests.blocks.videos import box_at, frame, interleaved, tracked

LEFT = [[0, 0], [32, 0], [32, 48], [0, 48]]
CORNER = [[50, 30], [64, 30], [64, 48], [50, 48]]


def walk(*places: tuple[float, float]) -> list[Detections]:
    return [tracked({1: box_at(x, y)}) for x, y in places]


def measure(frames: list[Detections], zone: Any = LEFT, source: str = "camera", **options: Any) -> list[list[float]]:
    state = State()
    return [
        seconds(time_in_zone(frame(n, source), found, zone, state=state, **options)) for n, found in enumerate(frames)
    ]


def seconds(result: Any) -> list[float]:
    return [round(float(value), 3) for value in result["timed_detections"].columns["time_in_zone"]]


IN, OUT = (10, 10), (40, 10)


def test_the_time_grows_while_a_thing_stays() -> None:
    assert measure(walk(IN, IN, (12, 30), IN)) == [[0.0], [0.1], [0.2], [0.3]]


def test_leaving_begins_anew() -> None:
    assert measure(walk(IN, IN, OUT, IN, IN)) == [[0.0], [0.1], [], [0.0], [0.1]]


def test_leaving_without_reset() -> None:
    assert measure(walk(IN, IN, OUT, IN), reset_out_of_zone_detections=False) == [[0.0], [0.1], [], [0.3]]


def test_what_is_outside_may_stay() -> None:
    assert measure(walk(IN, IN, OUT), remove_out_of_zone_detections=False) == [[0.0], [0.1], [0.0]]


def test_a_frame_without_detections_interrupts_nothing() -> None:
    assert measure([*walk(IN), found(), *walk(IN)]) == [[0.0], [], [0.2]]


def test_several_polygons_are_one_zone() -> None:
    assert measure(walk(IN, (55, 40), OUT), [LEFT, CORNER]) == [[0.0], [0.1], []]


def test_no_zone_holds_nothing() -> None:
    assert measure(walk(IN), []) == [[]]
    assert measure(walk(IN), [], remove_out_of_zone_detections=False) == [[0.0]]


def test_the_border_belongs_to_the_zone() -> None:
    assert measure(walk((32, 10), (33, 10))) == [[0.0], []]


def test_the_anchor_decides() -> None:
    frames = [tracked({1: box_at(30, 10, 8)})]
    assert measure(frames, triggering_anchor="CENTER") == [[0.0]]
    assert measure(frames, triggering_anchor="BOTTOM_RIGHT") == [[]]


def test_the_centre_of_mass_of_a_mask() -> None:
    mask = np.zeros((1, 48, 64), bool)
    mask[0, 20:24, 40:44] = True
    assert measure([tracked({1: box_at(30, 10, 8)}, mask=mask)], triggering_anchor="CENTER_OF_MASS") == [[]]
    with pytest.raises(RuntimeInputError, match="CENTER_OF_MASS"):
        measure(walk(IN), triggering_anchor="CENTER_OF_MASS")
    assert measure([found()], triggering_anchor="CENTER_OF_MASS") == [[]]


def test_files_are_timed_by_their_frames() -> None:
    state = State()
    times = [
        seconds(time_in_zone(frame(number, fps=2.0, from_file=True), found, LEFT, state=state))
        for number, found in zip((4, 5, 9), walk(IN, IN, IN), strict=True)
    ]
    assert times == [[0.0], [0.5], [2.5]]


def test_a_file_without_a_frame_rate_is_timed_by_the_clock() -> None:
    state = State()
    for number, detections in enumerate(walk(IN, IN)):
        last = time_in_zone(frame(number, fps=None, from_file=True), detections, LEFT, state=state)
    assert seconds(last) == [0.1]


def test_time_that_runs_backwards_measures_nothing() -> None:
    state = State()
    for number in (5, 3):
        last = time_in_zone(frame(number), walk(IN)[0], LEFT, state=state)
    assert seconds(last) == [0.0]


def test_a_file_that_starts_again_is_timed_anew() -> None:
    state = State()
    times = [
        seconds(time_in_zone(frame(number, fps=10.0, from_file=True), walk(IN)[0], LEFT, state=state))
        for number in (98, 99, 1, 2, 3)
    ]
    assert times == [[0.0], [0.1], [0.0], [0.1], [0.2]]


def test_two_videos_do_not_mix() -> None:
    ones, others = walk(IN, IN, OUT, IN), walk(OUT, IN, IN, IN)
    alone = interleaved(measure(ones, source="one"), measure(others, source="other"))
    state = State()
    mixed = [
        seconds(time_in_zone(frame(number // 2, ("one", "other")[number % 2]), detections, LEFT, state=state))
        for number, detections in enumerate(interleaved(ones, others))
    ]
    assert mixed == alone
    assert alone == [[0.0], [], [0.1], [0.0], [], [0.1], [0.0], [0.2]]


def test_the_input_and_its_columns_stay() -> None:
    detections = tracked({1: box_at(10, 10)}, columns={"note": np.array(["x"])})
    timed = time_in_zone(frame(1), detections, LEFT, state=State())["timed_detections"]
    assert timed.columns["note"].tolist() == ["x"]
    assert list(detections.columns) == ["note"]


def test_what_is_remembered_is_bounded() -> None:
    state = State()
    crowd = tracked({track: box_at(10, 10) for track in range(MAX_TRACKS + 5)})
    time_in_zone(frame(1), crowd, LEFT, state=state)
    later = tracked({0: box_at(10, 10), MAX_TRACKS: box_at(10, 10)})
    assert seconds(time_in_zone(frame(2), later, LEFT, state=state)) == [0.0, 0.1]


def test_detections_that_are_not_tracked() -> None:
    with pytest.raises(RuntimeInputError, match="Put a tracker"):
        measure([found(box_at(10, 10))])


@pytest.mark.parametrize(
    "zone", [[[0, 0], [1, 1]], [LEFT, [[0, 0]]], [1, 2, 3], [["a", "b"]] * 3, [LEFT, []], [[0, 0, 0]] * 3]
)
def test_zones_that_are_none(zone: Any) -> None:
    with pytest.raises(RuntimeInputError, match="three or more points"):
        measure(walk(IN), zone)

"""Counting what crosses a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import supervision as sv
from hypothesis import given
from hypothesis import strategies as st

from blocks.analytics.line_counter import CORNERS, Counted, line_counter
from blocks.trackers.tracked import MAX_TRACKS
from blocks.visualizations.supervision import Position, to_supervision
from engine.errors import RuntimeInputError
from engine.state import State
from engine.values.detections import Detections
from tests.blocks.samples import found
from tests.blocks.videos import box_at, frame, interleaved, tracked

LINE = [[0, 24], [64, 24]]


def down(track: int = 1, x: float = 20) -> list[Detections]:
    """A thing that moves from the top to the bottom."""
    return [tracked({track: box_at(x, y)}) for y in (10, 15, 20, 24, 28, 33, 38)]


def count(frames: list[Detections], line: Any = LINE, source: str = "camera", **options: Any) -> list[Counted]:
    state = State()
    return [line_counter(frame(n, source), found, line, state=state, **options) for n, found in enumerate(frames)]


def totals(results: list[Counted]) -> list[tuple[int, int]]:
    return [(result["count_in"], result["count_out"]) for result in results]


def test_the_direction_decides() -> None:
    assert totals(count(down()))[-1] == (0, 1)
    assert totals(count(down()[::-1]))[-1] == (1, 0)
    assert totals(count(down(), [[64, 24], [0, 24]]))[-1] == (1, 0)


def test_what_crosses_is_given_in_the_frame_in_which_it_does() -> None:
    results = count(down())
    assert [len(result["detections_out"]) for result in results] == [0, 0, 0, 0, 1, 0, 0]
    assert [len(result["detections_in"]) for result in results] == [0] * 7
    crossing = results[4]["detections_out"]
    assert crossing.tracker_id is not None
    assert crossing.tracker_id.tolist() == [1]


def test_all_four_corners_must_cross_unless_an_anchor_is_said() -> None:
    frames = [tracked({1: box_at(20, y, 12)}) for y in (10, 22, 26)]
    assert totals(count(frames))[-1] == (0, 0)
    assert totals(count(frames, triggering_anchor="CENTER"))[-1] == (0, 1)


def test_beside_the_line_nothing_crosses() -> None:
    assert totals(count(down(x=50), [[0, 24], [40, 24]]))[-1] == (0, 0)


def test_counts_go_on_when_nothing_is_found() -> None:
    results = count([*down(), found(), found(), *down(2)])
    assert totals(results)[8] == (0, 1)
    assert totals(results)[-1] == (0, 2)
    assert len(results[7]["detections_out"]) == 0


@pytest.mark.parametrize("gap", [1, 2, 5, 29])
def test_what_crosses_unseen_is_counted_when_it_is_seen_again(gap: int) -> None:
    results = count([*down()[:3], *[found()] * gap, *down()[5:]])
    assert totals(results)[-1] == (0, 1)


def test_what_lies_on_the_line_or_beyond_its_ends_keeps_its_side() -> None:
    astride, beside = tracked({1: box_at(20, 24)}), tracked({1: box_at(60, 38)})
    assert totals(count([down()[0], astride, beside, down()[-1]], [[0, 24], [40, 24]])) == [(0, 0)] * 3 + [(0, 1)]


def test_what_is_remembered_is_bounded() -> None:
    crowd = tracked({track: box_at(20, 10) for track in range(MAX_TRACKS + 5)})
    below = tracked({0: box_at(20, 38), MAX_TRACKS: box_at(20, 38)})
    assert totals(count([crowd, below])) == [(0, 0), (0, 1)]


walks = st.lists(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 48)), min_size=3, max_size=3), max_size=30)
ends = st.tuples(st.integers(0, 64), st.integers(0, 48))


@given(walks, ends, ends, st.sampled_from([None, "CENTER", "BOTTOM_CENTER"]))
def test_it_counts_as_supervision_does(
    places: list[list[tuple[int, int]]], start: tuple[int, int], end: tuple[int, int], anchor: Position | None
) -> None:
    if start == end:
        end = (end[0] + 1, end[1])
    frames = [tracked({track: box_at(x, y, 5) for track, (x, y) in enumerate(row)}) for row in places]
    positions = CORNERS if anchor is None else (anchor,)
    zone = sv.LineZone(sv.Point(*start), sv.Point(*end), [sv.Position[position] for position in positions])
    for frame_found, ours in zip(frames, count(frames, [start, end], triggering_anchor=anchor), strict=True):
        crossed_in, crossed_out = zone.trigger(to_supervision(frame_found))
        assert (ours["count_in"], ours["count_out"]) == (zone.in_count, zone.out_count)
        assert len(ours["detections_in"]) == crossed_in.sum()
        assert len(ours["detections_out"]) == crossed_out.sum()


def test_another_line_begins_at_zero() -> None:
    state = State()
    for number, detections in enumerate(down()):
        last = line_counter(frame(number), detections, LINE, state=state)
    assert last["count_out"] == 1
    assert line_counter(frame(8), found(), [[0, 30], [64, 30]], state=state)["count_out"] == 0


def test_two_videos_do_not_mix() -> None:
    ones, others = down(), down()[::-1]
    alone = interleaved(totals(count(ones, source="one")), totals(count(others, source="other")))
    state = State()
    mixed = [
        line_counter(frame(number // 2, ("one", "other")[number % 2]), detections, LINE, state=state)
        for number, detections in enumerate(interleaved(ones, others))
    ]
    assert totals(mixed) == alone
    assert alone[-2:] == [(0, 1), (1, 0)]


def test_detections_that_are_not_tracked() -> None:
    with pytest.raises(RuntimeInputError, match="Put a tracker"):
        count([found(box_at(10, 10))])
    assert totals(count([found()])) == [(0, 0)]


@pytest.mark.parametrize(
    "line",
    [
        [],
        [[0, 0]],
        [[0, 0], [0, 0]],
        [[0, 0], [1, 1], [2, 2]],
        [[0, 0], [1]],
        [0, 1],
        [["a", 0], [1, 1]],
        [[0, 0], [1, float("nan")]],
        [[0, 0], [1, 1e12]],
    ],
)
def test_lines_that_are_none(line: Any) -> None:
    with pytest.raises(RuntimeInputError, match="two different ends"):
        count([found()], line)


def test_an_empty_mask_has_its_mass_amid_the_box() -> None:
    frames = [tracked({1: box_at(20, y)}, mask=np.zeros((1, 48, 64), bool)) for y in (10, 38)]
    assert totals(count(frames, triggering_anchor="CENTER_OF_MASS"))[-1] == (0, 1)


def test_only_masks_have_a_centre_of_mass() -> None:
    with pytest.raises(RuntimeInputError, match="CENTER_OF_MASS"):
        count(down(), triggering_anchor="CENTER_OF_MASS")

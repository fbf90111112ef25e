"""Gates: when they open, and for which video."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from blocks.flow_control.continue_if import continue_if
from blocks.flow_control.delta_filter import delta_filter
from blocks.flow_control.rate_limiter import rate_limiter
from blocks.flow_control.switch_case import switch_case
from blocks.query import parse_statement
from blocks.transformations.absolute_static_crop import absolute_static_crop
from engine.errors import RuntimeInputError
from engine.state import State
from engine.values.detections import Detections, fresh_ids, objects
from engine.values.frame import Frame, VideoMoment
from engine.values.image import Image
from tests.blocks.samples import found, picture

NEXT = ["$steps.next"]
START = datetime(2026, 1, 1, tzinfo=UTC)
MORE_THAN_TWO = parse_statement(
    {
        "type": "StatementGroup",
        "statements": [
            {
                "type": "BinaryStatement",
                "left_operand": {"type": "DynamicOperand", "operand_name": "x"},
                "comparator": {"type": "(Number) >"},
                "right_operand": {"type": "StaticOperand", "value": 2},
            }
        ],
    }
)


def frame(number: int, source: str = "camera", fps: float | None = 10) -> Image:
    """A frame of a video."""
    return Image(picture().pixels, "image", video=VideoMoment(source, number, START, fps))


@pytest.mark.parametrize(("x", "passes"), [(3, NEXT), (2, []), (2.5, NEXT)])
def test_continue_if(x: float, passes: list[str]) -> None:
    assert continue_if(MORE_THAN_TWO, NEXT, {"x": x}, state=State(), clock=lambda: START) == passes


def test_continue_if_keeps_open_for_a_while() -> None:
    state = State()

    def at(seconds: float, x: int) -> list[str]:
        return continue_if(
            MORE_THAN_TWO, NEXT, {"x": x}, 2, state=state, clock=lambda: START + timedelta(seconds=seconds)
        )

    assert [at(0, 0), at(1, 9), at(2, 0), at(3, 0), at(3.1, 0), at(4, 9)] == [[], NEXT, NEXT, NEXT, [], NEXT]


@pytest.mark.parametrize(
    ("value", "options", "passes"),
    [
        ("cat", {}, ["$steps.cat"]),
        ("Cat", {}, ["$steps.other"]),
        ("CAT", {"case_insensitive": True}, ["$steps.cat"]),
        (True, {}, ["$steps.yes"]),
        (1, {}, ["$steps.one"]),
        (1.0, {}, ["$steps.other"]),
        (None, {}, ["$steps.other"]),
    ],
)
def test_switch_case(value: Any, options: dict[str, bool], passes: list[str]) -> None:
    cases = {"cat": "$steps.cat", "True": "$steps.yes", "1": "$steps.one"}
    assert switch_case(value, cases, default_next_steps=["$steps.other"], **options) == passes


def test_switch_case_without_a_default_stops() -> None:
    assert switch_case("x", {}) == []


def test_switch_case_without_cases_goes_the_default_way() -> None:
    assert switch_case("x", default_next_steps=["$steps.other"]) == ["$steps.other"]


def test_switch_case_refuses_two_steps_for_one_text() -> None:
    cases = {"Cat": "$steps.one", "cat": "$steps.other"}
    assert switch_case("cat", cases) == ["$steps.other"]
    with pytest.raises(RuntimeInputError, match="'Cat' has another step"):
        switch_case("dog", cases, case_insensitive=True)
    assert switch_case("CAT", dict.fromkeys(cases, "$steps.one"), case_insensitive=True) == ["$steps.one"]


def test_rate_limiter_by_the_clock() -> None:
    state = State()

    def at(seconds: float) -> list[str]:
        return rate_limiter(1, NEXT, 1.0, state=state, clock=lambda: START + timedelta(seconds=seconds))

    assert [at(0), at(0.5), at(0.99), at(1), at(1.5), at(2.5)] == [NEXT, [], [], NEXT, [], NEXT]


def test_rate_limiter_knows_the_video_of_detections() -> None:
    state = State()

    def at(seconds: float, picture: str) -> list[str]:
        found = Detections.empty(Frame(picture, 8, 8).cut("crop", 1, 1, 2, 2))
        return rate_limiter(found, NEXT, 1.0, state=state, clock=lambda: START + timedelta(seconds=seconds))

    assert [at(0, "door"), at(0, "yard"), at(0.5, "door"), at(1, "yard")] == [NEXT, NEXT, [], NEXT]


def test_rate_limiter_by_the_frames_of_each_video() -> None:
    state = State()

    def at(number: int, source: str = "camera") -> list[str]:
        return rate_limiter(1, NEXT, 1.0, frame(number, source), state=state, clock=lambda: START)

    assert [at(1), at(5), at(5, "other"), at(10), at(11), at(12)] == [NEXT, [], NEXT, [], NEXT, []]
    assert at(1) == NEXT, "a video that starts again is not held back"


def test_rate_limiter_lets_a_frame_pass_at_the_very_end_of_the_cooldown() -> None:
    state = State()
    passes = [n for n in range(1, 14) if rate_limiter(1, NEXT, 0.3, frame(n), state=state, clock=lambda: START)]
    assert passes == [1, 4, 7, 10, 13]


def test_rate_limiter_counts_crops_by_their_picture() -> None:
    by_value, by_reference = State(), State()

    def at(seconds: float, name: str) -> tuple[list[str], list[str]]:
        crop = picture(name=name).crop(str(uuid4()), 1, 1, 5, 5)
        now = START + timedelta(seconds=seconds)
        return (
            rate_limiter(crop, NEXT, 1.0, state=by_value, clock=lambda: now),
            rate_limiter(1, NEXT, 1.0, crop, state=by_reference, clock=lambda: now),
        )

    passes = [at(0, "door"), at(0.1, "yard"), at(0.5, "door"), at(1, "door")]
    assert passes == [(NEXT, NEXT), (NEXT, NEXT), ([], []), (NEXT, NEXT)]


def test_rate_limiter_knows_the_video_of_a_static_crop() -> None:
    state = State()
    crops = [absolute_static_crop(frame(1, source), 5, 5, 4, 4)["crops"] for source in ("a", "a", "b")]
    assert [rate_limiter(crop, NEXT, 1.0, state=state, clock=lambda: START) for crop in crops] == [NEXT, [], NEXT]


def test_rate_limiter_of_stills_goes_by_the_clock() -> None:
    state = State()
    still = Image(picture().pixels, "image.[0]")

    def at(seconds: float) -> list[str]:
        return rate_limiter(1, NEXT, 1.0, still, state=state, clock=lambda: START + timedelta(seconds=seconds))

    assert [at(0), at(0.5), at(1)] == [NEXT, [], NEXT]


def test_delta_filter_of_each_video() -> None:
    state = State()
    seen = [("a", 1), ("a", 1), ("b", 1), ("a", 2), ("a", 1), ("b", 1)]
    passes = [delta_filter(frame(1, source), value, NEXT, state=state) for source, value in seen]
    assert passes == [NEXT, [], NEXT, NEXT, NEXT, []]
    assert delta_filter(frame(1, "c"), None, NEXT, state=State()) == []


def test_delta_filter_of_arrays() -> None:
    state = State()
    seen = [np.zeros(3), np.zeros(3), np.ones(3), np.ones(2), 1]
    passes = [delta_filter(frame(1), value, NEXT, state=state) for value in seen]
    assert passes == [NEXT, [], NEXT, NEXT, NEXT]


def test_delta_filter_looks_into_values() -> None:
    masked = np.zeros((1, 48, 64), bool)
    things = found((1, 1, 9, 9), mask=masked, columns={"keypoints_xy": objects([np.ones((2, 2))])})
    again = replace(things, detection_id=fresh_ids(1), inference_id="other")
    moved = replace(things, columns={"keypoints_xy": objects([np.zeros((2, 2))])})
    seen: list[Any] = [things, again, moved, {"a": [np.ones(2)]}, {"a": [np.ones(2)]}, {"a": [np.ones(3)]}, {}]
    seen += [[np.ones(2)], (np.ones(2),), objects([np.ones(2), None]), objects([np.ones(2), None])]
    state = State()
    passes = [bool(delta_filter(frame(1), value, NEXT, state=state)) for value in seen]
    assert passes == [True, False, True, True, False, True, True, True, True, True, False]

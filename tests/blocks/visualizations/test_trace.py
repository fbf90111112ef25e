"""Drawing the ways that things have come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from blocks.visualizations.trace import trace_visualization
from engine.errors import RuntimeInputError
from engine.state import State
from engine.values.detections import Detections
from engine.values.image import Pixels
from tests.blocks.samples import found
from tests.blocks.videos import box_at, frame, interleaved, tracked


def right(y: float = 20, track: int = 1) -> list[Detections]:
    return [tracked({track: box_at(x, y)}) for x in (10, 20, 30, 40)]


def draw(frames: list[Detections], source: str = "camera", **options: Any) -> list[Pixels]:
    state = State()
    return [
        trace_visualization(frame(number, source), detections, state=state, **options)["image"].pixels
        for number, detections in enumerate(frames)
    ]


def lit(pixels: Pixels) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(pixels.max(axis=2) > 0)


def test_the_trace_grows() -> None:
    drawn = draw(right())
    assert not lit(drawn[0]).any()
    expected = np.zeros((48, 64), bool)
    expected[20, 10:41] = True
    assert np.array_equal(lit(drawn[3]), expected)


def test_the_trace_is_as_long_as_it_is_said_to_be() -> None:
    drawn = lit(draw(right(), trace_length=2)[3])
    assert drawn[20, 30:41].all()
    assert not drawn[20, :30].any()


def test_the_position_draws() -> None:
    assert lit(draw(right(), position="BOTTOM_CENTER")[3])[22, 10:41].all()


def test_the_picture_that_came_in_stays() -> None:
    image, state = frame(1), State()
    for detections in right():
        trace_visualization(image, detections, state=state)
    assert not image.pixels.any()


def test_other_options_are_heeded_at_once() -> None:
    state = State()
    for number, detections in enumerate(right()):
        color = ["#ff0000", "#0000ff"][number == 3]
        drawn = trace_visualization(
            frame(number), detections, color_palette="CUSTOM", custom_colors=[color], thickness=1, state=state
        )["image"].pixels
    assert drawn[20, 25].tolist() == [255, 0, 0]


def test_nothing_found_draws_nothing_and_forgets_nothing() -> None:
    frames = right()
    drawn = draw([frames[0], found(), frames[1]])
    assert not lit(drawn[1]).any()
    assert lit(drawn[2])[20, 10:21].all()


def test_two_videos_do_not_mix() -> None:
    ones, others = right(10), right(30)
    alone = interleaved(draw(ones, "one"), draw(others, "other"))
    state = State()
    for number, detections in enumerate(interleaved(ones, others)):
        source = ("one", "other")[number % 2]
        drawn = trace_visualization(frame(number // 2, source), detections, state=state)["image"]
        assert np.array_equal(drawn.pixels, alone[number])


def test_detections_that_are_not_tracked() -> None:
    with pytest.raises(RuntimeInputError, match="Put a tracker"):
        draw([found(box_at(10, 10))])
    with pytest.raises(RuntimeInputError, match="CENTER_OF_MASS"):
        draw(right(), position="CENTER_OF_MASS")

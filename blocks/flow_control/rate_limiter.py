"""Go on at most once in a while, for each video."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge
from typing_extensions import Doc

from blocks.clock import Clock
from blocks.memory import Last
from engine.block import block
from engine.kinds import Anything, Image
from engine.state import STEP_SOURCE, State
from engine.values.detections import Detections
from engine.values.image import Image as Image_
from engine.values.shape import Fixed, NextSteps, Passage, Wired


@block("roboflow_core/rate_limiter@v1")
def rate_limiter(
    depends_on: Annotated[
        Wired[Anything],
        Doc("What to wait for. Pictures tell their video; crops and detections only the input that they come from."),
    ],
    next_steps: Annotated[NextSteps, Doc("The steps that go on.")],
    cooldown_seconds: Annotated[Fixed[float], Ge(0), Doc("Least time between two passes.")] = 1.0,
    video_reference_image: Annotated[
        Image | None, Doc("Whose video to count by, and whose time; needed to tell the crops of two cameras apart.")
    ] = None,
    *,
    state: State,
    clock: Clock,
) -> Passage:
    """Go on at most once in a while, for each video."""
    source, now = _source(depends_on), clock().timestamp()
    if video_reference_image is not None:
        source, video = _source(video_reference_image), video_reference_image.video
        if video.number and video.fps:
            now = video.number / video.fps
    last = state.of(source, Last[float])
    # A video that starts again counts from 0 again. Rounded, for 0.1 + 0.2 seconds are not less than 0.3.
    if last.value is not None and 0 <= round(now - last.value, 6) < cooldown_seconds:
        return Passage([])
    last.value = now
    return Passage(next_steps)


def _source(value: Any) -> str:
    """The video that a value comes from; what tells of none is of one that all such values share."""
    if isinstance(value, Detections):
        return value.frame.outermost().id
    if not isinstance(value, Image_):
        return STEP_SOURCE
    # A crop has lost its video, and its own name is another one in every frame.
    return value.video.source if value.root is None or value.video.source != value.id else value.root.id

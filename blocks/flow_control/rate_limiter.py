"""Go on at most once in a while, for each video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge
from typing_extensions import Doc

from blocks.clock import Clock
from engine.block import block
from engine.kinds import Anything, Image
from engine.state import STEP_SOURCE, State
from engine.values.detections import Detections
from engine.values.image import Image as Image_
from engine.values.shape import Fixed, NextSteps, Passage, Wired


@dataclass(slots=True)
class LastPass:
    """When a video was last let pass, in seconds."""

    seconds: float | None = None


@block("roboflow_core/rate_limiter@v1")
def rate_limiter(
    depends_on: Annotated[Wired[Anything], Doc("What to wait for; a picture or detections also tell the video.")],
    next_steps: Annotated[NextSteps, Doc("The steps that go on.")],
    cooldown_seconds: Annotated[Fixed[float], Ge(0), Doc("Least time between two passes.")] = 1.0,
    video_reference_image: Annotated[Image | None, Doc("Whose video to count by, and whose time.")] = None,
    *,
    state: State,
    clock: Clock,
) -> Passage:
    """Go on at most once in a while, for each video."""
    source, now = _source(depends_on), clock().timestamp()
    if video_reference_image is not None:
        video = video_reference_image.video
        source = video.source
        if video.number and video.fps:
            now = video.number / video.fps
    last = state.of(source, LastPass)
    # A video that starts again counts from 0 again.
    if last.seconds is not None and 0 <= now - last.seconds < cooldown_seconds:
        return Passage([])
    last.seconds = now
    return Passage(next_steps)


def _source(value: Any) -> str:
    """The video that a value comes from; what tells of none is of one that all such values share."""
    if isinstance(value, Image_):
        return value.video.source
    return value.frame.outermost().id if isinstance(value, Detections) else STEP_SOURCE

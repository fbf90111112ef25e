"""Go on only when a value is another one than before, for each video."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from typing_extensions import Doc

from blocks.memory import Last
from engine.block import block
from engine.kinds import Anything, Image
from engine.state import State
from engine.values.detections import Detections
from engine.values.shape import NextSteps, Passage, Wired

CONTENT = ("xyxy", "confidence", "class_id", "class_name", "mask", "tracker_id", "columns")
"""What makes two sets of detections the same, although each run gives them new ids."""


@block("roboflow_core/delta_filter@v1")
def delta_filter(
    image: Annotated[Image, Doc("Whose video the value belongs to.")],
    value: Annotated[Wired[Anything], Doc("What has to change.")],
    next_steps: Annotated[NextSteps, Doc("The steps that go on then.")],
    *,
    state: State,
) -> Passage:
    """Go on only when a value is another one than before, for each video."""
    last = state.of(image.video.source, Last[Any])
    if _equal(last.value, value):
        return Passage([])
    last.value = value
    return Passage(next_steps)


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are the same: containers, arrays and detections are when all that is in them is."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and object not in (one.dtype, other.dtype):
        return np.array_equal(one, other)
    one, other = (value.tolist() if isinstance(value, np.ndarray) else value for value in (one, other))
    if isinstance(one, Detections) and isinstance(other, Detections):
        return all(_equal(getattr(one, name), getattr(other, name)) for name in CONTENT)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(value, other[key]) for key, value in one.items())
    if (isinstance(one, list) and isinstance(other, list)) or (isinstance(one, tuple) and isinstance(other, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)

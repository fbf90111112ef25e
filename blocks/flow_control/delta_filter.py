"""Go on only when a value is another one than before, for each video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from typing_extensions import Doc

from engine.block import block
from engine.kinds import Anything, Image
from engine.state import State
from engine.values.shape import NextSteps, Passage, Wired


@dataclass(slots=True)
class LastValue:
    """What was last seen."""

    value: Any = None


@block("roboflow_core/delta_filter@v1")
def delta_filter(
    image: Annotated[Image, Doc("Whose video the value belongs to.")],
    value: Annotated[Wired[Anything], Doc("What has to change.")],
    next_steps: Annotated[NextSteps, Doc("The steps that go on then.")],
    *,
    state: State,
) -> Passage:
    """Go on only when a value is another one than before, for each video."""
    last = state.of(image.video.source, LastValue)
    if _equal(last.value, value):
        return Passage([])
    last.value = value
    return Passage(next_steps)


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are the same; arrays are when all their elements are."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return bool(one == other)

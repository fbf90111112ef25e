"""Gates that pass always, never, and every second time."""

from __future__ import annotations

from itertools import count

from engine.block import block
from engine.kinds import Anything
from engine.state import STEP_SOURCE, State
from engine.values.shape import NextSteps, Passage


@block("AlwaysTerminate")
def always_terminate(x: Anything, next_steps: NextSteps) -> Passage:
    """Let nothing pass."""
    return Passage([])


@block("AlwaysPass")
def always_pass(x: Anything, next_steps: NextSteps) -> Passage:
    """Let everything pass."""
    return Passage(next_steps)


@block("EachSecondPass")
def each_second_pass(x: Anything, next_steps: NextSteps, *, state: State) -> Passage:
    """Let the first pass, then every second."""
    return Passage(next_steps if next(state.of(STEP_SOURCE, count)) % 2 == 0 else [])

"""Go on only where a condition holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from annotated_types import Ge
from typing_extensions import Doc

from blocks.clock import Clock
from blocks.memory import Last
from blocks.query import Condition
from engine.block import block
from engine.kinds import Anything
from engine.state import STEP_SOURCE, State
from engine.values.shape import NextSteps, Passage


@block("roboflow_core/continue_if@v1", aliases=("ContinueIf",))
def continue_if(
    condition_statement: Annotated[Condition, Doc("What has to be true.")],
    next_steps: Annotated[NextSteps, Doc("The steps that go on then.")],
    evaluation_parameters: Annotated[dict[str, Anything], Doc("Values that the condition names.")] = {},
    stop_delay: Annotated[float, Ge(0), Doc("Seconds to keep going on after the condition last held.")] = 0,
    *,
    state: State,
    clock: Clock,
) -> Passage:
    """Go on only where a condition holds."""
    holds = condition_statement(evaluation_parameters)
    if stop_delay > 0:
        last, now = state.of(STEP_SOURCE, Last[datetime]), clock()
        if holds:
            last.value = now
        holds = last.value is not None and (now - last.value).total_seconds() <= stop_delay
    return Passage(next_steps if holds else [])

"""Gates that name a step, and blocks to put behind them."""

from __future__ import annotations

import random
from itertools import count
from typing import Annotated, Any, TypedDict

from pydantic import BeforeValidator

from blocks.query import Condition
from engine.block import block
from engine.kinds import Anything, Image
from engine.state import STEP_SOURCE, State
from engine.values.shape import Each, Gathered, NextSteps, Passage, Source


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


OneStep = Annotated[list[str], BeforeValidator(_as_list), Source.STEPS]
"""A single step, written without a list around it."""


class Texts(TypedDict):
    """Texts one level deeper."""

    output: Each[str]


class Text(TypedDict):
    """A text."""

    output: str


@block("ABTest")
def ab_test(a_step: OneStep, b_step: OneStep) -> Passage:
    """One of two steps, by chance."""
    return Passage(random.choice((a_step, b_step)))  # noqa: S311 - nothing secret


@block("Condition")
def condition(
    condition_statement: Condition,
    steps_if_true: NextSteps,
    steps_if_false: NextSteps,
    evaluation_parameters: dict[str, Anything] = {},
) -> Passage:
    """One list of steps or the other."""
    return Passage(steps_if_true if condition_statement(evaluation_parameters) else steps_if_false)


@block("AlwaysMove")
def always_move(a_step: OneStep, evaluation_parameters: dict[str, Anything] = {}) -> Passage:
    """Let everything pass."""
    return Passage(a_step)


@block("AlwaysStop")
def always_stop(a_step: OneStep, evaluation_parameters: dict[str, Anything] = {}) -> Passage:
    """Let nothing pass."""
    return Passage([])


@block("MoveEven")
def move_even(a_step: OneStep, evaluation_parameters: dict[str, Anything] = {}, *, state: State) -> Passage:
    """Let the first pass, then every second."""
    return Passage(a_step if next(state.of(STEP_SOURCE, count)) % 2 == 0 else [])


@block("DimensionalityIncrease")
def dimensionality_increase(image: Image) -> Texts:
    """Four letters, one level deeper."""
    return {"output": ["a", "b", "c", "d"]}


@block("ImageAndTextsStitch")
def image_and_texts_stitch(image: Image, texts: Gathered[str]) -> Text:
    """The texts of a group in one."""
    return {"output": ", ".join(texts)}

"""Go on with the step that belongs to a value."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import Doc

from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import Anything
from engine.values.shape import NextSteps, Passage, StepsByCase


@block("roboflow_core/switch_case@v1", aliases=("SwitchCase",))
def switch_case(
    value: Annotated[Anything, Doc("What decides; compared as text, so true is 'True'.")],
    cases: Annotated[StepsByCase, Doc("The step for each text.")] = {},
    case_insensitive: Annotated[bool, Doc("Whether 'Cat' is 'cat'.")] = False,
    default_next_steps: Annotated[NextSteps, Doc("The steps for any other text.")] = [],
) -> Passage:
    """Go on with the step that belongs to a value."""
    text = str(value)
    if case_insensitive:
        text, cases = text.lower(), _lowered(cases)
    return Passage([cases[text]] if text in cases else default_next_steps)


def _lowered(cases: dict[str, str]) -> dict[str, str]:
    """The cases in lower case; RuntimeInputError when that leaves two steps for one text."""
    lowered = {case.lower(): step for case, step in cases.items()}
    for case, step in cases.items():
        if lowered[case.lower()] != step:
            raise RuntimeInputError(
                f"The case {case!r} has another step than the same text written otherwise.",
                hint="Keep one of these cases, or set case_insensitive to false.",
            )
    return lowered

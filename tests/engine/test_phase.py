"""Errors say in which part of the life of a workflow they happened: their context on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from engine.control import Control
from engine.errors import OperationError, RuntimeInputError, WorkflowError
from engine.phase import Phase, during
from tests.engine.arithmetic import batch_input, engine, parameter, step, workflow
from tests.engine.test_inner import inner

N = batch_input("n")
NEEDY = workflow([N], [step("same", "s", value="$inputs.n")], {"o": "$steps.s.value"})

WRONG: dict[str, tuple[Any, dict[str, Any], Phase]] = {
    "no workflow": ([], {}, Phase.PARSING),
    "not even JSON": (workflow([], [step("same", "s", value=object())], {}), {}, Phase.PARSING),
    "another engine": ({**NEEDY, "version": "7.0"}, {}, Phase.PARSING),
    "a literal of another type": (workflow([], [step("add", "s", a="one")], {}), {}, Phase.PARSING),
    "an output that selects nothing": (workflow([], [], {"o": "$elsewhere"}), {}, Phase.PARSING),
    "an inner workflow without what it needs": (workflow([], [inner("part", NEEDY)], {}), {}, Phase.INNER),
    "an inner workflow that is none": (workflow([], [inner("part", [])], {}), {}, Phase.INNER),
    "blocks that come along": ({**NEEDY, "dynamic_blocks_definitions": [{}]}, {}, Phase.DYNAMIC),
    "a selector of nothing": (workflow([], [step("add", "s", a="$inputs.a")], {}), {}, Phase.GRAPH),
    "kinds that do not fit": (
        workflow([N], [step("size", "s", images="$steps.t.number"), step("add", "t", a=1)], {}),
        {},
        Phase.GRAPH,
    ),
    "different branches": (
        workflow(
            [N],
            [
                step("spread", "l", items="$inputs.n"),
                step("spread", "r", items="$inputs.n"),
                step("pack", "s", items=["$steps.l.values", "$steps.r.values"]),
            ],
            {},
        ),
        {},
        Phase.GRAPH,
    ),
    "an input that is not there": (NEEDY, {}, Phase.INPUTS),
    "a parameter that does not fit": (
        workflow([parameter("p")], [step("add", "s", a="$inputs.p")], {}),
        {"p": "one"},
        Phase.INPUTS,
    ),
    "a value that does not fit": (workflow([N], [step("add", "s", a="$inputs.n")], {}), {"n": ["one"]}, Phase.STEPS),
    "a block that fails": (workflow([N], [step("fail", "s", value="$inputs.n")], {}), {"n": [1]}, Phase.STEPS),
}


@pytest.mark.parametrize("case", WRONG)
def test_errors_tell_their_phase(case: str) -> None:
    definition, inputs, phase = WRONG[case]
    subject = engine()
    with pytest.raises(WorkflowError) as caught:
        subject.run(subject.plan(definition), inputs)
    assert caught.value.context == phase


def test_results_that_are_too_much_to_be_written() -> None:
    subject = engine()
    plan = subject.plan(workflow([N], [], {f"o{number}": "$inputs.n" for number in range(100)}))
    with pytest.raises(RuntimeInputError) as caught:
        subject.run(plan, {"n": ["x" * 1000]}, wire=True, control=Control(most_bytes=10_000))
    assert caught.value.context == Phase.OUTPUTS


def test_the_phase_within_is_the_one_that_is_told() -> None:
    with pytest.raises(OperationError) as caught, during(Phase.STEPS):
        raise OperationError("It went wrong.", context="step_execution | roboflow_query_language_evaluation")
    assert caught.value.context == "step_execution | roboflow_query_language_evaluation"
    with pytest.raises(WorkflowError) as nested, during(Phase.PARSING), during(Phase.INNER):
        raise WorkflowError("It went wrong.")
    assert nested.value.context == Phase.INNER

"""Flow control: a gate acts on everything below it, several gates on a step are an AND, and absence is no value."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import (
    ControlFlowDefinitionError,
    ExecutionGraphStructureError,
    InvalidReferenceTargetError,
    WorkflowSyntaxError,
)
from engine.state import Memory
from tests.engine.arithmetic import batch_input, engine, parameter, step, workflow

N = batch_input("n")
COUNTED = step("spread", "rows", items="$inputs.n")
SINGLE = {"value": "$inputs.n", "next_steps": ["$steps.s"]}
NESTED = {"value": "$steps.rows.values", "next_steps": ["$steps.s"]}
SIZE = batch_input("k")
BY_SIZE = step("odd", "by_size", value="$inputs.k", next_steps=["$steps.s"])

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "rows that do not pass are missing": (
        workflow([N], [step("odd", "g", **SINGLE), step("add", "s", a="$inputs.n")], {"o": "$steps.s.number"}),
        {"n": [1, 2, 3]},
        [{"o": 2}, {"o": None}, {"o": 4}],
    ),
    "what hangs on a missing row is missing, unless it wants to see it": (
        workflow(
            [N],
            [
                step("odd", "g", **SINGLE),
                step("add", "s", a="$inputs.n"),
                step("add", "t", a="$steps.s.number"),
                step("either", "e", value="$steps.t.number"),
            ],
            {"o": "$steps.e.value"},
        ),
        {"n": [1, 2]},
        [{"o": 3}, {"o": "none"}],
    ),
    "a gate on the batch acts on everything deeper": (
        workflow([N, SIZE], [COUNTED, BY_SIZE, step("add", "s", a="$steps.rows.values")], {"o": "$steps.s.number"}),
        {"n": [[1, 2], [3], []], "k": [1, 2, 3]},
        [{"o": [2, 3]}, {"o": [None]}, {"o": []}],
    ),
    "a gate on the batch before a step that joins levels": (
        workflow(
            [N, SIZE],
            [COUNTED, BY_SIZE, step("join", "s", one="$inputs.k", many="$steps.rows.values")],
            {"o": "$steps.s.value"},
        ),
        {"n": [[1, 2], [3]], "k": [1, 2]},
        [{"o": (1, [1, 2])}, {"o": None}],
    ),
    "a gate on the deeper level picks what is gathered": (
        workflow(
            [N, SIZE],
            [COUNTED, step("odd", "g", **NESTED), step("join", "s", one="$inputs.k", many="$steps.rows.values")],
            {"o": "$steps.s.value"},
        ),
        {"n": [[1, 2, 3], [4]], "k": [1, 2]},
        [{"o": (1, [1, 3])}, {"o": (2, [])}],
    ),
    "a gate on what is gathered does not change where the step runs": (
        workflow([N], [step("odd", "g", **SINGLE), step("gather", "s", values="$inputs.n")], {"o": "$steps.s.value"}),
        {"n": [1, 2, 3]},
        [{"o": [1, 3]}],
    ),
    "gates of both levels before a step that joins them": (
        workflow(
            [N, SIZE],
            [
                COUNTED,
                BY_SIZE,
                step("odd", "g", **NESTED),
                step("join", "s", one="$inputs.k", many="$steps.rows.values"),
            ],
            {"o": "$steps.s.value"},
        ),
        {"n": [[1, 2, 3], [5]], "k": [1, 2]},
        [{"o": (1, [1, 3])}, {"o": None}],
    ),
    "one value gates everything": (
        workflow(
            [N, parameter("p")],
            [
                step("odd", "g", value="$inputs.p", next_steps=["$steps.s"]),
                step("total", "s", values="$inputs.n"),
            ],
            {"o": "$steps.s.value"},
        ),
        {"n": [1, 2], "p": 2},
        [{"o": None}, {"o": None}],
    ),
    "the whole batch at once gets the rows that pass": (
        workflow([N], [step("odd", "g", **SINGLE), step("total", "s", values="$inputs.n")], {"o": "$steps.s.value"}),
        {"n": [1, 2, 3]},
        [{"o": (1, 4)}, {"o": None}, {"o": (3, 4)}],
    ),
    "cases": (
        workflow(
            [N],
            [
                step("choose", "g", value="$inputs.n", cases={"a": "$steps.s", "b": "$steps.t"}),
                step("either", "s", value="$inputs.n"),
                step("either", "t", value="$inputs.n"),
            ],
            {"s": "$steps.s.value", "t": "$steps.t.value"},
        ),
        {"n": ["a", "b", "c"]},
        [{"s": "a", "t": None}, {"s": None, "t": "b"}, {"s": None, "t": None}],
    ),
    "a step without inputs runs as often as its gate": (
        workflow([N], [step("odd", "g", **SINGLE), step("add", "s", a=1)], {"o": "$steps.s.number"}),
        {"n": [1, 2]},
        [{"o": 2}, {"o": None}],
    ),
    "a step with values for the whole run alone runs as often as its gate": (
        workflow(
            [N, parameter("p", 5)],
            [step("odd", "g", **SINGLE), step("add", "s", a="$inputs.p")],
            {"o": "$steps.s.number"},
        ),
        {"n": [1, 2]},
        [{"o": 6}, {"o": None}],
    ),
    "a gate that never ran lets nothing pass": (
        workflow(
            [N],
            [
                step("never", "f", value="$inputs.n", next_steps=["$steps.g"]),
                step("odd", "g", **SINGLE),
                step("add", "s", a="$inputs.n"),
            ],
            {"o": "$steps.s.number"},
        ),
        {"n": [1]},
        [{"o": None}],
    ),
    "all outputs of a gate, which are none": (
        workflow([N], [step("odd", "g", value="$inputs.n", next_steps=[])], {"o": "$steps.g.*", "n": "$inputs.n"}),
        {"n": [1, 2]},
        [{"o": {}, "n": 1}, {"o": {}, "n": 2}],
    ),
    "no targets at all": (
        workflow([N], [step("odd", "g", value="$inputs.n", next_steps=[])], {"o": "$inputs.n"}),
        {"n": [1, 2]},
        [{"o": 1}, {"o": 2}],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_results(case: str) -> None:
    definition, inputs, expected = CASES[case]
    subject = engine()
    assert subject.run(subject.plan(definition), inputs) == expected


REFUSED = {
    "an unknown step": (
        [step("odd", "g", value="$inputs.n", next_steps=["$steps.x"])],
        InvalidReferenceTargetError,
        "no step called 'x'",
    ),
    "no step at all": (
        [step("odd", "g", value="$inputs.n", next_steps=["$inputs.n"])],
        InvalidReferenceTargetError,
        "'$steps.name'",
    ),
    "the same step twice": (
        [step("odd", "g", value="$inputs.n", next_steps=["$steps.s", "$steps.s"]), step("add", "s", a="$inputs.n")],
        ExecutionGraphStructureError,
        "twice",
    ),
    "the same step for two cases": (
        [step("choose", "g", value="$inputs.n", cases={"a": "$steps.s", "b": "$steps.s"}), step("add", "s", a=1)],
        WorkflowSyntaxError,
        "twice",
    ),
    "a step before the gate": (
        [step("odd", "g", value="$steps.s.number", next_steps=["$steps.s"]), step("add", "s", a="$inputs.n")],
        ExecutionGraphStructureError,
        " -> ",
    ),
    "a gate on a level below what the step gathers": (
        [COUNTED, step("odd", "g", **NESTED), step("gather", "s", values="$inputs.n")],
        ControlFlowDefinitionError,
        "root > input batch > rows",
    ),
    "a gate on a level that the step does not have": (
        [COUNTED, step("odd", "g", **NESTED), step("add", "s", a="$inputs.n")],
        ControlFlowDefinitionError,
        "root > input batch > rows",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    steps, error, says = REFUSED[case]
    with pytest.raises(error) as caught:
        engine().plan(workflow([N], steps, {}))
    assert says in str(caught.value)


def test_a_gate_may_name_no_steps() -> None:
    subject = engine()
    plan = subject.plan(
        workflow([N], [step("let", "g", value=[]), step("add", "s", a="$inputs.n")], {"o": "$steps.s.number"})
    )
    assert subject.run(plan, {"n": 1}) == [{"o": 2}]


def test_steps_remember_only_what_they_are_given_a_memory_for() -> None:
    subject = engine()
    plan = subject.plan(workflow([N], [step("remember", "s", value="$inputs.n")], {"o": "$steps.s.value"}))
    assert subject.run(plan, {"n": 1}) == subject.run(plan, {"n": 1}) == [{"o": [1]}]
    memory = Memory()
    subject.run(plan, {"n": 1}, memory=memory)
    assert subject.run(plan, {"n": 2}, memory=memory) == [{"o": [1, 2]}]
    assert subject.run(plan, {"n": 3}, memory=Memory()) == [{"o": [3]}]

"""Workflows in workflows: what they give, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import (
    ExecutionGraphStructureError,
    InnerWorkflowInvalidStepEntryError,
    InnerWorkflowNestingDepthError,
    InnerWorkflowParameterBindingsMissingRequiredError,
    InnerWorkflowParameterBindingsUnknownInputError,
    InnerWorkflowTotalCountError,
    InvalidReferenceTargetError,
    WorkflowSyntaxError,
)
from tests.engine.arithmetic import batch_input, engine, parameter, step, workflow

N = batch_input("n")


def inner(name: str, definition: Any, **bindings: Any) -> dict[str, Any]:
    """A step that is a workflow."""
    return {
        "type": "roboflow_core/inner_workflow@v1",
        "name": name,
        "workflow_definition": definition,
        "parameter_bindings": bindings,
    }


ADDS = workflow(
    [parameter("x"), parameter("y", 10)],
    [step("add", "sum", a="$inputs.x", b="$inputs.y"), step("same", "again", value="$steps.sum.number")],
    {"sum": "$steps.again.value", "y": "$inputs.y"},
)
SPREADS = workflow(
    [parameter("items")], [step("spread", "rows", items="$inputs.items")], {"rows": "$steps.rows.values"}
)
HANDS_ON = workflow([parameter("n"), parameter("p")], [], {"n": "$inputs.n", "p": "$inputs.p"})
TWICE = workflow(
    [parameter("z")],
    [inner("one", ADDS, x="$inputs.z"), inner("two", ADDS, x="$steps.one.sum", y=100)],
    {"out": "$steps.two.sum"},
)

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "bound, and by default": (
        workflow([N], [inner("w", ADDS, x="$inputs.n")], {"o": "$steps.w.sum"}),
        {"n": [1, 2]},
        [{"o": 11}, {"o": 12}],
    ),
    "literals keep their type": (
        workflow([N], [inner("w", ADDS, x="$inputs.n", y=5)], {"o": "$steps.w.sum"}),
        {"n": 1},
        [{"o": 6}],
    ),
    "a literal where only selectors go": (
        workflow(
            [],
            [
                inner(
                    "w",
                    workflow([parameter("v")], [step("same", "s", value="$inputs.v")], {"o": "$steps.s.value"}),
                    v=[1, 2],
                )
            ],
            {"o": "$steps.w.o"},
        ),
        {},
        [{"o": [1, 2]}],
    ),
    "what passes through": (
        workflow([N, parameter("p", 3)], [inner("w", ADDS, x="$inputs.n", y="$inputs.p")], {"o": "$steps.w.y"}),
        {"n": 1},
        [{"o": 3}],
    ),
    "deeper inside, gathered outside": (
        workflow(
            [N],
            [inner("w", SPREADS, items="$inputs.n"), step("gather", "g", values="$steps.w.rows")],
            {"o": "$steps.g.value", "r": "$steps.w.rows"},
        ),
        {"n": [[1, 2], []]},
        [{"o": [1, 2], "r": [1, 2]}, {"o": [], "r": []}],
    ),
    "in a workflow in a workflow": (
        workflow([N], [inner("w", TWICE, z="$inputs.n")], {"o": "$steps.w.out"}),
        {"n": 1},
        [{"o": 111}],
    ),
    "all outputs": (
        workflow(
            [N],
            [
                inner(
                    "w",
                    SPREADS
                    | {
                        "outputs": [
                            *SPREADS["outputs"],
                            {"type": "JsonField", "name": "items", "selector": "$inputs.items"},
                        ]
                    },
                    items="$inputs.n",
                )
            ],
            {"o": "$steps.w.*"},
        ),
        {"n": [[1, 2]]},
        [{"o": {"rows": [1, 2], "items": [1, 2]}}],
    ),
    "all outputs of a workflow in a workflow": (
        workflow(
            [N],
            [
                inner(
                    "w",
                    workflow([parameter("z")], [inner("v", TWICE, z="$inputs.z")], {"all": "$steps.v.*"}),
                    z="$inputs.n",
                )
            ],
            {"o": "$steps.w.all"},
        ),
        {"n": 1},
        [{"o": {"out": 111}}],
    ),
    "all outputs where there are none": (
        workflow([N], [inner("w", workflow([], [], {}))], {"o": "$steps.w.*", "n": "$inputs.n"}),
        {"n": [1, 2]},
        [{"o": {}, "n": 1}, {"o": {}, "n": 2}],
    ),
    "in a list and a dict": (
        workflow(
            [N],
            [
                inner("w", ADDS, x="$inputs.n"),
                step("pack", "s", items=["$steps.w.sum", 0], named={"k": "$steps.w.sum"}),
            ],
            {"o": "$steps.s.value"},
        ),
        {"n": 1},
        [{"o": {"items": [11, 0], "k": 11}}],
    ),
    "a gate before it acts on all its steps": (
        workflow(
            [N],
            [
                step("odd", "g", value="$inputs.n", next_steps=["$steps.w"]),
                inner(
                    "w",
                    workflow(
                        [parameter("x")],
                        [step("add", "a", a="$inputs.x"), step("either", "e", value="$inputs.x")],
                        {"a": "$steps.a.number", "e": "$steps.e.value"},
                    ),
                    x="$inputs.n",
                ),
            ],
            {"a": "$steps.w.a", "e": "$steps.w.e"},
        ),
        {"n": [1, 2]},
        [{"a": 2, "e": 1}, {"a": None, "e": None}],
    ),
    "a gate holds what it hands through": (
        workflow(
            [N, parameter("p")],
            [
                step("odd", "g", value="$inputs.n", next_steps=["$steps.w"]),
                inner("w", HANDS_ON, n="$inputs.n", p="$inputs.p"),
                step("either", "e", value="$steps.w.n"),
            ],
            {"n": "$steps.w.n", "p": "$steps.w.p", "all": "$steps.w.*", "e": "$steps.e.value"},
        ),
        {"n": [1, 2], "p": 7},
        [
            {"n": 1, "p": 7, "all": {"n": 1, "p": 7}, "e": 1},
            {"n": None, "p": None, "all": {"n": None, "p": None}, "e": "none"},
        ],
    ),
    "gates hold what is handed through by a wildcard": (
        workflow(
            [N],
            [
                step("odd", "g", value="$inputs.n", next_steps=["$steps.w"]),
                inner(
                    "w",
                    workflow(
                        [parameter("n")], [inner("v", HANDS_ON, n="$inputs.n", p="$inputs.n")], {"all": "$steps.v.*"}
                    ),
                    n="$inputs.n",
                ),
            ],
            {"all": "$steps.w.all"},
        ),
        {"n": [1, 2]},
        [{"all": {"n": 1, "p": 1}}, {"all": {"n": None, "p": None}}],
    ),
    "gates hold what is handed through two": (
        workflow(
            [N, batch_input("m")],
            [
                step("odd", "g", value="$inputs.m", next_steps=["$steps.w"]),
                inner(
                    "w",
                    workflow(
                        [parameter("n")],
                        [
                            step("odd", "g", value="$inputs.n", next_steps=["$steps.v"]),
                            inner("v", HANDS_ON, n="$inputs.n", p=0),
                        ],
                        {"n": "$steps.v.n", "past": "$inputs.n"},
                    ),
                    n="$inputs.n",
                ),
            ],
            {"n": "$steps.w.n", "past": "$steps.w.past"},
        ),
        {"n": [1, 2, 3, 4], "m": [1, 1, 2, 2]},
        [{"n": 1, "past": 1}, {"n": None, "past": 2}, {"n": None, "past": None}, {"n": None, "past": None}],
    ),
    "a gate in it that names a step around it": (
        workflow(
            [N],
            [
                inner(
                    "w",
                    workflow([parameter("x")], [step("odd", "g", value="$inputs.x", next_steps=["$steps.after"])], {}),
                    x="$inputs.n",
                ),
                step("add", "after", a="$inputs.n"),
            ],
            {"o": "$steps.after.number"},
        ),
        {"n": [1, 2]},
        [{"o": 2}, {"o": None}],
    ),
    "a gate deep in it that names the nearest step around it": (
        workflow(
            [N],
            [
                inner(
                    "w",
                    workflow(
                        [parameter("x")],
                        [
                            inner(
                                "v",
                                workflow(
                                    [parameter("x")],
                                    [step("odd", "g", value="$inputs.x", next_steps=["$steps.after"])],
                                    {},
                                ),
                                x="$inputs.x",
                            ),
                            step("add", "after", a="$inputs.x"),
                        ],
                        {"o": "$steps.after.number"},
                    ),
                    x="$inputs.n",
                ),
                step("add", "after", a="$inputs.n"),
            ],
            {"near": "$steps.w.o", "far": "$steps.after.number"},
        ),
        {"n": [1, 2]},
        [{"near": 2, "far": 2}, {"near": None, "far": 3}],
    ),
    "a gate in it": (
        workflow(
            [N],
            [
                inner(
                    "w",
                    workflow(
                        [parameter("x")],
                        [step("odd", "g", value="$inputs.x", next_steps=["$steps.s"]), step("add", "s", a="$inputs.x")],
                        {"o": "$steps.s.number"},
                    ),
                    x="$inputs.n",
                ),
                step("add", "s", a="$inputs.n"),
            ],
            {"o": "$steps.w.o", "s": "$steps.s.number"},
        ),
        {"n": [1, 2]},
        [{"o": 2, "s": 2}, {"o": None, "s": 3}],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_results(case: str) -> None:
    definition, inputs, expected = CASES[case]
    subject = engine()
    assert subject.run(subject.plan(definition), inputs) == expected


def nested(depth: int) -> dict[str, Any]:
    """A workflow that has `depth` workflows in it, one in the other."""
    definition = ADDS
    for _ in range(depth - 1):
        definition = workflow([parameter("x")], [inner("w", definition, x="$inputs.x")], {"sum": "$steps.w.sum"})
    return definition


REFUSED: dict[str, tuple[list[dict[str, Any]], type[Exception], str]] = {
    "a name that could be that of a step in it": (
        [inner("w", ADDS, x=1), step("add", "w.sum", a=1)],
        WorkflowSyntaxError,
        "'w.sum' has a dot",
    ),
    "a dot in a name inside": (
        [inner("w", workflow([], [step("add", "a.b", a=1)], {}))],
        WorkflowSyntaxError,
        "'a.b' has a dot",
    ),
    "missing binding": ([inner("w", ADDS)], InnerWorkflowParameterBindingsMissingRequiredError, "'x'"),
    "unknown binding": (
        [inner("w", ADDS, x=1, q=1)],
        InnerWorkflowParameterBindingsUnknownInputError,
        "It has x, y",
    ),
    "no document": (
        [{**inner("w", ADDS), "workflow_id": "x"}],
        InnerWorkflowInvalidStepEntryError,
        "workflow_definition",
    ),
    "broken document": ([inner("w", {"version": "1.0"})], WorkflowSyntaxError, "In the inner workflow 'w'"),
    "broken step inside": ([inner("w", workflow([], [step("add", "s")], {}))], WorkflowSyntaxError, "'w.s'"),
    "literal of a wrong type": ([inner("w", ADDS, x="word")], WorkflowSyntaxError, "'w.sum', a"),
    "unknown output": (
        [inner("w", ADDS, x=1), step("add", "s", a="$steps.w.nothing")],
        InvalidReferenceTargetError,
        "sum, y",
    ),
    "unknown input inside": (
        [inner("w", workflow([], [step("add", "s", a="$inputs.q")], {}))],
        InvalidReferenceTargetError,
        "'w' has no input 'q'",
    ),
    "steps outside are not seen inside": (
        [step("add", "out", a=1), inner("w", workflow([], [step("add", "s", a="$steps.out.number")], {}))],
        InvalidReferenceTargetError,
        "'w.out'",
    ),
    "cycle through two": (
        [inner("v", ADDS, x="$steps.w.sum"), inner("w", ADDS, x="$steps.v.sum")],
        ExecutionGraphStructureError,
        " -> ",
    ),
    "names that stand for each other": (
        [inner("v", ADDS, x=1, y="$steps.w.y"), inner("w", ADDS, x=1, y="$steps.v.y")],
        ExecutionGraphStructureError,
        "stand for each other",
    ),
    "too deep": ([inner("w", nested(5), x=1)], InnerWorkflowNestingDepthError, "4 workflows deep"),
    "too many": ([inner(f"w{n}", ADDS, x=1) for n in range(33)], InnerWorkflowTotalCountError, "32"),
}


def test_all_outputs_of_which_one_is_all_outputs_of_a_step() -> None:
    definition = workflow([parameter("z")], [step("add", "s", a="$inputs.z")], {"all": "$steps.s.*"})
    with pytest.raises(ExecutionGraphStructureError, match="'all' shows all outputs of a step itself"):
        engine().plan(workflow([N], [inner("w", definition, z="$inputs.n")], {"o": "$steps.w.*"}))


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    steps, error, says = REFUSED[case]
    with pytest.raises(error) as caught:
        engine().plan(workflow([N], steps, {}))
    assert type(caught.value) is error
    assert says in str(caught.value)


def test_as_deep_and_as_many_as_allowed() -> None:
    engine().plan(workflow([], [inner("w", nested(4), x=1)], {}))
    engine().plan(workflow([], [inner(f"w{n}", ADDS, x=1) for n in range(32)], {}))


def test_what_is_handed_through_keeps_its_kinds() -> None:
    """Secrets are told from other texts by their kinds alone, and masks travel as their kinds say."""
    hands_on = workflow([parameter("x")], [], {"o": "$inputs.x"})
    steps = [
        step("odd", "g", value="$inputs.n", next_steps=["$steps.a", "$steps.b"]),
        inner("b", hands_on, x="$steps.a.o"),
        inner("a", hands_on, x="$inputs.s"),
    ]
    subject = engine()
    plan = subject.plan(workflow([N, parameter("s", kind=["secret"])], steps, {"o": "$steps.b.o"}))
    assert subject.run(plan, {"n": [1, 2], "s": "a long secret"}, wire=True) == [{"o": "a ********et"}, {"o": None}]
    loop = [steps[0], inner("b", hands_on, x="$steps.a.o"), inner("a", hands_on, x="$steps.b.o")]
    with pytest.raises(ExecutionGraphStructureError, match="wait for each other"):
        subject.plan(workflow([N], loop, {"o": "$steps.b.o"}))

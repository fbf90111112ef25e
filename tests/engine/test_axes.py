"""Nesting: what deepens, gathers, broadcasts, and what cannot be joined."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import (
    ExecutionGraphStructureError,
    PenstockError,
    StepInputDimensionalityError,
    StepInputLineageError,
)
from tests.engine.arithmetic import batch_input, boxed, engine, parameter, step, workflow

COUNT = batch_input("n")
EXPLODED = step("explode", "up", count="$inputs.n")

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = {
    "a list that is missing skips the row, whatever its members may be": (
        workflow(
            [COUNT],
            [
                step("drop", "d", value="$inputs.n"),
                step("some", "whole", items="$steps.d.value"),
                step("some", "parts", items=["$steps.d.value", "$inputs.n"]),
            ],
            {"whole": "$steps.whole.value", "parts": "$steps.parts.value"},
        ),
        {"n": [[1], []]},
        [{"whole": [1], "parts": [[1], [1]]}, {"whole": None, "parts": [None, []]}],
    ),
    "per element": (
        workflow([COUNT], [step("add", "s", a="$inputs.n", b=2)], {"o": "$steps.s.number"}),
        {"n": [1, 2]},
        [{"o": 3}, {"o": 4}],
    ),
    "a single value is a batch of one": (
        workflow([COUNT], [step("add", "s", a="$inputs.n")], {"o": "$steps.s.number"}),
        {"n": 1},
        [{"o": 2}],
    ),
    "one value is used for the whole batch": (
        workflow([COUNT, batch_input("m")], [step("add", "s", a="$inputs.n", b="$inputs.m")], {"o": "$steps.s.number"}),
        {"n": [1, 2, 3], "m": [10]},
        [{"o": 11}, {"o": 12}, {"o": 13}],
    ),
    "each deepens, nothing is an empty list, missing members stay in place": (
        workflow([COUNT], [EXPLODED], {"o": "$steps.up.values"}),
        {"n": [3, 0]},
        [{"o": [0, None, 2]}, {"o": []}],
    ),
    "missing rows are skipped, with all that hangs on them": (
        workflow(
            [COUNT], [step("add", "s", a="$inputs.n"), EXPLODED], {"o": "$steps.s.number", "d": "$steps.up.values"}
        ),
        {"n": [1, None]},
        [{"o": 2, "d": [0]}, {"o": None, "d": []}],
    ),
    "deeper steps skip missing members": (
        workflow([COUNT], [EXPLODED, step("add", "s", a="$steps.up.values", b=5)], {"o": "$steps.s.number"}),
        {"n": [3, 0]},
        [{"o": [5, None, 7]}, {"o": []}],
    ),
    "gathering comes back up and leaves out what is missing": (
        workflow([COUNT], [EXPLODED, step("gather", "g", values="$steps.up.values")], {"o": "$steps.g.value"}),
        {"n": [3, 0]},
        [{"o": [0, 2]}, {"o": []}],
    ),
    "a parent joins its children": (
        workflow(
            [COUNT],
            [EXPLODED, step("join", "j", one="$inputs.n", many="$steps.up.values")],
            {"o": "$steps.j.value"},
        ),
        {"n": [3, 1]},
        [{"o": (3, [0, 2])}, {"o": (1, [0])}],
    ),
    "values higher up are broadcast down": (
        workflow([COUNT], [EXPLODED, step("add", "s", a="$steps.up.values", b="$inputs.n")], {"o": "$steps.s.number"}),
        {"n": [3, 1]},
        [{"o": [3, None, 5]}, {"o": [1]}],
    ),
    "twice deeper, then up twice": (
        workflow(
            [batch_input("n")],
            [
                step("spread", "a", items="$inputs.n"),
                step("spread", "b", items="$steps.a.values"),
                step("gather", "c", values="$steps.b.values"),
                step("gather", "d", values="$steps.c.value"),
            ],
            {"b": "$steps.b.values", "c": "$steps.c.value", "d": "$steps.d.value"},
        ),
        {"n": [[[1, 2], []], []]},
        [{"b": [[1, 2], []], "c": [[1, 2], []], "d": [[1, 2], []]}, {"b": [], "c": [], "d": []}],
    ),
    "one value for the whole run stands for every row that is gathered": (
        workflow(
            [COUNT, parameter("p", 7)],
            [EXPLODED, step("weave", "s", left="$inputs.p", right="$steps.up.values")],
            {"o": "$steps.s.value"},
        ),
        {"n": [3, 0]},
        [{"o": ("none", [7, 7, 7], [0, None, 2])}, {"o": ("none", [], [])}],
    ),
    "gathering the batch gives one value": (
        workflow([COUNT], [step("gather", "g", values="$inputs.n")], {"o": "$steps.g.value"}),
        {"n": [1, 2]},
        [{"o": [1, 2]}],
    ),
    "one value is gathered as a list of one": (
        workflow([parameter("p")], [step("gather", "g", values="$inputs.p")], {"o": "$steps.g.value"}),
        {"p": 7},
        [{"o": [7]}],
    ),
    "what hangs on nothing is not gathered as nothing": (
        workflow(
            [COUNT],
            [
                step("add", "s", a="$inputs.n"),
                step("explode", "up", count="$steps.s.number"),
                step("gather", "g", values="$steps.up.values"),
            ],
            {"o": "$steps.g.value"},
        ),
        {"n": [1, None]},
        [{"o": [0]}, {"o": None}],
    ),
    "None in the place of a list is not gathered as nothing": (
        workflow([batch_input("n", 2)], [step("gather", "g", values="$inputs.n")], {"o": "$steps.g.value"}),
        {"n": [[1, None], None, []]},
        [{"o": [1]}, {"o": None}, {"o": []}],
    ),
    "nested inputs": (
        workflow([batch_input("n", 2)], [step("add", "s", a="$inputs.n")], {"o": "$steps.s.number", "i": "$inputs.n"}),
        {"n": [[1, None, 3], []]},
        [{"o": [2, None, 4], "i": [1, None, 3]}, {"o": [], "i": []}],
    ),
    "the whole batch at once, without what is missing": (
        workflow([COUNT], [step("total", "t", values="$inputs.n", offset=1)], {"o": "$steps.t.value"}),
        {"n": [1, None, 2]},
        [{"o": (1, 4)}, {"o": None}, {"o": (2, 4)}],
    ),
    "the whole of a deeper level at once": (
        workflow([COUNT], [EXPLODED, step("total", "t", values="$steps.up.values")], {"o": "$steps.t.value"}),
        {"n": [3, 1]},
        [{"o": [(0, 2), None, (2, 2)]}, {"o": [(0, 2)]}],
    ),
    "a parameter in the place of a batch is a batch of one": (
        workflow([parameter("p")], [step("total", "t", values="$inputs.p")], {"o": "$steps.t.value"}),
        {"p": 7},
        [{"o": (7, 7)}],
    ),
    "missing values for those who want to see them": (
        workflow([COUNT], [EXPLODED, step("either", "e", value="$steps.up.values")], {"o": "$steps.e.value"}),
        {"n": [2]},
        [{"o": [0, "none"]}],
    ),
    "None is a value": (
        workflow([parameter("p")], [step("same", "s", value="$inputs.p")], {"o": "$steps.s.value"}),
        {},
        [{"o": None}],
    ),
    "lists and dicts of selectors": (
        workflow(
            [COUNT, parameter("p", 9)],
            [step("pack", "s", items=["$inputs.n", 5, "$inputs.p"], named={"n": "$inputs.n", "text": "$50"})],
            {"o": "$steps.s.value"},
        ),
        {"n": [1, 2]},
        [{"o": {"items": [1, 5, 9], "n": 1, "text": "$50"}}, {"o": {"items": [2, 5, 9], "n": 2, "text": "$50"}}],
    ),
    "wildcard outputs": (
        workflow([COUNT], [EXPLODED], {"o": "$steps.up.*"}),
        {"n": [1, 0]},
        [{"o": [{"values": 0}]}, {"o": []}],
    ),
    "wildcard over a step that has no outputs": (
        workflow([COUNT], [step("never", "g", next_steps=[])], {"o": "$steps.g.*", "n": "$inputs.n"}),
        {"n": [1, 2]},
        [{"o": {}, "n": 1}, {"o": {}, "n": 2}],
    ),
    "one value for all, beside a batch": (
        workflow(
            [COUNT, parameter("p", 4)], [step("add", "s", a="$inputs.p")], {"o": "$steps.s.number", "n": "$inputs.n"}
        ),
        {"n": [1, 2]},
        [{"o": 5, "n": 1}, {"o": 5, "n": 2}],
    ),
    "a level that one value makes is whole in every element": (
        workflow(
            [COUNT, parameter("p", 1)],
            [step("explode", "s", count="$inputs.p")],
            {"o": "$steps.s.values", "n": "$inputs.n"},
        ),
        {"n": [1, 2]},
        [{"o": [0], "n": 1}, {"o": [0], "n": 2}],
    ),
    "no batch at all": (workflow([], [step("add", "s", a=1)], {"o": "$steps.s.number"}), {}, [{"o": 2}]),
    "nothing at all": (workflow([], [], {}), {}, [{}]),
}


@pytest.mark.parametrize("case", CASES)
def test_results(case: str) -> None:
    definition, inputs, expected = CASES[case]
    subject = engine()
    assert subject.run(subject.plan(definition), inputs) == expected


def nested(levels: int) -> dict[str, Any]:
    """Steps that each take apart what the one before gives."""
    steps = [step("spread", "s0", items="$inputs.n")]
    steps += [step("spread", f"s{level}", items=f"$steps.s{level - 1}.values") for level in range(1, levels)]
    return workflow([COUNT], steps, {"o": f"$steps.s{levels - 1}.values"})


def test_as_deep_as_allowed() -> None:
    subject = engine()
    value = boxed(5, 32)
    assert subject.run(subject.plan(nested(32)), {"n": [value]}) == [{"o": value}]
    with pytest.raises(StepInputDimensionalityError, match="'s32' nests its outputs more than 32 levels deep"):
        subject.plan(nested(33))


LACKING = workflow(
    [COUNT, parameter("p", 0)], [step("drop", "no", value="$inputs.p"), EXPLODED], {"o": "$steps.s.value"}
)
ABSENT: dict[str, dict[str, Any]] = {
    "where the whole batch takes one value": step("total", "s", values="$inputs.n", offset="$steps.no.value"),
    "where nobody takes it": step("total", "s", values="$steps.no.value", offset="$steps.no.value"),
    "beside what is gathered": step("weave", "s", left="$steps.no.value", right="$steps.up.values"),
}


@pytest.mark.parametrize("case", ABSENT)
def test_a_step_does_not_run_where_a_value_for_the_whole_run_is_missing(case: str) -> None:
    subject = engine()
    results = subject.run(subject.plan({**LACKING, "steps": [*LACKING["steps"], ABSENT[case]]}), {"n": [1, 2]})
    assert all(result["o"] is None for result in results)


SECOND = step("explode", "other", count="$inputs.n")

REFUSED: dict[str, tuple[dict[str, Any], type[PenstockError], str]] = {
    "two branches": (
        workflow([COUNT], [EXPLODED, SECOND, step("add", "s", a="$steps.up.values", b="$steps.other.values")], {}),
        StepInputLineageError,
        "root > input batch > up",
    ),
    "two nested inputs": (
        workflow([batch_input("n", 2), batch_input("m", 2)], [step("add", "s", a="$inputs.n", b="$inputs.m")], {}),
        StepInputLineageError,
        "$inputs.m",
    ),
    "two branches in a list": (
        workflow([COUNT], [EXPLODED, SECOND, step("pack", "s", items=["$steps.up.values", "$steps.other.values"])], {}),
        StepInputLineageError,
        "items",
    ),
    "gathering from two branches": (
        workflow(
            [COUNT], [EXPLODED, SECOND, step("weave", "s", left="$steps.up.values", right="$steps.other.values")], {}
        ),
        StepInputLineageError,
        "root > input batch > other",
    ),
    "gathering from two nested inputs": (
        workflow(
            [batch_input("n", 2), batch_input("m", 2)], [step("weave", "s", left="$inputs.n", right="$inputs.m")], {}
        ),
        StepInputLineageError,
        "$inputs.m",
    ),
    "gathering from far below": (
        workflow(
            [batch_input("n", 3)],
            [step("join", "s", one="$inputs.n", many="$inputs.n")],
            {},
        ),
        StepInputDimensionalityError,
        "right below",
    ),
    "many values where the whole batch takes one": (
        workflow([COUNT], [step("total", "s", values="$inputs.n", offset="$inputs.n")], {}),
        ExecutionGraphStructureError,
        "offset",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    definition, error, says = REFUSED[case]
    with pytest.raises(error) as caught:
        engine().plan(definition)
    assert says in str(caught.value)
    assert caught.value.blocks[0].block_id == "s"

"""Running: inputs are checked before anything runs, and failures name their step."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from engine.errors import (
    ClientCausedStepExecutionError,
    InvalidBlockBehaviourError,
    ModelNotFoundError,
    RuntimeInputError,
    StepExecutionError,
)
from engine.fault import Fault
from engine.table import MAX_ROWS
from tests.engine.arithmetic import batch_input, boxed, engine, parameter, step, workflow

N = batch_input("n")

REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "missing": (workflow([N], [], {}), {}, "'n'"),
    "empty": (workflow([N], [], {}), {"n": []}, "'n' is an empty list"),
    "lengths": (workflow([N, batch_input("m")], [], {}), {"n": [1, 2], "m": [1, 2, 3]}, "'m' has 3 elements"),
    "not nested": (workflow([batch_input("n", 2)], [], {}), {"n": [1]}, "nested 2 deep"),
    "not nested at all": (workflow([batch_input("n", 2)], [], {}), {"n": 1}, "nested 2 deep"),
    "too many elements": (workflow([N], [], {}), {"n": [1] * 100_001}, "more than 100000 elements"),
    "parameter that is too deep": (
        workflow([parameter("p")], [], {"o": "$inputs.p"}),
        {"p": boxed(0, 1000)},
        "The input 'p' does not fit",
    ),
    "parameter": (workflow([parameter("p")], [step("add", "s", a="$inputs.p")], {}), {"p": "x"}, "Step 's', a"),
    "parameter out of bounds": (
        workflow([parameter("p")], [step("add", "s", a=1, b="$inputs.p")], {}),
        {"p": -1},
        "greater than or equal to 0",
    ),
    "value of a vague kind": (
        workflow([N], [step("same", "s", value="$inputs.n"), step("add", "t", a="$steps.s.value")], {}),
        {"n": ["x"]},
        "Step 't', a",
    ),
    "no picture": (
        workflow([N], [step("size", "s", images="$inputs.n")], {}),
        {"n": [1]},
        "an instance of Image, got 1",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    definition, inputs, says = REFUSED[case]
    subject = engine()
    plan = subject.plan(definition)
    with pytest.raises(RuntimeInputError) as caught:
        subject.run(plan, inputs)
    assert says in str(caught.value)


def test_rows_are_counted_before_they_are_made() -> None:
    subject = engine()
    plan = subject.plan(workflow([N, batch_input("m", 2)], [], {}))
    tracemalloc.start()
    try:
        with pytest.raises(RuntimeInputError, match="'m' has more than 100000 elements"):
            subject.run(plan, {"n": [1] * 1500, "m": [[1] * 1500]})
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_inputs_are_not_changed() -> None:
    subject = engine()
    picture = np.zeros((4, 6, 3), np.uint8)
    inputs = {"image": [picture, picture]}
    plan = subject.plan(
        workflow(
            [{"type": "WorkflowImage", "name": "image"}],
            [step("size", "s", images="$inputs.image")],
            {"o": "$steps.s.value"},
        )
    )
    results = subject.run(plan, inputs)
    assert inputs["image"][0] is picture
    assert [result["o"] for result in results] == [("image.[0]", 6, 4), ("image.[1]", 6, 4)]


def test_fault_of_the_caller() -> None:
    subject = engine()
    plan = subject.plan(workflow([N], [step("fail", "s", value="$inputs.n", how="caller")], {}))
    with pytest.raises(ClientCausedStepExecutionError) as caught:
        subject.run(plan, {"n": 1})
    assert caught.value.fault is Fault.MISSING
    assert isinstance(caught.value.cause, ModelNotFoundError)
    assert caught.value.blocks[0].block_id == "s"


def test_fault_of_ours_does_not_leak() -> None:
    subject = engine()
    plan = subject.plan(workflow([N], [step("fail", "s", value="$inputs.n")], {}))
    with pytest.raises(StepExecutionError) as caught:
        subject.run(plan, {"n": 1})
    assert caught.value.fault is Fault.OURS
    assert "'s'" in str(caught.value)
    assert "internals" not in str(caught.value)


MISBEHAVED: dict[str, tuple[dict[str, Any], Any, str]] = {
    "other outputs": (step("fail", "s", value="$inputs.n", how="shape"), 1, "where it declares value"),
    "nothing": (step("misbehave", "s", value="$inputs.n"), 1, "a value of the type int where it declares values"),
    "another output": (step("misbehave", "s", value="$inputs.n"), {"x": 1}, "a dict of x where it declares values"),
    "no list": (step("misbehave", "s", value="$inputs.n"), {"values": 5}, "something else than lists of one length"),
    "a gate that lists nothing": (
        step("let", "s", value="$inputs.n", next_steps=["$steps.t"]),
        5,
        "a value of the type int where it declares some of the steps it was given",
    ),
    "a gate that lists a step which it was not given": (
        step("let", "s", value="$inputs.n", next_steps=["$steps.t"]),
        [["$steps.t", "t"]],
        "a list of 2 where it declares some of the steps it was given",
    ),
}


@pytest.mark.parametrize("case", MISBEHAVED)
def test_misbehaviour_of_a_block(case: str) -> None:
    item, value, says = MISBEHAVED[case]
    subject = engine()
    plan = subject.plan(workflow([N], [item, step("add", "t", a=1)], {}))
    with pytest.raises(InvalidBlockBehaviourError, match="Step 's': the block test/") as caught:
        subject.run(plan, {"n": value})
    assert says in str(caught.value)


def test_one_element_for_all_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, decoded = engine(), []
    decode = subject._decode

    def noted(kinds: tuple[str, ...], value: Any, name: str) -> Any:
        decoded.append(name)
        return decode(kinds, value, name)

    monkeypatch.setattr(subject, "_decode", noted)
    plan = subject.plan(workflow([batch_input("one", 2), batch_input("many")], [], {"o": "$inputs.one"}))
    assert subject.run(plan, {"one": [["a", "b"]], "many": [1, 2, 3]}) == [{"o": ["a", "b"]}] * 3
    assert decoded == ["one.[0].[0]", "one.[0].[1]", "many.[0]", "many.[1]", "many.[2]"]


def test_excluded_outputs_are_left_out() -> None:
    subject = engine()
    plan = subject.plan(workflow([N], [], {"a": "$inputs.n", "b": "$inputs.n"}))
    assert subject.run(plan, {"n": [1, 2]}, excluded=("b",)) == [{"a": 1}, {"a": 2}]


def test_as_many_results_where_the_only_output_of_the_batch_is_left_out() -> None:
    subject = engine()
    plan = subject.plan(workflow([N, parameter("p", 5)], [], {"a": "$inputs.n", "p": "$inputs.p"}))
    assert subject.run(plan, {"n": [1, 2]}, excluded=("a",)) == [{"p": 5}, {"p": 5}]


def test_rows_that_steps_make_are_bounded() -> None:
    subject = engine()
    plan = subject.plan(workflow([parameter("p")], [step("explode", "a", count="$inputs.p")], {"o": "$steps.a.values"}))
    assert len(subject.run(plan, {"p": MAX_ROWS})[0]["o"]) == MAX_ROWS
    with pytest.raises(RuntimeInputError, match=f"Step 'a' makes more than {MAX_ROWS} rows"):
        subject.run(plan, {"p": MAX_ROWS + 1})

"""What is wrong with a definition is found before anything runs, and said so that its author can mend it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from engine.engine import MAX_CACHED_BYTES
from engine.errors import (
    DuplicatedNameError,
    ExecutionGraphStructureError,
    InvalidReferenceTargetError,
    NotSupportedExecutionEngineError,
    PenstockError,
    ReferenceTypeError,
    WorkflowDefinitionError,
    WorkflowSyntaxError,
)
from tests.engine.arithmetic import batch_input, boxed, engine, parameter, step, workflow

N = batch_input("n")
IMAGE = {"type": "WorkflowImage", "name": "image"}

REFUSED: dict[str, tuple[Any, type[PenstockError], str]] = {
    "no object": ([], WorkflowDefinitionError, "list"),
    "text": ("{}", WorkflowDefinitionError, "str"),
    "no version": ({"inputs": [], "steps": [], "outputs": []}, WorkflowSyntaxError, "version"),
    "version is a number": (workflow([], [], {}) | {"version": 1.0}, WorkflowDefinitionError, "'1.0'"),
    "newer version": (workflow([], [], {}) | {"version": "1.99"}, NotSupportedExecutionEngineError, "1.15.0"),
    "other major version": (workflow([], [], {}) | {"version": "2.0"}, NotSupportedExecutionEngineError, "2.0"),
    "unknown input type": (workflow([{"type": "Image", "name": "i"}], [], {}), WorkflowSyntaxError, "WorkflowImage"),
    "step without a name": (workflow([], [{"type": "test/add@v1"}], {}), WorkflowSyntaxError, "steps.0.name"),
    "unknown block": (workflow([], [step("ad", "s")], {}), WorkflowSyntaxError, "did you mean 'test/add@v1'"),
    "missing property": (workflow([], [step("add", "s")], {}), WorkflowSyntaxError, "a: Field required"),
    "wrong literal": (workflow([], [step("add", "s", a="x")], {}), WorkflowSyntaxError, "got 'x'"),
    "literal out of bounds": (workflow([], [step("add", "s", a=1, b=-1)], {}), WorkflowSyntaxError, "greater than"),
    "literal where only selectors go": (
        workflow([], [step("same", "s", value=5)], {}),
        WorkflowSyntaxError,
        "selector",
    ),
    "malformed selector": (workflow([N], [step("add", "s", a="$inputs.a.b")], {}), WorkflowSyntaxError, "$inputs.a.b"),
    "unknown input": (
        workflow([N], [step("add", "s", a="$inputs.m")], {}),
        InvalidReferenceTargetError,
        "There are: n",
    ),
    "unknown step": (
        workflow([N], [step("add", "s", a="$steps.t.number")], {}),
        InvalidReferenceTargetError,
        "no step called 't'",
    ),
    "unknown output": (
        workflow([N], [step("add", "s", a="$inputs.n"), step("add", "t", a="$steps.s.numbr")], {}),
        InvalidReferenceTargetError,
        "Did you mean 'number'?",
    ),
    "output of the workflow is nonsense": (workflow([], [], {"o": "hello"}), InvalidReferenceTargetError, "hello"),
    "output of the workflow dangles": (workflow([], [], {"o": "$steps.s.x"}), InvalidReferenceTargetError, "'s'"),
    "wildcard as a property": (
        workflow([N], [step("add", "s", a="$inputs.n"), step("add", "t", a="$steps.s.*")], {}),
        ExecutionGraphStructureError,
        "all outputs",
    ),
    "cycle": (
        workflow([], [step("add", "s", a="$steps.t.number"), step("add", "t", a="$steps.s.number")], {}),
        ExecutionGraphStructureError,
        " -> ",
    ),
    "reads itself": (
        workflow([], [step("add", "s", a="$steps.s.number")], {}),
        ExecutionGraphStructureError,
        "s -> s",
    ),
    "wrong kind": (workflow([IMAGE], [step("add", "s", a="$inputs.image")], {}), ReferenceTypeError, "takes integer"),
    "wrong kind of parameter": (
        workflow([parameter("p", kind=["string"])], [step("add", "s", a="$inputs.p")], {}),
        ReferenceTypeError,
        "is string",
    ),
    "two inputs of one name": (workflow([N, parameter("n")], [], {}), DuplicatedNameError, "inputs"),
    "two steps of one name": (
        workflow([], [step("add", "s", a=1), step("add", "s", a=1)], {}),
        DuplicatedNameError,
        "s",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    definition, error, says = REFUSED[case]
    with pytest.raises(error) as caught:
        engine().plan(definition)
    assert type(caught.value) is error
    assert says in str(caught.value)


def test_every_problem_is_listed() -> None:
    steps = [step("add", "one", a="x", b="y"), step("nothing", "two"), step("add", "three")]
    with pytest.raises(WorkflowSyntaxError) as caught:
        engine().plan(workflow([], steps, {}))
    found = [(block.block_id, block.property_name) for block in caught.value.blocks]
    assert found == [("one", "a"), ("one", "b"), ("two", "type"), ("three", "a")]


@pytest.mark.parametrize(
    "extra", [{"unknown": 1}, {"version": "1"}, {"version": "1.3.0"}, {"steps": [step("add", "s", a=1, more=2)]}]
)
def test_tolerated(extra: dict[str, Any]) -> None:
    engine().plan(workflow([], [], {}) | extra)


def test_aliases_and_both_spellings_of_images() -> None:
    subject = engine()
    definition = workflow([IMAGE], [step("size", "s", image="$inputs.image")], {})
    assert subject.plan(definition).steps[0].getters[0][0].name == "images"
    assert subject.plan(workflow([], [{"type": "Add", "name": "s", "a": 1}], {})).steps[0].block.type == "test/add@v1"


def test_plans_are_compiled_once() -> None:
    subject = engine()
    definition = workflow([N], [step("add", "s", a="$inputs.n")], {})
    assert subject.plan(definition) is subject.plan(dict(definition))
    assert subject.plan(definition) is not subject.plan(definition | {"version": "1.1"})


def test_cached_plans_are_bounded() -> None:
    subject = engine()
    first = subject.plan(workflow([], [step("add", "s", a=0)], {}))
    for number in range(1, 257):
        subject.plan(workflow([], [step("add", "s", a=number)], {}))
    assert subject.plan(workflow([], [step("add", "s", a=0)], {})) is not first
    assert subject.plan(workflow([], [step("add", "s", a=256)], {})) is subject.plan(
        workflow([], [step("add", "s", a=256)], {})
    )


def test_plans_of_huge_definitions_are_not_kept() -> None:
    subject = engine()
    document = workflow([], [step("same", "s", value="$inputs.p")], {})
    document["inputs"] = [parameter("p", "x" * MAX_CACHED_BYTES)]
    assert subject.plan(document) is not subject.plan(document)


def test_plans_of_large_definitions_are_bounded_together() -> None:
    subject = engine()

    def large(number: int) -> dict[str, Any]:
        document = workflow([], [step("same", "s", value="$inputs.p")], {})
        return document | {"inputs": [parameter("p", f"{number} " + "x" * (MAX_CACHED_BYTES - 1000))]}

    plans = [subject.plan(large(number)) for number in range(9)]
    assert subject.plan(large(8)) is plans[8]
    assert subject.plan(large(2)) is plans[2]
    assert subject.plan(large(0)) is not plans[0]


def test_many_unknown_types_are_refused_quickly() -> None:
    """Only the first of them get a hint, since to look for one takes its time."""
    steps = [step("ad", f"s{index}") for index in range(2000)]
    started = time.perf_counter()
    with pytest.raises(WorkflowSyntaxError, match="did you mean") as caught:
        engine().plan(workflow([], steps, {}))
    assert time.perf_counter() - started < 2
    assert len(caught.value.blocks) == 2000
    assert "did you mean" not in (caught.value.blocks[-1].property_details or "")


@pytest.mark.parametrize("name", [None, 5, json.loads("[" * 200 + "]" * 200)])
def test_an_inner_workflow_without_a_proper_name_is_refused(name: Any) -> None:
    inner = {"type": "roboflow_core/inner_workflow@v1", "name": name, "workflow_definition": workflow([], [], {})}
    with pytest.raises(WorkflowSyntaxError, match="name"):
        engine().plan(workflow([], [inner], {}))


def chain(length: int) -> dict[str, Any]:
    """Steps that each read the one before."""
    steps = [step("add", "s0", a="$inputs.n")]
    steps += [step("add", f"s{index}", a=f"$steps.s{index - 1}.number") for index in range(1, length)]
    return workflow([N], steps, {"o": f"$steps.s{length - 1}.number"})


def test_long_chains_compile_in_linear_time() -> None:
    seconds = {}
    for length in (200, 2000):
        times = []
        for _ in range(3):
            started = time.process_time()
            engine().plan(chain(length))
            times.append(time.process_time() - started)
        seconds[length] = min(times)
    assert seconds[2000] < 40 * seconds[200]
    subject = engine()
    assert subject.run(subject.plan(chain(2000)), {"n": 0}) == [{"o": 2000}]


def test_compiling_many_targets_takes_linear_time() -> None:
    targets = [f"$steps.s{number}" for number in range(20_000)]
    started = time.process_time()
    with pytest.raises(InvalidReferenceTargetError):
        engine().plan(workflow([N], [step("odd", "g", value="$inputs.n", next_steps=targets)], {}))
    assert time.process_time() - started < 2


def test_plans_share_nothing_with_the_caller() -> None:
    subject = engine()
    default = {"list": [1]}
    definition = workflow([parameter("p", default)], [], {"o": "$inputs.p"})
    plan = subject.plan(definition)
    default["list"].append(2)
    assert subject.run(plan, {}) == [{"o": {"list": [1]}}]
    assert subject.run(subject.plan(definition), {}) == [{"o": {"list": [1, 2]}}]


NOT_JSON = {
    "a key that is no text": {1: "one"},
    "a number of more than 64 bits": 2**70,
    "half a character": "\ud800",
    "a set": {1, 2},
    "too deep": boxed(0, 2000),
}


@pytest.mark.parametrize("case", NOT_JSON)
def test_what_is_no_json_is_no_definition(case: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match="is JSON"):
        engine().plan(workflow([parameter("p", NOT_JSON[case])], [], {}))
    with pytest.raises(WorkflowDefinitionError, match="is JSON"):
        engine().outputs_of(step("same", "s", value=NOT_JSON[case]))


@pytest.mark.parametrize("item", [batch_input("n"), parameter("n")], ids=["batch", "parameter"])
def test_an_input_without_kinds_may_be_anything(item: dict[str, Any]) -> None:
    subject = engine()
    plan = subject.plan(workflow([{**item, "kind": []}], [step("add", "s", a="$inputs.n")], {"o": "$steps.s.number"}))
    assert subject.run(plan, {"n": 1}) == [{"o": 2}]

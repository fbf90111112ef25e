"""Inner workflows that are named by workspace and id."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from api.describe.interface import describe_interface, explain
from engine.compiler.embed import InnerLimits, embed
from engine.engine import Engine
from engine.errors import (
    InnerWorkflowCompositionCycleError,
    InnerWorkflowInvalidStepEntryError,
    InnerWorkflowNestingDepthError,
    InnerWorkflowTotalCountError,
    PenstockError,
    WorkflowNotFoundError,
    WorkflowSyntaxError,
)
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry
from engine.wire.read_image import ImageLoader
from tests.engine.arithmetic import BLOCKS, batch_input, parameter, step, workflow
from tests.engine.test_inner import ADDS, SPREADS, inner, nested

N = batch_input("n")
Documents = dict[str, Any]


def named(name: str, id: str, **bindings: Any) -> dict[str, Any]:
    """A step that names its workflow."""
    return {
        "type": "roboflow_core/inner_workflow@v1",
        "name": name,
        "workflow_workspace_id": "local",
        "workflow_id": id,
        "parameter_bindings": bindings,
    }


class Documented:
    """Documents by their ids, and which of them were read."""

    def __init__(self, **documents: Any) -> None:
        self.documents = documents
        self.reads: list[str] = []

    def read(self, workspace: str, id: str) -> Any:
        self.reads.append(id)
        if workspace != "local" or id not in self.documents:
            raise WorkflowNotFoundError(f"There is no workflow {id!r} on this server.", hint="Look again.")
        return self.documents[id]


def engine(stored: Documented | None, limits: InnerLimits | None = None) -> Engine:
    images = ImageLoader(Limits(), SourcePolicy())
    return Engine(Registry(iter(BLOCKS)), images, {}, stored.read if stored else None, limits)


TWICE = workflow(
    [parameter("z")],
    [named("one", "adds", x="$inputs.z"), named("two", "adds", x="$steps.one.sum", y=100)],
    {"out": "$steps.two.sum"},
)


def test_a_reference_is_as_good_as_the_document() -> None:
    stored = Documented(adds=ADDS, twice=TWICE)
    subject = engine(stored)
    by_name = workflow([N], [named("w", "twice", z="$inputs.n")], {"o": "$steps.w.out", "all": "$steps.w.*"})
    given = deepcopy(by_name)
    assert subject.run(subject.plan(by_name), {"n": [1, 2]}) == [
        {"o": 111, "all": {"out": 111}},
        {"o": 112, "all": {"out": 112}},
    ]
    assert by_name == given
    assert stored.documents["twice"] == deepcopy(TWICE)
    assert stored.reads == ["twice", "adds"]


def test_nulls_say_nothing() -> None:
    subject = engine(Documented(adds=ADDS))
    nulls = {"workflow_workspace_id": None, "workflow_id": None, "workflow_version_id": None}
    steps = [
        {**inner("v", ADDS, x="$inputs.n"), **nulls},
        {**named("w", "adds", x="$steps.v.sum"), "workflow_definition": None},
    ]
    assert subject.run(subject.plan(workflow([N], steps, {"o": "$steps.w.sum"})), {"n": 1}) == [{"o": 21}]


def test_a_change_of_what_is_stored_takes_effect() -> None:
    stored = Documented(adds=ADDS, twice=TWICE)
    subject = engine(stored)
    definition = workflow([N], [named("w", "twice", z="$inputs.n")], {"o": "$steps.w.out"})
    first = subject.plan(definition)
    assert subject.plan(definition) is first
    stored.documents["adds"] = {**ADDS, "inputs": [parameter("x"), parameter("y", 1000)]}
    assert subject.run(subject.plan(definition), {"n": 1}) == [{"o": 1101}]
    del stored.documents["adds"]
    with pytest.raises(WorkflowNotFoundError):
        subject.plan(definition)


def calls(*ids: str) -> dict[str, Any]:
    """A workflow that has these in it."""
    return workflow([], [named(f"s{number}", called) for number, called in enumerate(ids)], {})


TREE = {f"level{depth}": calls(*[f"level{depth + 1}"] * 10) for depth in range(59)} | {"level59": ADDS}

REFUSED: dict[str, tuple[Documents, dict[str, Any], type[PenstockError], str]] = {
    "in itself": ({"a": calls("a")}, named("w", "a"), InnerWorkflowCompositionCycleError, "'w.s0' is in itself"),
    "in each other": (
        {"a": calls("b"), "b": calls("c"), "c": calls("b")},
        named("w", "a"),
        InnerWorkflowCompositionCycleError,
        "'b' -> 'c' -> 'b'",
    ),
    "in itself, past one without a name": (
        {"a": workflow([], [inner("between", calls("a"))], {})},
        named("w", "a"),
        InnerWorkflowCompositionCycleError,
        "'a' -> 'a'",
    ),
    "nobody has it": ({}, named("w", "a"), WorkflowNotFoundError, "'w' cannot be had: There is no workflow 'a'"),
    "nobody has what is in it": ({"a": calls("b")}, named("w", "a"), WorkflowNotFoundError, "'w.s0' cannot be had"),
    "it is no workflow": ({"a": {}}, named("w", "a"), WorkflowSyntaxError, "In the inner workflow 'w'"),
    "too deep": (
        {"a": nested(5)},
        named("w", "a", x=1),
        InnerWorkflowNestingDepthError,
        "'w.w.w.w.w' is nested more than 4 workflows deep",
    ),
    "too many": (TREE, named("w", "level56"), InnerWorkflowTotalCountError, "more than 32"),
    "both": (
        {"a": ADDS},
        {**named("w", "a"), "workflow_definition": ADDS},
        InnerWorkflowInvalidStepEntryError,
        "either",
    ),
    "no workspace": (
        {"a": ADDS},
        {**named("w", "a"), "workflow_workspace_id": None},
        InnerWorkflowInvalidStepEntryError,
        "either",
    ),
    "no text": ({"a": ADDS}, {**named("w", "a"), "workflow_id": 3}, InnerWorkflowInvalidStepEntryError, "either"),
    "neither": ({}, {**named("w", "a"), **dict.fromkeys(("workflow_workspace_id", "workflow_id"))},
                InnerWorkflowInvalidStepEntryError, "either"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    documents, entry, error, says = REFUSED[case]
    with pytest.raises(error) as caught:
        engine(Documented(**documents)).plan(workflow([], [entry], {}))
    assert type(caught.value) is error
    assert says in str(caught.value)
    assert (caught.value.context or "").startswith("workflow_compilation | ")


def test_nothing_is_stored() -> None:
    with pytest.raises(InnerWorkflowInvalidStepEntryError, match="nothing is stored here"):
        engine(None).plan(calls("a"))


def test_limits_are_settable() -> None:
    stored = Documented(adds=ADDS, twice=TWICE)
    definition = workflow([], [named("w", "twice", z=1)], {"o": "$steps.w.out"})
    engine(stored, InnerLimits(2, 3)).plan(definition)
    with pytest.raises(InnerWorkflowNestingDepthError, match="more than 1 workflows deep"):
        engine(stored, InnerLimits(1, 3)).plan(definition)
    with pytest.raises(InnerWorkflowTotalCountError, match="more than 2 inner"):
        engine(stored, InnerLimits(2, 2)).plan(definition)
    with pytest.raises(InnerWorkflowNestingDepthError):
        engine(stored, InnerLimits(0, 3)).plan(definition)


@pytest.mark.parametrize(
    "definition", [None, [], {"steps": None}, {"steps": {}}, {"steps": [None, 3, "x", {}, {"type": []}]}], ids=str
)
def test_what_is_no_workflow_is_left_to_the_compiler(definition: Any) -> None:
    assert embed(definition, None) is definition


def test_inner_workflows_are_explained_and_described() -> None:
    subject = engine(Documented(adds=ADDS, spreads=SPREADS))
    plan = subject.plan(
        workflow(
            [N, parameter("p", 3, ["integer"])],
            [named("w", "adds", x="$inputs.n", y="$inputs.p"), named("v", "spreads", items="$inputs.n")],
            {"sum": "$steps.w.sum", "y": "$steps.w.y", "rows": "$steps.v.rows", "all": "$steps.w.*"},
        )
    )
    described = describe_interface(plan)
    assert described["inputs"] == {"n": ["*"], "p": ["integer"]}
    assert described["outputs"] == {
        "sum": ["*"],
        "y": ["integer"],
        "rows": ["*"],
        "all": {"sum": ["*"], "y": ["integer"]},
    }
    rows = {item["step"]: item for item in explain(plan)}
    assert rows.keys() == {"w.sum", "w.again", "v.rows"}
    assert rows["v.rows"]["writes_on"] == ["input batch", "v.rows"]


def test_the_outputs_of_an_inner_workflow_by_itself() -> None:
    document = workflow([N], [step("size", "s", images="$inputs.n")], {"size": "$steps.s.value", "all": "$steps.s.*"})
    subject = engine(Documented(sizes=document))
    for entry in (named("w", "sizes"), inner("w", document)):
        outputs = subject.outputs_of(entry)
        assert {name: output.kinds for name, output in outputs.items()} == {"size": ("*",), "all": ("dictionary",)}
    with pytest.raises(WorkflowNotFoundError):
        subject.outputs_of(named("w", "missing"))

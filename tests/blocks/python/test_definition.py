"""Which definitions make blocks, and where these are known."""

from __future__ import annotations

from typing import Any

import pytest

from api.describe.blocks import describe
from api.errors import status
from api.settings import Settings
from blocks.python.workers import Workers
from engine.compiler.embed import INNER_TYPE
from engine.errors import (
    DynamicBlockError,
    WorkflowCompilerError,
    WorkflowEnvironmentConfigurationError,
    WorkflowSyntaxError,
)
from tests.blocks.python.samples import definition, taken, written
from tests.engine.arithmetic import engine, step, workflow

RUN = "def run(self, **inputs):\n    return {'value': 1}"
ONE = definition("one", RUN, {})


def document(*definitions: Any) -> dict[str, Any]:
    return workflow([], [], {}, dynamic_blocks_definitions=list(definitions))


def inner(name: str, child: dict[str, Any]) -> dict[str, Any]:
    return {"type": INNER_TYPE, "name": name, "workflow_definition": child, "parameter_bindings": {}}


def test_off_by_default() -> None:
    assert Settings().python() is None
    for subject in (document(ONE), workflow([], [inner("i", document(ONE))], {}), document("nonsense")):
        with pytest.raises(WorkflowEnvironmentConfigurationError) as caught:
            engine().plan(subject)
        assert "ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS=true" in str(caught.value)
        assert status(caught.value) == 403


@pytest.mark.parametrize("empty", [[], None])
def test_nothing_to_refuse(empty: Any) -> None:
    assert not engine().plan(workflow([], [], {}, dynamic_blocks_definitions=empty)).steps


def with_input(**item: Any) -> dict[str, Any]:
    return definition("bad", RUN, {"x": {"type": "DynamicInputDefinition", **item}})


MALFORMED: dict[str, tuple[Any, str]] = {
    "no object": ("nonsense", "valid dictionary"),
    "no manifest": ({"type": "DynamicBlockDefinition"}, "manifest: Field required"),
    "no code": ({**ONE, "code": None}, "code"),
    "another type": ({**ONE, "type": "Block"}, "DynamicBlockDefinition"),
    "no name": ({**ONE, "manifest": {**ONE["manifest"], "block_type": ""}}, "block_type"),
    "no source of a value": (with_input(), "inputs.x"),
    "an input that hides the block": (
        definition("bad", RUN, {"self": {"type": "DynamicInputDefinition", "value_types": ["any"]}}),
        "inputs.self",
    ),
    "an unknown selector": (with_input(selector_types=["outer_space"]), "selector_types"),
    "an unknown type": (with_input(value_types=["colour"]), "value_types"),
    "an unknown kind": (
        with_input(selector_types=["generic"], selector_data_kind={"generic": ["smell"]}),
        "no kind 'smell'",
    ),
    "an unknown kind of an output": (
        {
            **ONE,
            "manifest": {
                **ONE["manifest"],
                "outputs": {"o": {"type": "DynamicOutputDefinition", "kind": ["smell"]}},
            },
        },
        "outputs.o.kind",
    ),
    "a default of another type": (
        with_input(value_types=["integer"], has_default_value=True, default_value="5"),
        "inputs.x.default_value",
    ),
    "no default where none may be missing": (
        with_input(value_types=["integer"], has_default_value=True),
        "inputs.x.default_value",
    ),
    "an offset of two": (with_input(selector_types=["generic"], dimensionality_offset=2), "dimensionality_offset"),
    "an output offset of two": (definition("bad", RUN, {}, output_dimensionality_offset=2), "output_dimensionality"),
    "a level without outputs": (definition("bad", RUN, {}, (), output_dimensionality_offset=1), "outputs"),
    "two references": (
        definition("bad", RUN, {name: taken(is_dimensionality_reference=True) for name in "ab"}),
        "only one input",
    ),
    "different offsets without a reference": (
        definition("bad", RUN, {"a": taken(), "b": taken(dimensionality_offset=1)}),
        "need a reference",
    ),
    "offsets too far apart": (
        definition(
            "bad",
            RUN,
            {
                "a": taken(dimensionality_offset=-1, is_dimensionality_reference=True),
                "b": taken(dimensionality_offset=1),
            },
        ),
        "more than 1 apart",
    ),
    "a deeper input that is written": (
        definition(
            "bad", RUN, {"a": taken(is_dimensionality_reference=True), "b": written("any", dimensionality_offset=1)}
        ),
        "has to be wired",
    ),
    "an unknown batch": (definition("bad", RUN, {}, batch_oriented_parameters=["x"]), "no input 'x'"),
    "a key of steps": (definition("bad", RUN, {"name": taken()}), "inputs.name"),
    "tensors": (definition("bad", RUN, {}, tensor_compatibility="tensor_native"), "tensor"),
    "too much code": (definition("bad", "#" * (2**20 + 1), {}), "run_function_code"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed(workers: Workers, case: str) -> None:
    entry, says = MALFORMED[case]
    with pytest.raises(DynamicBlockError, match=says) as caught:
        engine(workers).plan(document(ONE, entry))
    assert isinstance(caught.value, WorkflowCompilerError)
    assert status(caught.value) == 400


def test_defaults_that_may_be_missing(workers: Workers) -> None:
    inputs = {"x": written("integer", has_default_value=True, is_optional=True)}
    assert not engine(workers).plan(document(definition("good", RUN, inputs))).steps


@pytest.mark.parametrize("name", ["one", "add"])
def test_types_are_unlike_any_other(workers: Workers, name: str) -> None:
    with pytest.raises(DynamicBlockError, match="there is another block of that type"):
        engine(workers).plan(document(ONE, definition(name, RUN, {})))


def test_not_too_many(workers: Workers) -> None:
    with pytest.raises(WorkflowSyntaxError, match="64"):
        engine(workers).plan(document(*[ONE] * 65))


def test_blocks_are_known_in_their_document_and_those_within(workers: Workers) -> None:
    two = definition("one", "def run(self):\n    return {'value': 2}", {})
    child = workflow([], [step("one", "s")], {"o": "$steps.s.value"})
    own = {**child, "dynamic_blocks_definitions": [two]}
    steps = [
        step("one", "s"),
        inner("i", child),
        inner("j", own),
        inner("k", workflow([], [inner("l", child)], {"o": "$steps.l.o"})),
    ]
    outputs = {"s": "$steps.s.value", **{name: f"$steps.{name}.o" for name in "ijk"}}
    subject = engine(workers)
    plan = subject.plan(workflow([], steps, outputs, dynamic_blocks_definitions=[ONE]))
    assert subject.run(plan, {}) == [{"s": 1, "i": 1, "j": 2, "k": 1}]


def test_blocks_are_not_known_outside_their_document(workers: Workers) -> None:
    child = workflow([], [], {}, dynamic_blocks_definitions=[ONE])
    with pytest.raises(WorkflowSyntaxError, match="There is no block of the type 'test/one@v1'"):
        engine(workers).plan(workflow([], [inner("i", child), step("one", "s")], {}))


def test_near_misses_are_said(workers: Workers) -> None:
    subject = workflow([], [step("oné", "s")], {}, dynamic_blocks_definitions=[ONE])
    with pytest.raises(WorkflowSyntaxError, match="did you mean 'test/one@v1'"):
        engine(workers).plan(subject)


def test_definitions_are_described() -> None:
    schema = describe(engine().registry)["dynamic_block_definition_schema"]
    assert set(schema["properties"]) == {"type", "manifest", "code"}
    assert "run_function_code" in schema["$defs"]["PythonCode"]["properties"]

"""Python blocks that come with workflows, for tests."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from blocks.python.workers import Workers
from tests.engine.arithmetic import engine, parameter, step, workflow

ANYWHERE = ("input_parameter", "step_output", "generic")


def taken(*selectors: str, **more: Any) -> dict[str, Any]:
    """An input that takes what these selectors point to; anything that can be wired where none are named."""
    return {"type": "DynamicInputDefinition", "selector_types": list(selectors or ANYWHERE), **more}


def written(*types: str, **more: Any) -> dict[str, Any]:
    """An input that takes literals of these types."""
    return {"type": "DynamicInputDefinition", "value_types": list(types), **more}


def definition(
    name: str,
    run: str,
    inputs: dict[str, Any] | None = None,
    outputs: tuple[str, ...] = ("value",),
    code: dict[str, Any] | None = None,
    **manifest: Any,
) -> dict[str, Any]:
    """The definition of the block test/NAME@v1: its run function, its inputs, its outputs, and more of its manifest."""
    return {
        "type": "DynamicBlockDefinition",
        "manifest": {
            "type": "ManifestDescription",
            "block_type": f"test/{name}@v1",
            "inputs": {"x": taken()} if inputs is None else inputs,
            "outputs": {name: {"type": "DynamicOutputDefinition"} for name in outputs},
            **manifest,
        },
        "code": {"type": "PythonCode", "run_function_code": dedent(run), **(code or {})},
    }


def once(workers: Workers, block: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    """What one step of a block gives, called `s`, whose arguments are parameters of the run."""
    subject = engine(workers)
    name = block["manifest"]["block_type"].partition("/")[2].partition("@")[0]
    document = workflow(
        [parameter(argument) for argument in arguments],
        [step(name, "s", **{argument: f"$inputs.{argument}" for argument in arguments})],
        {output: f"$steps.s.{output}" for output in block["manifest"]["outputs"]},
        dynamic_blocks_definitions=[block],
    )
    for field in document["outputs"]:
        field["coordinates_system"] = "own"
    (result,) = subject.run(subject.plan(document), arguments)
    return result


def ran(
    workers: Workers,
    blocks: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    steps: list[dict[str, Any]],
    **given: Any,
) -> list[Any]:
    """The output `value` of the last step, for each element of the batch."""
    subject = engine(workers)
    shown = {"o": f"$steps.{steps[-1]['name']}.value"}
    plan = subject.plan(workflow(inputs, steps, shown, dynamic_blocks_definitions=blocks))
    return [result["o"] for result in subject.run(plan, given)]

"""What a compiled workflow takes and gives, said by kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.describe.forms import WIRE_FORMS, json_schema
from engine.kinds import KINDS
from engine.plan import Plan, PlannedOutput
from engine.selectors import is_name


def describe_interface(plan: Plan) -> dict[str, Any]:
    """The kinds of every input and output, the Python-like types of all these kinds, and schemas of those with parts.

    The kinds of an output that shows all outputs of a step are a dict by their names.
    """
    inputs = {item.name: list(item.kinds) for item in plan.inputs}
    outputs = {output.name: _kinds(output) for output in plan.outputs}
    mentioned = {kind for kinds in inputs.values() for kind in kinds}
    mentioned |= {kind for output in plan.outputs for column in output.columns for kind in column.kinds}
    return {
        "inputs": inputs,
        "outputs": outputs,
        "typing_hints": {name: KINDS[name].wire for name in sorted(mentioned & KINDS.keys())},
        "kinds_schemas": {name: json_schema(name) for name in sorted(mentioned & WIRE_FORMS.keys())},
    }


def warn(definition: Mapping[str, Any], path: str = "") -> list[str]:
    """What is legal in a workflow that compiles and will hardly be meant: names that nothing can refer to."""
    found = []
    for part, what in (("inputs", "input"), ("steps", "step")):
        for item in definition[part]:
            if not is_name(item["name"]):
                name = repr(path + item["name"])
                found.append(f"Nothing can refer to the {what} {name}: selectors take letters, digits, '_' and '-'.")
            inner = item.get("workflow_definition") if part == "steps" else None
            if isinstance(inner, dict):
                found += warn(inner, f"{path}{item['name']}.")
    return found


def explain(plan: Plan) -> list[dict[str, Any]]:
    """How every step of a plan will run: the levels that it runs and writes on, its gates, the kinds of its outputs."""
    return [
        {
            "step": step.name,
            "type": step.block.type,
            "runs_on": _line(plan, step.axis),
            "writes_on": _line(plan, step.writes_axis),
            "gates": [_line(plan, gate.axis) for gate in step.gates],
            "outputs": {name: list(output.kinds) for name, output in step.block.outputs(step.constants).items()},
        }
        for step in plan.steps
    ]


def _kinds(output: PlannedOutput) -> list[str] | dict[str, list[str]]:
    if output.wildcard:
        return {column.name: list(column.kinds) for column in output.columns}
    return list(output.columns[0].kinds)


def _line(plan: Plan, axis: int) -> list[str]:
    """Who makes the levels from the root down to an axis; the root itself is left out."""
    return [plan.axes[level].maker for level in plan.axes[axis].line[1:]]

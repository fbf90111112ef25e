"""Why rows of steps did not run, read off a finished run: which gate held them, or what they lacked."""

from __future__ import annotations

from typing import Any

from engine.plan import GATE, Getter, Plan, Read, ReadMembers, Step
from engine.reading import passes, reader
from engine.table import Table
from engine.values.shape import MISSING

MAX_TOLD = 20
"""Rows told of one by one, a step; the others are only counted."""


def explain_skips(plan: Plan, table: Table) -> list[dict[str, Any]]:
    """For every step that did not run for all its rows: how many there are, how many were skipped, and why.

    A row is named by its place on every level of nesting, as outputs nest: `[2, 0]` is the first crop of the third
    picture, and `[]` the only row of a step that runs once.
    """
    names = _names(plan)
    found = []
    for step in plan.steps:
        reasons = _reasons(step, table, names)
        if reasons:
            found.append(
                {
                    "step": step.name,
                    "type": step.block.type,
                    "rows": len(table.parents[step.axis]),
                    "skipped": len(reasons),
                    "reasons": [
                        {"row": _place(table, step.axis, row), "reason": reason} for row, reason in reasons[:MAX_TOLD]
                    ],
                }
            )
    return found


def _names(plan: Plan) -> dict[int, str]:
    """How people know what lies in a slot."""
    names = {item.slot: f"$inputs.{item.name}" for item in plan.inputs}
    for step in plan.steps:
        for output, slot in step.writes.items():
            names[slot] = step.name if output == GATE else f"$steps.{step.name}.{output}"
    return names


def _reasons(step: Step, table: Table, names: dict[int, str]) -> list[tuple[int, str]]:
    """The rows of a step that did not run, and why not."""
    held = [(gate, passes(table, (gate,), step.axis)) for gate in step.gates]
    needed = [(p, g, reader(table, step, p, g)) for p, g in step.getters]
    reasons = []
    for row in range(len(table.parents[step.axis])):
        gate = next((gate for gate, passing in held if not passing[row]), None)
        if gate is not None:
            reasons.append((row, f"The gate {names[gate.slot]!r} {_held(table, step, gate.slot, gate.axis, row)}."))
            continue
        lacking = next(((p.name, g) for p, g, read in needed if read(row) is MISSING), None)
        if lacking is not None:
            name, getter = lacking
            sources = " and ".join(dict.fromkeys(names[slot] for slot in _slots(getter)))
            reasons.append((row, f"Its input {name!r} ({sources}) is missing."))
    return reasons


def _held(table: Table, step: Step, slot: int, axis: int, row: int) -> str:
    """What a gate did to a row that it held."""
    decided = table.column(slot)[table.climb(step.axis, axis)[row]]
    return "was itself skipped" if decided is MISSING else "did not let it pass"


def _slots(getter: Getter) -> list[int]:
    """The slots that a getter reads."""
    if isinstance(getter, Read):
        return [getter.slot]
    if isinstance(getter, ReadMembers):
        return [slot for item in getter.items for slot in _slots(item)]
    return []


def _place(table: Table, axis: int, row: int) -> list[int]:
    """The place of a row among its siblings, on every level from the batch down."""
    place: list[int] = []
    for level in reversed(table.axes[axis].line[1:]):
        parents = table.parents[level]
        place.append(parents[:row].count(parents[row]))
        row = parents[row]
    return place[::-1]

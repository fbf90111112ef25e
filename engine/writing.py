"""What the steps of a run write: what their blocks returned, as columns."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidBlockBehaviourError, RuntimeInputError
from engine.plan import GATE, Step
from engine.table import MAX_ROWS, Column, Table
from engine.values.shape import MISSING


def write(table: Table, step: Step, results: Column) -> None:
    """Put what the block returned into columns, if it has the form that the block declares.

    The values in it are checked by who reads them.
    """
    names = step.writes.keys()
    for result in results:
        if result is not MISSING and not _is_declared(step, result):
            wanted = "some of the steps it was given" if step.block.signature.gate else ", ".join(names)
            raise misbehaved(step, f"returned {described(result)} where it declares {wanted}")
    if step.block.signature.gate:
        table.columns[step.writes[GATE]] = results
    elif step.block.signature.each:
        _write_level(table, step, results)
    else:
        for name, slot in step.writes.items():
            table.columns[slot] = [r if r is MISSING else r[name] for r in results]


def _write_level(table: Table, step: Step, results: Column) -> None:
    """Make the rows of the axis below, as many for each result as its lists have members."""
    parents, absent = table.parents[step.writes_axis], table.absent[step.writes_axis]
    columns: list[Column] = [[] for _ in step.writes]
    for row, result in enumerate(results):
        if result is MISSING:
            absent.add(row)
            continue
        lists = [result[name] for name in step.writes]
        if not all(isinstance(values, list) for values in lists) or len({len(values) for values in lists}) != 1:
            raise misbehaved(step, "returned something else than lists of one length")
        parents.extend([row] * len(lists[0]))
        if len(parents) > MAX_ROWS:
            raise RuntimeInputError(
                f"Step {step.name!r} makes more than {MAX_ROWS} rows.",
                hint="Give the workflow less at a time.",
                blocks=step.blame(),
            )
        for column, values in zip(columns, lists, strict=True):
            column.extend(values)
    for slot, column in zip(step.writes.values(), columns, strict=True):
        table.columns[slot] = column


def _is_declared(step: Step, result: Any) -> bool:
    """Whether a result has the form that the block declares: a list of targets, or a dict of all outputs."""
    if step.block.signature.gate:
        return isinstance(result, list) and all(isinstance(target, str) and target in step.targets for target in result)
    return isinstance(result, dict) and result.keys() == step.writes.keys()


def misbehaved(step: Step, what: str) -> InvalidBlockBehaviourError:
    """A block did something that no block may do."""
    return InvalidBlockBehaviourError(
        f"Step {step.name!r}: the block {step.block.type} {what}.",
        blocks=step.blame(),
    )


def described(value: Any) -> str:
    """What a block returned, for people: its form, not its content."""
    if isinstance(value, dict):
        return f"a dict of {', '.join(map(str, value)) or 'nothing'}"
    return f"a list of {len(value)}" if isinstance(value, list) else f"a value of the type {type(value).__name__}"

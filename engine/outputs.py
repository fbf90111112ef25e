"""From columns to results: mostly one dict per element of the batch, with deeper values as nested lists."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from engine.budget import Budget
from engine.plan import INPUT_BATCH, ROOT, Plan, PlannedColumn, PlannedOutput
from engine.table import Column, Table
from engine.values.detections import Detections
from engine.values.shape import MISSING

Encode = Callable[[Any, tuple[str, ...]], Any]


def collect(
    plan: Plan, table: Table, encode: Encode | None, budget: Budget, excluded: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The results of a run.

    Args:
        encode: turns a value of some kinds into its form on the wire; None leaves values as they are inside.
        budget: counts what is encoded, wherever in the results it is.
        excluded: names of outputs to leave out; they are not encoded either.

    Returns:
        One dict per element of the input batch when any output, left out or not, lies on its axis or below it; else
        one, as when all is gathered up to the root. What is missing is None, a level below something missing is an
        empty list.

    Raises:
        RuntimeInputError: what is encoded is too much.
    """
    wanted = [output for output in plan.outputs if output.name not in excluded]
    batched = any(INPUT_BATCH in plan.axes[column.axis].line for output in plan.outputs for column in output.columns)
    results: list[dict[str, Any]] = [{} for _ in table.parents[INPUT_BATCH if batched else ROOT]]
    for output in wanted:
        for result, value in zip(results, _shown(table, output, encode, len(results)), strict=True):
            result[output.name] = value
            if encode is not None:
                budget.count_written(value)
    return results


def _shown(table: Table, output: PlannedOutput, encode: Encode | None, count: int) -> Column:
    """What an output shows in each of `count` results."""
    columns = {column.name: _column(table, column, output.own, encode) for column in output.columns}
    axes = {column.axis for column in output.columns}
    if not output.wildcard:
        return _nested(table, axes.pop(), next(iter(columns.values())), count)
    if len(axes) == 1:
        axis = axes.pop()
        rows = range(len(table.parents[axis]))
        return _nested(table, axis, [{name: column[row] for name, column in columns.items()} for row in rows], count)
    # Outputs on several axes: those of an inner workflow.
    nested = {column.name: _nested(table, column.axis, columns[column.name], count) for column in output.columns}
    return [{name: values[row] for name, values in nested.items()} for row in range(count)]


def _column(table: Table, column: PlannedColumn, own: bool, encode: Encode | None) -> Column:
    return [_value(value, column.kinds, own, encode) for value in table.column(column.slot)]


def _value(value: Any, kinds: tuple[str, ...], own: bool, encode: Encode | None) -> Any:
    if value is MISSING:
        return None
    value = value if own else in_outermost(value)
    return value if encode is None else encode(value, kinds)


def in_outermost(value: Any) -> Any:
    """A value with all detections in it brought to the coordinates of the outermost picture: that from outside."""
    if isinstance(value, Detections):
        return value.in_root()
    if isinstance(value, dict):
        return {key: in_outermost(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        moved = [in_outermost(item) for item in value]
        return moved if isinstance(value, list) else tuple(moved)
    return value


def _nested(table: Table, axis: int, values: Column, count: int) -> Column:
    """The values of an axis grouped, level by level, up to the batch; what is not of the batch is in every result."""
    top = INPUT_BATCH if INPUT_BATCH in table.axes[axis].line else ROOT
    while axis != top:
        values = [[values[row] for row in group] for group in table.children(axis)]
        axis = table.axes[axis].parent
    return values if top == INPUT_BATCH else values * count

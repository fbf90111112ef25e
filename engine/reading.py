"""What the steps of a run read: their arguments row by row, and which rows their gates let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.inputs import Column, Table
from engine.plan import ROOT, Constant, Gate, Gather, Getter, Read, ReadList
from engine.signature import Parameter
from engine.values.shape import MISSING

Reader = Callable[[int], Any]


def passes(table: Table, gates: tuple[Gate, ...], axis: int) -> list[bool] | None:
    """For every row of an axis, whether all gates let it pass; None when there are no gates."""
    if not gates:
        return None
    result = [True] * len(table.parents[axis])
    for gate in gates:
        column, index = table.column(gate.slot), table.climb(axis, gate.axis)
        for row, above in enumerate(index):
            result[row] = result[row] and column[above] is not MISSING and gate.target in column[above]
    return result


def reader(table: Table, parameter: Parameter, getter: Getter, axis: int) -> Reader:
    """What gives the argument of each row of `axis`; MISSING where there is none."""
    if isinstance(getter, Constant):
        constant = getter.value
        return lambda _: constant
    if isinstance(getter, Read):
        column = table.column(getter.slot)
        if getter.axis == axis:
            return column.__getitem__
        index = table.climb(axis, getter.axis)
        return lambda row: column[index[row]]
    if isinstance(getter, Gather):
        return _gatherer(table, parameter, getter, axis)
    if isinstance(getter, ReadList):
        members = [reader(table, parameter, item, axis) for item in getter.items]
        return lambda row: _complete([read(row) for read in members], parameter.optional)
    named = [(key, reader(table, parameter, item, axis)) for key, item in getter.items]
    return lambda row: _complete({key: read(row) for key, read in named}, parameter.optional)


def _gatherer(table: Table, parameter: Parameter, getter: Gather, axis: int) -> Reader:
    """A list of the rows one level below, without the missing ones unless the block wants to see them.

    MISSING where nobody made rows: that is not the same as having made none.
    """
    column = table.column(getter.slot)
    if getter.axis != getter.below:
        if column[0] is MISSING and not parameter.optional:
            return lambda _: MISSING
        column = column * len(table.parents[getter.below])
    if getter.below == ROOT:
        value = column[0]
        alone = [None if value is MISSING else value]
        return lambda _: MISSING if value is MISSING and not parameter.optional else alone
    passing = passes(table, getter.gates, getter.below)
    groups: list[Column] = [
        [column[row] if passing is None or passing[row] else MISSING for row in group]
        for group in table.children(getter.below)
    ]
    index = table.climb(axis, table.axes[getter.below].parent)
    if parameter.optional:
        groups = [[None if value is MISSING else value for value in group] for group in groups]
        return lambda row: groups[index[row]]
    groups = [[value for value in group if value is not MISSING] for group in groups]
    absent = table.absent[getter.below]
    return lambda row: MISSING if index[row] in absent else groups[index[row]]


def _complete(container: Any, optional: bool) -> Any:
    """A list or dict whose members are all there, or MISSING; with None for missing members where that is wanted."""
    members = container.values() if isinstance(container, dict) else container
    if not any(member is MISSING for member in members):
        return container
    if not optional:
        return MISSING
    if isinstance(container, dict):
        return {key: None if member is MISSING else member for key, member in container.items()}
    return [None if member is MISSING else member for member in container]

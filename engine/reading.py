"""What the steps of a run read: their arguments row by row, and which rows their gates let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import RuntimeInputError
from engine.fault import BlockError, Phase
from engine.plan import ROOT, Constant, Gate, Gather, Getter, Read, ReadList, Step
from engine.signature import Parameter
from engine.table import Column, Table
from engine.values.shape import MISSING

Reader = Callable[[int], Any]
"""From a row of the axis that a step runs on to its argument."""


def passing_rows(table: Table, gates: tuple[Gate, ...], axis: int) -> list[int]:
    """The rows of an axis that all gates let pass."""
    passing = passes(table, gates, axis)
    return [row for row in range(len(table.parents[axis])) if passing is None or passing[row]]


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


def argument(table: Table, step: Step, parameter: Parameter, getter: Getter) -> Reader:
    """What gives an argument of a step for each row: MISSING where the row has to be skipped for want of it.

    The reader raises what `check` raises.
    """
    read = _reader(table, parameter, getter, step.axis)
    if parameter.optional:
        read = _none_for_missing(read)
    if isinstance(getter, Constant) or not getter.checked:
        return read

    def read_checked(row: int) -> Any:
        value = read(row)
        return value if value is MISSING else check(step, parameter, value)

    return read_checked


def check(step: Step, parameter: Parameter, value: Any) -> Any:
    """A value whose kind does not tell enough as the block wants it; RuntimeInputError when it does not fit."""
    try:
        return parameter.takes(value)
    except ValueError as error:
        raise RuntimeInputError(
            f"Step {step.name!r}, {parameter.name}: {error}.",
            context=Phase.INPUTS,
            blocks=(BlockError(step.name, step.block.type, None, parameter.name, str(error)),),
        ) from error


def _none_for_missing(read: Reader) -> Reader:
    def read_or_none(row: int) -> Any:
        value = read(row)
        return None if value is MISSING else value

    return read_or_none


def _reader(table: Table, parameter: Parameter, getter: Getter, axis: int) -> Reader:
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
        return _gatherer(table, parameter.optional, getter)
    if isinstance(getter, ReadList):
        members = [_reader(table, parameter, item, axis) for item in getter.items]
        return lambda row: _complete([read(row) for read in members], parameter.optional)
    named = [(key, _reader(table, parameter, item, axis)) for key, item in getter.items]
    return lambda row: _complete({key: read(row) for key, read in named}, parameter.optional)


def _gatherer(table: Table, optional: bool, getter: Gather) -> Reader:
    """For each row of a step, the list of the rows right below it: without the missing ones, or with None for them.

    Where nobody made rows below, the list is MISSING unless missing rows are wanted: that is not the same as having
    made none.
    """
    column = table.column(getter.slot)
    if getter.axis != getter.below:  # one value for the whole run, which stands for every row of the level
        if column[0] is MISSING and not optional:
            return lambda _: MISSING
        column = column * len(table.parents[getter.below])
    if getter.below == ROOT:
        value = column[0]
        alone = [None if value is MISSING else value]
        return lambda _: MISSING if value is MISSING and not optional else alone
    passing = passes(table, getter.gates, getter.below)
    groups: list[Column] = [
        [column[row] if passing is None or passing[row] else MISSING for row in group]
        for group in table.children(getter.below)
    ]
    if optional:
        return [[None if value is MISSING else value for value in group] for group in groups].__getitem__
    groups = [[value for value in group if value is not MISSING] for group in groups]
    absent = table.absent[getter.below]
    return lambda row: MISSING if row in absent else groups[row]


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

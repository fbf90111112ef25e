"""What the steps of a run read: their arguments row by row, and which rows their gates let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import RuntimeInputError
from engine.fault import Phase
from engine.plan import ROOT, Constant, Gate, Gather, Getter, Read, ReadMembers, Step
from engine.signature import Parameter
from engine.table import Column, Table
from engine.values.shape import MISSING, Shape

Reader = Callable[[int], Any]
"""From a row of the axis that a step runs on to its argument."""


def passing_rows(table: Table, gates: tuple[Gate, ...], axis: int) -> list[int]:
    """The rows of an axis that all gates let pass."""
    return [row for row, passing in enumerate(passes(table, gates, axis)) if passing]


def passes(table: Table, gates: tuple[Gate, ...], axis: int) -> list[bool]:
    """For every row of an axis, whether all gates let it pass."""
    result = [True] * len(table.parents[axis])
    for gate in gates:
        column, index = table.column(gate.slot), table.climb(axis, gate.axis)
        for row, above in enumerate(index):
            result[row] = result[row] and column[above] is not MISSING and gate.target in column[above]
    return result


def argument(table: Table, step: Step, parameter: Parameter, getter: Getter) -> Reader:
    """What gives an argument of a step for each row: MISSING where the row has to be skipped for want of it.

    What is wired is checked, since kinds do not tell all: numbers may be out of bounds, texts none of the choices. The
    reader raises what `check` raises.
    """
    read = _reader(table, parameter, getter, step.axis)
    # Literals were checked when they were read. What a list or dict of gathered lists may be, no annotation tells.
    if isinstance(getter, Constant) or (isinstance(getter, ReadMembers) and parameter.shape is Shape.GATHERED):
        return read

    def read_checked(row: int) -> Any:
        value = read(row)
        if value is MISSING:
            return None if parameter.optional else MISSING
        return check(step, parameter, value)

    return read_checked


def check(step: Step, parameter: Parameter, value: Any) -> Any:
    """A value as the block wants it; RuntimeInputError when it does not fit."""
    try:
        return parameter.takes(value)
    except ValueError as error:
        raise RuntimeInputError(
            f"Step {step.name!r}, {parameter.name}: {error}.",
            context=Phase.INPUTS,
            blocks=step.blame(parameter, str(error)),
        ) from error


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
    keys, members = getter.keys, [_reader(table, parameter, item, axis) for item in getter.items]

    def read_members(row: int) -> Any:
        values = [read(row) for read in members]
        if any(value is MISSING for value in values):
            if not parameter.optional_members:
                return MISSING
            values = [None if value is MISSING else value for value in values]
        return values if keys is None else dict(zip(keys, values, strict=True))

    return read_members


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
        [column[row] if passing[row] else MISSING for row in group] for group in table.children(getter.below)
    ]
    if optional:
        return [[None if value is MISSING else value for value in group] for group in groups].__getitem__
    groups = [[value for value in group if value is not MISSING] for group in groups]
    absent = table.absent[getter.below]
    return lambda row: MISSING if row in absent else groups[row]

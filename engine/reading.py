"""What the steps of a run read: their arguments row by row, and which rows their gates let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import RuntimeInputError
from engine.plan import ROOT, Constant, Gate, Getter, Read, ReadMembers, Step
from engine.signature import Parameter
from engine.table import Table
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
            result[row] = result[row] and column[above] is not MISSING and gate.called in column[above]
    return result


def reader(table: Table, step: Step, parameter: Parameter, getter: Getter) -> Reader:
    """What gives an argument of a step for each row: MISSING where the row has to be skipped for want of it."""
    read = _reader(table, step, parameter, getter)
    if not parameter.optional:
        return read

    def read_optional(row: int) -> Any:
        value = read(row)
        return None if value is MISSING else value

    return read_optional


def fitted(step: Step, parameter: Parameter, getter: Getter, value: Any) -> Any:
    """What was read, as the block wants it; raises what `check` raises.

    The compiler has checked literals, and what a list or dict of gathered lists may be, no annotation tells.
    """
    if isinstance(getter, Constant) or (isinstance(getter, ReadMembers) and parameter.shape is Shape.GATHERED):
        return value
    return check(step, parameter, value)


def check(step: Step, parameter: Parameter, value: Any) -> Any:
    """A value as the block wants it; RuntimeInputError when it does not fit.

    Kinds do not tell all: numbers may be out of bounds, texts none of the choices.
    """
    try:
        return parameter.takes(value)
    except ValueError as error:
        raise RuntimeInputError(
            f"Step {step.name!r}, {parameter.name}: {error}.",
            blocks=step.blame(parameter, str(error)),
        ) from error


def _reader(table: Table, step: Step, parameter: Parameter, getter: Getter) -> Reader:
    """What gives the argument of each row of a step; MISSING where there is none."""
    if isinstance(getter, Constant):
        constant = getter.value
        return lambda _: constant
    if isinstance(getter, Read):
        if parameter.shape is Shape.GATHERED:
            return _gatherer(table, step, parameter, getter)
        return _column_reader(table, getter, step.axis)
    keys, members = getter.keys, [_reader(table, step, parameter, item) for item in getter.items]

    def read_members(row: int) -> Any:
        values = [read(row) for read in members]
        if any(value is MISSING for value in values):
            if not parameter.optional_members:
                return MISSING
            values = [None if value is MISSING else value for value in values]
        return values if keys is None else dict(zip(keys, values, strict=True))

    return read_members


def _column_reader(table: Table, getter: Read, axis: int) -> Reader:
    """What gives, for each row of an axis, the value of a column on it or above it."""
    column = table.column(getter.slot)
    if getter.axis == axis:
        return column.__getitem__
    index = table.climb(axis, getter.axis)
    return lambda row: column[index[row]]


def _gatherer(table: Table, step: Step, parameter: Parameter, getter: Read) -> Reader:
    """For each row of a step, the list of the rows right below it; `plan` says what is in it and when there is none."""
    column, optional = table.column(getter.slot), parameter.optional
    if getter.axis == ROOT and column[0] is MISSING and not optional:
        return lambda _: MISSING
    if step.gathers is None:  # one value of the root, by itself
        alone = [None if column[0] is MISSING else column[0]]
        return lambda _: alone
    read, groups = _column_reader(table, getter, step.gathers), table.children(step.gathers)
    passing = passes(table, step.gates_below, step.gathers)
    absent = set() if optional else table.absent[step.gathers]

    def read_group(row: int) -> Any:
        if row in absent:
            return MISSING
        values = [read(member) if passing[member] else MISSING for member in groups[row]]
        if optional:
            return [None if value is MISSING else value for value in values]
        return [value for value in values if value is not MISSING]

    return read_group

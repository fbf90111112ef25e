"""Laying the inputs of a run on the axes of its plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import RuntimeInputError
from engine.kinds import ANY
from engine.plan import INPUT_BATCH, Plan, PlannedInput
from engine.table import MAX_ROWS, Table
from engine.values.shape import MISSING
from engine.wire.bounds import FLAT

Decode = Callable[[tuple[str, ...], Any, str], Any]
"""Turns what came from outside into a value: given the kinds that it may be, the value, and the name that it gets."""


def bind(plan: Plan, given: Mapping[str, Any], decode: Decode) -> Table:
    """A table with the input columns written. Inputs that the plan does not declare are ignored.

    Raises:
        RuntimeInputError: an input is missing, nested wrongly, too large, or does not fit the others in length.
    """
    table = Table(plan)
    size = _batch_size(plan, given)
    table.parents[INPUT_BATCH] = [0] * size
    for item in plan.inputs:
        if not item.axes:
            # Of any kind, since today's servers do not hold parameters to theirs: the steps that read it check it.
            # Texts, numbers and the like need no decoding.
            value = given.get(item.name, item.default)
            table.columns[item.slot] = [value if type(value) in FLAT else decode((ANY,), value, item.name)]
            continue
        value = given.get(item.name)
        if value is None:
            raise RuntimeInputError(f"The workflow needs the input {item.name!r}.")
        _lay(table, item, value, size, decode)
    return table


def _batch_size(plan: Plan, given: Mapping[str, Any]) -> int:
    """The length of the first batch input that says one."""
    for item in plan.inputs:
        value = given.get(item.name)
        if item.axes and isinstance(value, list) and len(value) > 1:
            return len(value)
    return 1


def _lay(table: Table, item: PlannedInput, value: Any, size: int, decode: Decode) -> None:
    """Write one batch input, level by level, and the parents of the rows of its own axes."""
    if not isinstance(value, list):
        if len(item.axes) > 1:
            raise _nesting(item, item.name)
        table.columns[item.slot] = [_decoded(item, value, item.name, decode)] * size
        return
    if not value:
        raise RuntimeInputError(f"The input {item.name!r} is an empty list.", hint="A batch has one element or more.")
    if len(value) not in (1, size):
        raise RuntimeInputError(
            f"The input {item.name!r} has {len(value)} elements where the batch has {size}.",
            hint="Give every batch input as many elements, or one that is used for all.",
        )
    _check_rows(item, size)
    rows = [(f"{item.name}.[{index}]", element) for index, element in enumerate(value)]
    rows = rows * size if len(rows) < size else rows  # under one name, by which it is decoded once
    for axis in item.axes[1:]:
        below: list[tuple[str, Any]] = []
        parents = table.parents[axis]
        for parent, (name, element) in enumerate(rows):
            if element is not None and not isinstance(element, list):
                raise _nesting(item, name)
            if element is None:
                table.absent[axis].add(parent)
            children: list[Any] = element or []
            _check_rows(item, len(below) + len(children))
            below.extend((f"{name}.[{index}]", child) for index, child in enumerate(children))
            parents.extend([parent] * len(children))
        rows = below
    decoded: dict[str, Any] = {}
    for name, element in rows:
        if name not in decoded:
            decoded[name] = _decoded(item, element, name, decode)
    table.columns[item.slot] = [decoded[name] for name, _ in rows]


def _check_rows(item: PlannedInput, count: int) -> None:
    """Refuse an input that is too large before its rows are made: a short text can stand for very many."""
    if count > MAX_ROWS:
        raise RuntimeInputError(f"The input {item.name!r} has more than {MAX_ROWS} elements.")


def _decoded(item: PlannedInput, value: Any, name: str, decode: Decode) -> Any:
    return MISSING if value is None else decode(item.kinds, value, name)


def _nesting(item: PlannedInput, place: str) -> RuntimeInputError:
    return RuntimeInputError(f"The input {item.name!r} is nested {len(item.axes)} deep, but {place!r} is not a list.")

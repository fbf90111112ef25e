"""Laying the inputs of a run on the axes of its plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import RuntimeInputError
from engine.kinds import ANY
from engine.plan import BATCH, Axis, Plan, PlannedInput
from engine.values.shape import MISSING

CONTEXT = "workflow_execution | runtime_input_validation"
MAX_ROWS = 100_000
FLAT = frozenset({str, int, float, bool, type(None)})
"""Parameters of these types are taken as they are."""

Column = list[Any]
Decode = Callable[[tuple[str, ...], Any, str], Any]
"""Turns what came from outside into a value: the kinds that it may be, the value, and the name that it gets."""


class Table:
    """The columns of a run and the parent of every row.

    Attributes:
        columns: a list of values a slot; None until somebody writes it.
        parents: for every axis, the row on the axis above that each of its rows belongs to.
        absent: for every axis, the rows on the axis above for which nobody made rows: their maker did not run, or
            an input has None in the place of a list.
    """

    def __init__(self, plan: Plan) -> None:
        self.axes: tuple[Axis, ...] = plan.axes
        self.columns: list[Column | None] = [None] * plan.slots
        self.parents: list[list[int]] = [[] for _ in plan.axes]
        self.parents[0] = [0]
        self.absent: list[set[int]] = [set() for _ in plan.axes]
        self._climbs: dict[tuple[int, int], list[int]] = {}

    def column(self, slot: int) -> Column:
        """A column that has been written."""
        column = self.columns[slot]
        if column is None:
            raise LookupError(f"slot {slot} is read before it is written")
        return column

    def climb(self, axis: int, above: int) -> list[int]:
        """For every row of an axis, the row of the axis `above` that it goes back to."""
        found = self._climbs.get((axis, above))
        if found is None:
            found = list(range(len(self.parents[axis])))
            level = axis
            while level != above:
                parents = self.parents[level]
                found = [parents[row] for row in found]
                level = self.axes[level].parent
            self._climbs[axis, above] = found
        return found

    def children(self, axis: int) -> list[list[int]]:
        """For every row above an axis, its rows on that axis."""
        groups: list[list[int]] = [[] for _ in self.parents[self.axes[axis].parent]]
        for row, parent in enumerate(self.parents[axis]):
            groups[parent].append(row)
        return groups


def bind(plan: Plan, given: Mapping[str, Any], decode: Decode) -> Table:
    """A table with the input columns written. Inputs that the plan does not declare are ignored.

    Raises:
        RuntimeInputError: an input is missing, nested wrongly, too large, or does not fit the others in length.
    """
    table = Table(plan)
    size = _batch_size(plan, given)
    table.parents[BATCH] = [0] * size
    for item in plan.inputs:
        if not item.axes:
            value = given.get(item.name, item.default)
            table.columns[item.slot] = [value if type(value) in FLAT else decode((ANY,), value, item.name)]
            continue
        value = given.get(item.name)
        if value is None:
            raise RuntimeInputError(f"The workflow needs the input {item.name!r}.", context=CONTEXT)
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
    if len(value) not in (1, size):
        raise RuntimeInputError(
            f"The input {item.name!r} has {len(value)} elements where the batch has {size}.",
            hint="Give every batch input as many elements, or one that is used for all.",
            context=CONTEXT,
        )
    _check_rows(item, size)
    rows = [(f"{item.name}.[{index}]", element) for index, element in enumerate(value)]
    rows = rows * size if len(rows) < size else rows
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
    table.columns[item.slot] = [_decoded(item, element, name, decode) for name, element in rows]


def _check_rows(item: PlannedInput, count: int) -> None:
    """Refuse an input that is too large before its rows are made: a short text can stand for very many."""
    if count > MAX_ROWS:
        raise RuntimeInputError(f"The input {item.name!r} has more than {MAX_ROWS} elements.", context=CONTEXT)


def _decoded(item: PlannedInput, value: Any, name: str, decode: Decode) -> Any:
    return MISSING if value is None else decode(item.kinds, value, name)


def _nesting(item: PlannedInput, place: str) -> RuntimeInputError:
    return RuntimeInputError(
        f"The input {item.name!r} is nested {len(item.axes)} deep, but {place!r} is not a list.", context=CONTEXT
    )

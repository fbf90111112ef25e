"""The values of one run, as columns on the axes of its plan."""

from __future__ import annotations

from typing import Any

from engine.plan import Axis, Plan

MAX_ROWS = 100_000
"""The most rows that an axis may have."""

Column = list[Any]
"""The values of one slot, one per row of the axis that it lies on; `MISSING` where a row has none."""


class Table:
    """The columns of a run and the parent of every row.

    Two pictures, in the first of which two crops were found and in the second none: the axis of the crops has
    `parents == [0, 0]`. Had the second picture been skipped instead, 1 would be in `absent` of that axis.

    Attributes:
        columns: for every slot, its values; None until somebody writes them.
        parents: for every axis, the row on the axis above that each of its rows belongs to.
        absent: for every axis, the rows on the axis above that have no list of rows, not even an empty one: the step
            that makes rows was skipped or returned MISSING, or an input has None in the place of a list.
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
            # The axes between the two, from the lower one up.
            for level in reversed(self.axes[axis].line[self.axes[above].depth + 1 :]):
                parents = self.parents[level]
                found = [parents[row] for row in found]
            self._climbs[axis, above] = found
        return found

    def children(self, axis: int) -> list[list[int]]:
        """For every row above an axis, its rows on that axis."""
        groups: list[list[int]] = [[] for _ in self.parents[self.axes[axis].parent]]
        for row, parent in enumerate(self.parents[axis]):
            groups[parent].append(row)
        return groups

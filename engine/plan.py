"""A compiled workflow: frozen, without selectors and names to look up, ready to run many times.

Values are columns. A column lies on an axis and holds one value for every row of that axis. The root axis has one row;
the axis of the input batch has one row per image; a block with `Each` outputs makes an axis below the one that it runs
on. Two pictures, in which three crops and one are found:

    axis 0, root           .                     one row: parameters, what is made of the whole batch
    axis 1, input batch    a         b           one row per picture: images, detections
    axis 2, crop           a0 a1 a2  b0          one row per crop: crops, what is made of each

A step runs on the deepest axis among its inputs. Those that lie higher up are read again for every row below: `b` for
`b0`. What a block declares as `Gathered` it gets as the list of all rows below one row, and so runs one axis higher:
`[a0, a1, a2]` for `a`. Values of two axes of which none lies below the other have no rows in common, and no step can
take both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.block import AnyBlock
from engine.signature import Parameter

ROOT = 0
BATCH = 1
GATE = ""
"""The name under which a step that is a gate writes which steps may pass."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One level of nesting.

    Attributes:
        parent: the axis above; the root is its own.
        maker: who makes its rows, for people: a step, an input, or the input batch.
        depth: 0 for the root.
    """

    parent: int
    maker: str
    depth: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that was written into the workflow."""

    value: Any


@dataclass(frozen=True, slots=True)
class Read:
    """A column on the axis of the step, or above it.

    Attributes:
        slot: where the column is.
        axis: the axis that the column lies on.
        checked: here and below: whether values have to be checked before the block gets them, because their kinds do
            not tell enough.
    """

    slot: int
    axis: int
    checked: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """A column of the steps that a gate lets pass; a row of a step runs only where the step is among them.

    Attributes:
        slot: where the column is.
        axis: the axis that the column lies on.
        target: the selector by which the gate knows the step.
    """

    slot: int
    axis: int
    target: str


@dataclass(frozen=True, slots=True)
class Gather:
    """A column one level below the step: all rows below one row of the step, as a list.

    Attributes:
        slot: where the column is.
        axis: the axis that the column lies on.
        below: the level that is gathered: the axis of the column, unless that is one value for the whole run, which
            then stands for every row of the level. The root when nothing else is gathered.
        gates: the gates that decide for single rows of the list.
        checked: as of `Read`, for every member of the list.
    """

    slot: int
    axis: int
    below: int
    gates: tuple[Gate, ...]
    checked: bool


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list of which some members are read."""

    items: tuple[Getter, ...]
    checked: bool


@dataclass(frozen=True, slots=True)
class ReadDict:
    """A dict of which some values are read."""

    items: tuple[tuple[str, Getter], ...]
    checked: bool


Getter = Constant | Read | Gather | ReadList | ReadDict


@dataclass(frozen=True, slots=True)
class Step:
    """One block, wired.

    Attributes:
        name: of the step in the workflow.
        axis: that it runs on.
        constants: arguments that are written into the workflow.
        parameters: arguments that are parameters of the run, by their slot.
        getters: arguments that are read row by row.
        gates: that all have to let a row pass.
        writes: slots of its outputs, by their names; a gate has one, `GATE`.
        writes_axis: that the outputs lie on: `axis`, or the one that the step makes below it.
        waits_for: how many steps have to be done before this one.
        followers: the steps that wait for this one, by their places among the steps of the plan.
    """

    name: str
    block: AnyBlock
    axis: int
    constants: dict[str, Any]
    parameters: tuple[tuple[Parameter, int], ...]
    getters: tuple[tuple[Parameter, Getter], ...]
    gates: tuple[Gate, ...]
    writes: dict[str, int]
    writes_axis: int
    waits_for: int
    followers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """One declared input.

    Attributes:
        axes: that its levels lie on, from the batch down; empty for a parameter.
        default: of a parameter that a run does not say.
    """

    name: str
    slot: int
    kinds: tuple[str, ...]
    axes: tuple[int, ...]
    default: Any


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """A column that an output shows, and the kinds that its values may be."""

    name: str
    slot: int
    axis: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """One declared output.

    Attributes:
        columns: one, or those of all outputs of a step for a wildcard.
        wildcard: whether the value is a dict of all outputs of a step.
        own: whether detections keep the coordinates of the picture that they were found in.
    """

    name: str
    columns: tuple[PlannedColumn, ...]
    wildcard: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs to know; shared by all runs of a workflow and never changed."""

    axes: tuple[Axis, ...]
    inputs: tuple[PlannedInput, ...]
    steps: tuple[Step, ...]
    outputs: tuple[PlannedOutput, ...]
    slots: int
    resources: frozenset[str]

"""A compiled workflow: frozen, without selectors and names to look up, ready to run many times.

Values are columns. A column lies on an axis and holds one value for every row of that axis. The root axis has one row;
the axis of the input batch has one row per image; a block with `Each` outputs makes an axis below the one that it runs
on. Two pictures, in which three crops and one are found:

    axis 0, root           .                     one row: parameters, what is made of the whole batch
    axis 1, input batch    a         b           one row per picture: images, detections
    axis 2, crop           a0 a1 a2  b0          one row per crop: crops, what is made of each

How often a step runs: once for every row of the deepest axis among its inputs.

- What lies higher up is read again for every row below: `b` for `b0`.
- What its block takes as `Gathered` is a list of all rows right below one row, so the step runs one axis higher: with
  `[a0, a1, a2]` for `a`, and `[b0]` for `b`. It gathers from one axis only, besides the root.
- Where all inputs lie on the root, it runs on the axis of the deepest gate before it, and its outputs lie there.
- Values of two axes of which none lies below the other have no rows in common: no step can take both. So it is with two
  inputs that are nested lists, each of which makes axes of its own.

Which of these rows its block is called for: those that all gates before the step let pass, and of which no input is
`MISSING`; a parameter `T | None` gets None instead. For all others its outputs are `MISSING`, which is how everything
that needs them is skipped in turn.

A block that takes a `Batch` is called once, with lists of those rows for which it would otherwise be called one by one,
if there are any: a row that a gate holds is in none of its lists, and so is one that is missing in any of them which is
no `Batch[T | None]`. Its other arguments are the same for all rows.

What a gate acts on: it runs on an axis like any other step. Where that is the axis of the step that it names, or lies
above it, it decides for rows of the step: with `a` for `a0`, `a1` and `a2`. Where it is the axis which that step
gathers, it decides for members of the lists, which may leave them empty. Where it is any other, the workflow is
refused. A gate that was skipped itself lets nothing pass, neither rows nor members.

What is in a list that is gathered, for `a`:

                                           Gathered[T]     Gathered[T | None]
    all three are there                    [a0, a1, a2]    [a0, a1, a2]
    a1 is missing, or a gate holds it      [a0, a2]        [a0, None, a2]
    the crop step found nothing in a       []              []
    the crop step was skipped for a        not called      []
    r of the root, if crops are gathered   [r, r, r]       [r, r, r]
    r of the root, if nothing else is      [r]             [r]
    r is missing                           not called      [None, None, None], or [None]

A value of the root counts as one that every crop has: the lines above hold for `[r, r, r]`, too.

Each list of a step leaves out its own missing members. A block that wants to walk through two of them side by side, or
through one beside a value of the root, takes them as `Gathered[T | None]`, which are equally long.

When values are checked against what a parameter takes:

    a literal                                   when the workflow is compiled
    a parameter of the run, wired by itself,    before the first step
    and to no `Batch` or `Gathered`
    anything else that is wired                 row by row, before the block is called: values of a `Batch` one by one,
                                                lists that are gathered and those with selectors in them as a whole
    the default of a block's parameter          never

A parameter that is `Gathered[list[T]]` may be given several selectors, as `{"x": "$steps.a.v", "y": "$steps.b.v"}`: its
block gets a dict of gathered lists then, or a list of them. No annotation tells of these, so they are never checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.block import NamedBlock
from engine.signature import Parameter

ROOT = 0
INPUT_BATCH = 1
GATE = ""
"""The name under which a step that is a gate writes which steps may pass."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One level of nesting.

    Attributes:
        line: the axes from the root down to this one.
        maker: who makes its rows, for people: a step, an input, or the input batch.
    """

    line: tuple[int, ...]
    maker: str

    @property
    def depth(self) -> int:
        """0 for the root."""
        return len(self.line) - 1

    @property
    def parent(self) -> int:
        """The axis above; the root is its own."""
        return self.line[-2] if self.depth else ROOT


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that was written into the workflow."""

    value: Any


@dataclass(frozen=True, slots=True)
class Read:
    """A column: on the axis of the step or above it, or on the one that the step gathers.

    Attributes:
        slot: where the column is.
        axis: the axis that the column lies on.
    """

    slot: int
    axis: int


@dataclass(frozen=True, slots=True)
class Gate:
    """A column of the steps that a gate lets pass; a row of a step runs only where the step is among them.

    Attributes:
        slot: where the column is.
        axis: the axis that the column lies on.
        called: what the gate calls the step, and returns to let it pass.
    """

    slot: int
    axis: int
    called: str


@dataclass(frozen=True, slots=True)
class ReadMembers:
    """A list (`keys` is None) or a dict of which some members are read."""

    keys: tuple[str, ...] | None
    items: tuple[Getter, ...]


Getter = Constant | Read | ReadMembers
"""Where an argument of a step comes from."""


@dataclass(frozen=True, slots=True)
class Step(NamedBlock):
    """One block, wired.

    Attributes:
        axis: that it runs on.
        gathers: the axis right below it whose rows it gets as lists; None where there is none.
        constants: arguments that are written into the workflow.
        run_values: arguments that are parameters of the run, with their slots.
        getters: all other arguments, which are read row by row.
        gates: that all have to let a row pass.
        gates_below: that all have to let a row pass which is gathered.
        targets: what a gate calls the steps that it lets pass or not.
        writes: slots of its outputs, by their names; a gate has one, `GATE`.
        writes_axis: that the outputs lie on: `axis`, or the one that the step makes below it.
        followers: the steps that wait for this one, by their places among the steps of the plan.
    """

    axis: int
    gathers: int | None
    constants: dict[str, Any]
    run_values: tuple[tuple[Parameter, int], ...]
    getters: tuple[tuple[Parameter, Getter], ...]
    gates: tuple[Gate, ...]
    gates_below: tuple[Gate, ...]
    targets: frozenset[str]
    writes: dict[str, int]
    writes_axis: int
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

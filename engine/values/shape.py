"""The words that signatures of blocks are written with: how values nest, where they come from, and what is absent."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, NewType, TypeVar

T = TypeVar("T")


class Shape(Enum):
    """How a parameter or an output lies against the axis that its block runs on."""

    EACH = "each"
    GATHERED = "gathered"
    BATCH = "batch"


Each = Annotated[list[T], Shape.EACH]
"""An output one level deeper than the inputs: a list for every row, of one length with all other outputs of the block.

A member MISSING is missing downstream."""

Gathered = Annotated[list[T], Shape.GATHERED]
"""An input one level deeper than the outputs: all rows of one parent, as a list. Missing rows are left out of it; with
`Gathered[T | None]` they are None in it."""

Batch = Annotated[list[T], Shape.BATCH]
"""An input taken for all rows of its axis at once, as a list; the block then returns a list of outputs, one per row.
Missing rows are left out of it; with `Batch[T | None]` they are None in it, unless a gate holds them."""


class Missing(Enum):
    """The marker of a row that is absent: filtered, skipped, or null in a batch from outside.

    None is a value like any other. Blocks may return MISSING for an output (for members of one that is `Each`), or in
    the place of all outputs. They never get it: where an input is `T | None` they get None instead, and otherwise the
    row is skipped.
    """

    MISSING = "missing"

    def __bool__(self) -> bool:
        return False


MISSING = Missing.MISSING


class Source(Enum):
    """Where the value of a parameter may come from, when it is not free to come from anywhere."""

    LITERAL = "literal"
    SELECTOR = "selector"
    STEPS = "steps"


Fixed = Annotated[T, Source.LITERAL]
"""An input that is written into the workflow and never wired."""

Wired = Annotated[T, Source.SELECTOR]
"""An input that is always wired and never written as a literal."""


NextSteps = Annotated[list[str], Source.STEPS]
"""An input of a gate: the steps that it decides about, as `$steps.name`."""

StepsByCase = Annotated[dict[str, str], Source.STEPS]
"""An input of a gate: for each case the step that goes on, as `$steps.name`."""

Passage = NewType("Passage", list[str])
"""What a gate returns instead of outputs: the steps that may run, out of those that it was given, as `$steps.name`."""

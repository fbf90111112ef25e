"""What the signature of a block says: its parameters, its outputs, and whether it is called row by row."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.finding import finding
from engine.values.shape import Shape

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """One input of a block, as its annotation says it.

    Its kinds are said by the annotation, `Annotated[str, Kinds("secret")]`, or known for the type: `string` for `str`.
    What it gets is checked against the annotation; `plan` says when.

    Attributes:
        name: in the signature and in the JSON of a step.
        annotation: what is checked: for `Gathered` the list, else the value of one row, without the `Batch` around it.
        kinds: what may be wired to it; empty when it is never wired.
        element_kinds: what may be wired to the members of a list or dict; empty when it is no container.
        literal: whether it may be written as a literal.
        targets: whether it names steps, which the block lets pass or not.
        default: its value when the step does not say one; `REQUIRED` when it must.
        shape: gathered or batch; None for one value per row.
        optional: whether it gets None for what is missing: itself in `T | None`, its members in `Gathered[T | None]`
            and `Batch[T | None]`. `Gathered[T] | None` is refused.
        optional_members: whether members of a list or dict of selectors, `[$steps.a.x, $steps.b.y]`, are None where
            they are missing, as in `list[T | None]`. Otherwise one missing member makes the whole argument missing.
        doc: one sentence for people.
    """

    name: str
    annotation: Any
    kinds: tuple[str, ...]
    element_kinds: tuple[str, ...]
    literal: bool
    targets: bool
    default: Any
    shape: Shape | None
    optional: bool
    optional_members: bool
    doc: str

    @property
    def required(self) -> bool:
        """Whether a step must say it."""
        return self.default is REQUIRED

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """What checks and converts a literal or a value that came from outside."""
        return TypeAdapter(self.annotation)

    @cached_property
    def _validate(self) -> Callable[[Any], Any]:
        """The validator behind the adapter, whose own method costs more than most checks do."""
        return self.adapter.validator.validate_python

    def takes(self, value: Any) -> Any:
        """The value as the block wants it; ValueError, with what is wrong in a few words, when it does not fit."""
        try:
            return self._validate(value)
        except ValidationError as error:
            raise ValueError(finding(error)) from error


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a block."""

    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The manifest that a function's signature makes.

    Attributes:
        parameters: what workflows wire or set.
        resources: what the server or the run hands over, by the names of keyword-only parameters.
        outputs: by their names; none for a gate.
        batch: whether the block takes all rows at once.
        each: whether its outputs lie one level below its inputs.
        gate: whether it lets steps pass instead of returning outputs.
        keys: parameters by the other keys that workflows may use for them.
    """

    parameters: Mapping[str, Parameter]
    resources: frozenset[str]
    outputs: Mapping[str, Output]
    batch: bool
    each: bool
    gate: bool
    keys: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str | None:
        """The parameter that a key of a step's JSON stands for."""
        return name if name in self.parameters else self.keys.get(name)

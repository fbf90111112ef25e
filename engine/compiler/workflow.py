"""A parsed workflow: what the passes of the compiler read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.block import AnyBlock
from engine.document import Input, JsonField
from engine.fault import BlockError
from engine.selectors import WILDCARD, InputSelector, OutputSelector
from engine.signature import Output, Parameter

Reference = InputSelector | OutputSelector

INPUT_MARK = "$"
"""Stands before the name of an input of an inner workflow. No name that a selector can have begins so."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which document a name stands in.

    Attributes:
        path: of the inner workflow, as the whole workflow names it; empty for the workflow itself.
    """

    path: str = ""

    def name(self, step: str) -> str:
        """The name of a step of this document in the whole workflow. No name that a document can use has a dot."""
        return f"{self.path}.{step}" if self.path else step

    def reference(self, selector: Reference) -> Reference:
        """A selector of this document as the whole workflow knows it.

        `$inputs.image` in an inner workflow `part` becomes `$steps.part.$image`, which stands for what the input is
        bound to; the mark keeps it apart from an output `image`.
        """
        if isinstance(selector, OutputSelector):
            return OutputSelector(self.name(selector.step), selector.output)
        return OutputSelector(self.path, f"{INPUT_MARK}{selector.name}") if self.path else selector


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written into the workflow, checked and converted."""

    value: Any


@dataclass(frozen=True, slots=True)
class Wire:
    """A selector in the place of a value."""

    selector: Reference


@dataclass(frozen=True, slots=True)
class Members:
    """A list (`keys` is None) or a dict with selectors among its members."""

    keys: tuple[str, ...] | None
    items: tuple[Literal | Wire, ...]


Argument = Literal | Wire | Members


@dataclass(frozen=True, slots=True)
class ParsedStep:
    """A step whose block is known and whose literals are checked.

    Attributes:
        targets: the steps that it lets pass or not, and what the gate itself calls each; only a gate has some.
    """

    name: str
    block: AnyBlock
    arguments: Mapping[str, Argument]
    outputs: Mapping[str, Output]
    targets: tuple[tuple[str, str], ...] = ()

    def blame(self, parameter: Parameter | None = None, details: str | None = None) -> tuple[BlockError, ...]:
        """What an error says that is about this step, or about one parameter of it."""
        return (BlockError(self.name, self.block.type, None, parameter.name if parameter else None, details),)

    def wires(self) -> Iterator[tuple[Parameter, Reference, bool]]:
        """Every selector of the step: the parameter, the selector, and whether it stands inside a list or dict."""
        parameters = self.block.signature.parameters
        for name, argument in self.arguments.items():
            inside = isinstance(argument, Members)
            for item in argument.items if isinstance(argument, Members) else (argument,):
                if isinstance(item, Wire):
                    yield parameters[name], item.selector, inside


@dataclass(frozen=True, slots=True)
class ParsedOutput:
    """A result of the workflow and what it shows.

    Attributes:
        parts: of a wildcard over an inner workflow: what each of its outputs shows.
    """

    field: JsonField
    selector: Reference
    parts: tuple[tuple[str, Reference], ...] | None = None


def is_wildcard(selector: Reference) -> bool:
    """Whether a selector means all outputs of a step."""
    return isinstance(selector, OutputSelector) and selector.output == WILDCARD


@dataclass(frozen=True, slots=True)
class ParsedWorkflow:
    """A whole workflow, typed; whether its selectors point anywhere is not known yet."""

    inputs: Mapping[str, Input]
    steps: Mapping[str, ParsedStep]
    outputs: tuple[ParsedOutput, ...]

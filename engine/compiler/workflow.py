"""A parsed workflow: what the passes of the compiler read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.block import NamedBlock
from engine.document import Input, JsonField
from engine.selectors import Reference
from engine.signature import Output, Parameter


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written into the workflow, checked and converted.

    A literal member of a list or dict that has selectors, too, is left to the run, which checks the whole list or dict.
    """

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
class Target:
    """A step that a gate lets pass or not.

    Attributes:
        step: its name in the whole workflow.
        called: what the gate calls it, and returns to let it pass. In the inner workflow `part` that is `$steps.x` for
            the step `part.x`.
    """

    step: str
    called: str


@dataclass(frozen=True, slots=True)
class ParsedStep(NamedBlock):
    """A step whose block is known and whose literals are checked; only a gate has targets.

    It has an argument for every parameter: where the document says none, the default as a literal.
    """

    arguments: Mapping[str, Argument]
    outputs: Mapping[str, Output]
    targets: tuple[Target, ...] = ()

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


@dataclass(frozen=True, slots=True)
class ParsedWorkflow:
    """A whole workflow, typed; whether its selectors point anywhere is not known yet."""

    inputs: Mapping[str, Input]
    steps: Mapping[str, ParsedStep]
    outputs: tuple[ParsedOutput, ...]

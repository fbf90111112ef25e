"""A parsed workflow: what the passes of the compiler read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.block import AnyBlock
from engine.document import Input, JsonField
from engine.selectors import InputSelector, OutputSelector
from engine.signature import Output, Parameter

Reference = InputSelector | OutputSelector


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written into the workflow, checked and converted."""

    value: Any


@dataclass(frozen=True, slots=True)
class Wire:
    """A selector in the place of a value."""

    selector: Reference


@dataclass(frozen=True, slots=True)
class WiredList:
    """A list with selectors among its members."""

    items: tuple[Literal | Wire, ...]


@dataclass(frozen=True, slots=True)
class WiredDict:
    """A dict with selectors among its values."""

    items: tuple[tuple[str, Literal | Wire], ...]


Argument = Literal | Wire | WiredList | WiredDict


@dataclass(frozen=True, slots=True)
class ParsedStep:
    """A step whose block is known and whose literals are checked.

    Attributes:
        targets: the steps that it lets pass or not; only a gate has some.
    """

    name: str
    block: AnyBlock
    arguments: Mapping[str, Argument]
    outputs: Mapping[str, Output]
    targets: tuple[str, ...] = ()

    def wires(self) -> Iterator[tuple[Parameter, Reference, bool]]:
        """Every selector of the step: the parameter, the selector, and whether it stands inside a list or dict."""
        parameters = self.block.signature.parameters
        for name, argument in self.arguments.items():
            if isinstance(argument, Wire):
                yield parameters[name], argument.selector, False
            elif isinstance(argument, WiredList):
                for item in argument.items:
                    if isinstance(item, Wire):
                        yield parameters[name], item.selector, True
            elif isinstance(argument, WiredDict):
                for _, item in argument.items:
                    if isinstance(item, Wire):
                        yield parameters[name], item.selector, True


@dataclass(frozen=True, slots=True)
class ParsedOutput:
    """A result of the workflow and what it shows."""

    field: JsonField
    selector: Reference


@dataclass(frozen=True, slots=True)
class ParsedWorkflow:
    """A whole workflow, typed; whether its selectors point anywhere is not known yet."""

    inputs: Mapping[str, Input]
    steps: Mapping[str, ParsedStep]
    outputs: tuple[ParsedOutput, ...]

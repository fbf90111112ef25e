"""Selectors: the texts that point at inputs and at outputs of steps."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z0-9_\-]+"
_WHOLE_NAME = re.compile(_NAME)
_SELECTOR = re.compile(rf"\$inputs\.({_NAME})|\$steps\.({_NAME})(?:\.({_NAME}|\*))?")

WILDCARD = "*"


@dataclass(frozen=True, slots=True)
class InputSelector:
    """`$inputs.name`."""

    name: str

    def __str__(self) -> str:
        return f"$inputs.{self.name}"


@dataclass(frozen=True, slots=True)
class OutputSelector:
    """`$steps.name.output`; the output may be `*` where a workflow says what it returns."""

    step: str
    output: str

    def __str__(self) -> str:
        return f"$steps.{self.step}.{self.output}"


@dataclass(frozen=True, slots=True)
class StepSelector:
    """`$steps.name`."""

    step: str

    def __str__(self) -> str:
        return f"$steps.{self.step}"


Reference = InputSelector | OutputSelector
"""What stands for a value."""
Selector = Reference | StepSelector


def is_name(text: str) -> bool:
    """Whether a selector can have a name in it; any other name is legal, and out of reach."""
    return _WHOLE_NAME.fullmatch(text) is not None


def is_selector(value: object) -> bool:
    """Whether a value is meant as a selector; `"$50"` is just text."""
    return isinstance(value, str) and value.startswith(("$inputs.", "$steps."))


def is_wildcard(selector: Reference) -> bool:
    """Whether a selector means all outputs of a step."""
    return isinstance(selector, OutputSelector) and selector.output == WILDCARD


def parse_selector(text: str) -> Selector | None:
    """The selector that a text is, or None when it only looks like one."""
    match = _SELECTOR.fullmatch(text)
    if match is None:
        return None
    name, step, output = match.groups()
    return InputSelector(name) if name else OutputSelector(step, output) if output else StepSelector(step)

"""Gates on inner workflows hold what is merely handed through, too: an output that shows a value from outside."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from engine.block import block
from engine.compiler.workflow import INPUT_MARK, Argument, ParsedStep, ParsedWorkflow, Reference, Wire
from engine.kinds import Anything
from engine.selectors import InputSelector, OutputSelector
from engine.signature import Output
from engine.values.shape import Wired


class HandedOn(TypedDict):
    """The value that came."""

    value: Anything


@block("penstock/door@v1")
def door(value: Wired[Anything]) -> HandedOn:
    """Hand a value on, for gates to act on."""
    return {"value": value}


class Doors:
    """Steps that stand for such outputs, so that they are steps in the inner workflow like all others.

    Args:
        workflow: with the inputs and steps that values can come from.
        gated: the inner workflows that gates name.

    Attributes:
        steps: the doors that are there so far, by their names.
    """

    def __init__(self, workflow: ParsedWorkflow, gated: Collection[str]) -> None:
        self._workflow = workflow
        self._gated = gated
        self.steps: dict[str, ParsedStep] = {}

    def through(self, shown: OutputSelector, value: Argument) -> Argument:
        """What an output of an inner workflow shows: the value, or behind a gate what its door hands on."""
        if shown.step not in self._gated or shown.output.startswith(INPUT_MARK) or not isinstance(value, Wire):
            return value
        source, path = value.selector, f"{shown.step}."
        if isinstance(source, OutputSelector) and source.step.startswith(path):
            return value  # made by a step in there, on which the gate acts anyway
        kinds = self._kinds(source)
        if kinds is None:
            return value  # points to nothing, which is found when steps are linked
        name = f"{path}{INPUT_MARK}{shown.output}"
        self.steps[name] = ParsedStep(name, door, {"value": value}, {"value": Output("value", kinds)})
        return Wire(OutputSelector(name, "value"))

    def _kinds(self, source: Reference) -> tuple[str, ...] | None:
        """What a selector points to may be; None where it points to nothing."""
        if isinstance(source, InputSelector):
            item = self._workflow.inputs.get(source.name)
            return item.kinds if item else None
        step = self.steps.get(source.step) or self._workflow.steps.get(source.step)
        output = step.outputs.get(source.output) if step else None
        return output.kinds if output else None

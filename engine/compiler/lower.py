"""Last pass: names become slots, and the plan is frozen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.compiler.axes import Axes
from engine.compiler.check import kinds_of
from engine.compiler.link import Order
from engine.compiler.workflow import (
    Argument,
    Literal,
    ParsedOutput,
    ParsedStep,
    ParsedWorkflow,
    Reference,
    Wire,
    WiredDict,
    WiredList,
    is_wildcard,
)
from engine.document import ParameterInput
from engine.kinds import ANY
from engine.plan import (
    GATE,
    Constant,
    Gate,
    Gather,
    Getter,
    Plan,
    PlannedColumn,
    PlannedInput,
    PlannedOutput,
    Read,
    ReadDict,
    ReadList,
    Step,
)
from engine.selectors import InputSelector, OutputSelector, Selector, StepSelector
from engine.signature import Parameter
from engine.values.shape import Shape


def lower(workflow: ParsedWorkflow, order: Order, axes: Axes) -> Plan:
    """The plan of a workflow that all passes before have found good."""
    lowering = _Lowering(workflow, order, axes)
    steps = tuple(lowering.step(workflow.steps[name]) for name in order.names)
    return Plan(
        axes=tuple(axes.axes),
        inputs=tuple(lowering.input(name) for name in workflow.inputs),
        steps=steps,
        outputs=tuple(lowering.output(output) for output in workflow.outputs),
        slots=len(lowering.slots),
        resources=frozenset(name for step in steps for name in step.block.signature.resources),
    )


class _Lowering:
    """One workflow on its way into a plan: a slot for every input, every output and every gate."""

    def __init__(self, workflow: ParsedWorkflow, order: Order, axes: Axes) -> None:
        self._workflow = workflow
        self._order = order
        self._axes = axes
        self.slots: dict[Selector, int] = {}
        for name in workflow.inputs:
            self.slots[InputSelector(name)] = len(self.slots)
        for name in order.names:
            step = workflow.steps[name]
            for output in step.outputs:
                self.slots[OutputSelector(name, output)] = len(self.slots)
            if step.block.signature.gate:
                self.slots[StepSelector(name)] = len(self.slots)

    def input(self, name: str) -> PlannedInput:
        """One declared input."""
        item = self._workflow.inputs[name]
        default = item.default_value if isinstance(item, ParameterInput) else None
        return PlannedInput(name, self.slots[InputSelector(name)], item.kinds, self._axes.inputs[name], default)

    def step(self, step: ParsedStep) -> Step:
        """One step, its arguments sorted by when they are known."""
        constants: dict[str, Any] = {}
        parameters: list[tuple[Parameter, int]] = []
        getters: list[tuple[Parameter, Getter]] = []
        for name, argument in step.arguments.items():
            parameter = step.block.signature.parameters[name]
            if parameter.shape is Shape.BATCH:
                getters.append((parameter, self._getter(step, parameter, argument)))
            elif isinstance(argument, Literal):
                constants[name] = argument.value
            elif isinstance(argument, Wire) and not parameter.shape and self._is_parameter(argument.selector):
                parameters.append((parameter, self.slots[argument.selector]))
            else:
                getters.append((parameter, self._getter(step, parameter, argument)))
        writes = {output: self.slots[OutputSelector(step.name, output)] for output in step.outputs}
        if step.block.signature.gate:
            writes[GATE] = self.slots[StepSelector(step.name)]
        axis = self._axes.runs[step.name]
        line = self._axes.line(axis)
        return Step(
            name=step.name,
            block=step.block,
            axis=axis,
            constants=constants,
            parameters=tuple(parameters),
            getters=tuple(getters),
            gates=tuple(gate for gate in self._gates(step) if gate.axis in line),
            writes=writes,
            writes_axis=self._axes.writes[step.name],
            waits_for=self._order.waits_for[step.name],
            followers=self._order.followers[step.name],
        )

    def output(self, output: ParsedOutput) -> PlannedOutput:
        """One declared output."""
        selector, field = output.selector, output.field
        own = field.coordinates_system == "own"
        parts = output.parts
        if parts is None and isinstance(selector, OutputSelector) and is_wildcard(selector):
            names = self._workflow.steps[selector.step].outputs
            parts = tuple((name, OutputSelector(selector.step, name)) for name in names)
        shown = ((field.name, selector),) if parts is None else parts
        columns = tuple(self._column(name, part) for name, part in shown)
        return PlannedOutput(field.name, columns, parts is not None, own)

    def _column(self, name: str, selector: Reference) -> PlannedColumn:
        return PlannedColumn(name, self.slots[selector], self._axes.of(selector), kinds_of(self._workflow, selector))

    def _is_parameter(self, selector: Reference) -> bool:
        return isinstance(selector, InputSelector) and self._workflow.inputs[selector.name].depth == 0

    def _gates(self, step: ParsedStep) -> list[Gate]:
        """The gates before a step, whether they decide for its rows or for those that it gathers."""
        return [
            Gate(self.slots[StepSelector(name)], axis, called) for name, axis, called in self._axes.gates[step.name]
        ]

    def _getter(self, step: ParsedStep, parameter: Parameter, argument: Argument) -> Getter:
        if isinstance(argument, Literal):
            return Constant(argument.value)
        if isinstance(argument, WiredList):
            items = tuple(self._getter(step, parameter, item) for item in argument.items)
            return ReadList(items, self._checked_inside(parameter, argument.items))
        if isinstance(argument, WiredDict):
            named = tuple((key, self._getter(step, parameter, item)) for key, item in argument.items)
            return ReadDict(named, self._checked_inside(parameter, [item for _, item in argument.items]))
        slot, axis = self.slots[argument.selector], self._axes.of(argument.selector)
        checked = self._is_vague(argument.selector, parameter.kinds)
        if parameter.shape is not Shape.GATHERED:
            return Read(slot, axis, checked)
        gathered = [self._axes.of(s) for p, s, _ in step.wires() if p.shape is Shape.GATHERED]
        below = max(gathered, key=lambda level: self._axes.axes[level].depth)
        return Gather(slot, axis, below, tuple(gate for gate in self._gates(step) if gate.axis == below), checked)

    def _checked_inside(self, parameter: Parameter, items: Iterable[Literal | Wire]) -> bool:
        """Whether a list or dict has to be looked at: it has literals among its selectors, or values of any kind.

        What a list or dict of gathered lists may be, no annotation tells.
        """
        taken = parameter.element_kinds
        return parameter.shape is not Shape.GATHERED and any(
            ANY not in taken if isinstance(item, Literal) else self._is_vague(item.selector, taken) for item in items
        )

    def _is_vague(self, selector: Reference, taken: tuple[str, ...]) -> bool:
        """Whether the kinds at the two ends of an edge leave open whether a value fits."""
        return ANY not in taken and ANY in kinds_of(self._workflow, selector)

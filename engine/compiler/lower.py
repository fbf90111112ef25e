"""Last pass: names become slots, and the plan is frozen."""

from __future__ import annotations

from typing import Any

from engine.compiler.axes import Axes
from engine.compiler.check import kinds_of
from engine.compiler.link import Order
from engine.compiler.workflow import (
    Argument,
    Literal,
    Members,
    ParsedOutput,
    ParsedStep,
    ParsedWorkflow,
    Wire,
)
from engine.document import ParameterInput
from engine.plan import (
    GATE,
    Constant,
    Gate,
    Getter,
    Plan,
    PlannedColumn,
    PlannedInput,
    PlannedOutput,
    Read,
    ReadMembers,
    Step,
)
from engine.selectors import InputSelector, OutputSelector, Reference, Selector, StepSelector, is_wildcard
from engine.signature import Parameter
from engine.values.shape import Shape


def lower_workflow(workflow: ParsedWorkflow, order: Order, axes: Axes) -> Plan:
    """The plan of a workflow that all passes before have found good."""
    lowering = _Lowering(workflow, order, axes)
    return Plan(
        axes=tuple(axes.axes),
        inputs=tuple(lowering.input(name) for name in workflow.inputs),
        steps=tuple(lowering.step(workflow.steps[name]) for name in order.names),
        outputs=tuple(lowering.output(output) for output in workflow.outputs),
        slots=len(lowering.slots),
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
        """One step."""
        constants, run_values, getters = self._arguments(step)
        writes = {output: self.slots[OutputSelector(step.name, output)] for output in step.outputs}
        if step.block.signature.gate:
            writes[GATE] = self.slots[StepSelector(step.name)]
        gathers = self._axes.gathers[step.name]
        gates = [
            Gate(self.slots[StepSelector(gate.name)], gate.axis, gate.called) for gate in self._axes.gates[step.name]
        ]
        return Step(
            name=step.name,
            block=step.block,
            axis=self._axes.runs[step.name],
            gathers=gathers,
            constants=constants,
            run_values=run_values,
            getters=getters,
            gates=tuple(gate for gate in gates if gate.axis != gathers),
            gates_below=tuple(gate for gate in gates if gate.axis == gathers),
            targets=frozenset(target.called for target in step.targets),
            writes=writes,
            writes_axis=self._axes.writes[step.name],
            followers=self._order.followers[step.name],
        )

    def _arguments(
        self, step: ParsedStep
    ) -> tuple[dict[str, Any], tuple[tuple[Parameter, int], ...], tuple[tuple[Parameter, Getter], ...]]:
        """The arguments of a step, sorted by when they are known: now, when a run begins, and row by row.

        What goes into a `Batch` or is gathered is always read row by row, as it is there once for every row of a list.
        """
        constants: dict[str, Any] = {}
        run_values: list[tuple[Parameter, int]] = []
        getters: list[tuple[Parameter, Getter]] = []
        for name, argument in step.arguments.items():
            parameter = step.block.signature.parameters[name]
            if isinstance(argument, Literal) and parameter.shape is not Shape.BATCH:
                constants[name] = argument.value
            elif isinstance(argument, Wire) and not parameter.shape and self._is_parameter(argument.selector):
                run_values.append((parameter, self.slots[argument.selector]))
            else:
                getters.append((parameter, self._getter(argument)))
        return constants, tuple(run_values), tuple(getters)

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

    def _getter(self, argument: Argument) -> Getter:
        if isinstance(argument, Literal):
            return Constant(argument.value)
        if isinstance(argument, Members):
            return ReadMembers(argument.keys, tuple(self._getter(item) for item in argument.items))
        return Read(self.slots[argument.selector], self._axes.of(argument.selector))

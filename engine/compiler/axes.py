"""Fourth pass: every value gets an axis. Joins of values from different branches of nesting are found here."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.compiler.workflow import ParsedStep, ParsedWorkflow, Reference
from engine.errors import (
    ControlFlowDefinitionError,
    ExecutionGraphStructureError,
    StepInputDimensionalityError,
    StepInputLineageError,
)
from engine.fault import BlockError
from engine.phase import Phase, during
from engine.plan import BATCH, ROOT, Axis
from engine.selectors import InputSelector
from engine.signature import Parameter
from engine.values.shape import Shape

MAX_LEVELS = 32
"""How deep values may be nested below the input batch: what comes out is nested as deep."""

GateBefore = tuple[str, int, str]


@dataclass(slots=True)
class Axes:
    """The axes of a workflow, and what lies on which.

    Attributes:
        axes: the root, the input batch, then those that inputs and steps make.
        inputs: the axes of an input's levels, from the batch down; empty for a parameter.
        gathers: the axis that a step gathers; the root where there is none.
        runs: the axis that a step runs on.
        writes: the axis that a step's outputs lie on.
        gates: the gates before a step: their names, their axes, and what they call the step.
    """

    axes: list[Axis] = field(default_factory=lambda: [Axis(ROOT, "root", 0), Axis(ROOT, "input batch", 1)])
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    gathers: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    gates: dict[str, list[GateBefore]] = field(default_factory=dict)

    def below(self, parent: int, maker: str) -> int:
        """A new axis under `parent`."""
        self.axes.append(Axis(parent, maker, self.axes[parent].depth + 1))
        return len(self.axes) - 1

    def of(self, selector: Reference) -> int:
        """The axis of what a selector points to."""
        if isinstance(selector, InputSelector):
            levels = self.inputs[selector.name]
            return levels[-1] if levels else ROOT
        return self.writes[selector.step]

    def line(self, axis: int) -> list[int]:
        """The axes from the root down to `axis`."""
        line = [axis]
        while line[-1] != ROOT:
            line.append(self.axes[line[-1]].parent)
        return line[::-1]

    def drawn(self, axis: int) -> str:
        """The line down to an axis, by the names of who made its levels."""
        return " > ".join(self.axes[level].maker for level in self.line(axis))


@during(Phase.GRAPH)
def lay_axes(workflow: ParsedWorkflow, order: tuple[str, ...]) -> Axes:
    """Lay every input and every step, in order, on an axis.

    Raises:
        StepInputLineageError: the inputs of a step do not lie on one line from the root.
        StepInputDimensionalityError: a step gathers what is not nested, or nests too deeply.
        ExecutionGraphStructureError: a step that takes the whole batch gets many values where it takes one.
    """
    axes = Axes()
    for name, item in workflow.inputs.items():
        levels: list[int] = [BATCH] if item.depth else []
        while len(levels) < item.depth:
            levels.append(axes.below(levels[-1], f"$inputs.{name}"))
        axes.inputs[name] = tuple(levels)
    for name in order:
        step = workflow.steps[name]
        gates = axes.gates.setdefault(name, [])
        axes.gathers[name] = gathers = _gathered_axis(axes, step)
        axes.runs[name] = axis = _axis_of_step(axes, step, gathers, gates)
        _check_gates(axes, step, gates)
        for target, called in step.targets:
            axes.gates.setdefault(target, []).append((name, axis, called))
        axes.writes[name] = _deepened(axes, step, axis) if step.block.signature.each else axis
    return axes


def _deepened(axes: Axes, step: ParsedStep, axis: int) -> int:
    """The axis that a step makes below the one that it runs on."""
    if axes.axes[axis].depth > MAX_LEVELS:
        raise StepInputDimensionalityError(
            f"Step {step.name!r} nests its outputs more than {MAX_LEVELS} levels deep.",
            hint="Gather values before taking them apart again.",
            blocks=step.blame(),
        )
    return axes.below(axis, step.name)


def _gathered_axis(axes: Axes, step: ParsedStep) -> int:
    """The axis that a step gathers; the root where it gathers none. Rows of two branches have nothing in common."""
    gathers = ROOT
    for parameter, selector, _ in step.wires():
        axis = axes.of(selector)
        if parameter.shape is not Shape.GATHERED or axis in (ROOT, gathers):
            continue
        if gathers != ROOT:
            raise StepInputLineageError(
                f"Step {step.name!r} gathers from different branches: from [{axes.drawn(gathers)}], and with "
                f"{parameter.name} = '{selector}' from [{axes.drawn(axis)}].",
                hint="Gather in one step for each branch, and join what they return.",
                blocks=step.blame(parameter),
            )
        gathers = axis
    return gathers


def _axis_of_step(axes: Axes, step: ParsedStep, gathers: int, gates: list[GateBefore]) -> int:
    """The deepest axis among the inputs of a step; all others have to lie on the line above it.

    A step that has nothing but values for the whole run runs as often as the deepest of the gates before it.
    """
    reach = [(_reached(axes, parameter, selector), parameter, selector) for parameter, selector, _ in step.wires()]
    deepest, deep_parameter, deep_selector = max(
        reach, key=lambda item: axes.axes[item[0]].depth, default=(ROOT, None, None)
    )
    line = set(axes.line(deepest))
    for axis, parameter, selector in reach:
        if axis not in line:
            raise StepInputLineageError(
                f"Step {step.name!r} joins values of different branches: {deep_parameter and deep_parameter.name} = "
                f"'{deep_selector}' lies on [{axes.drawn(deepest)}], {parameter.name} = '{selector}' on "
                f"[{axes.drawn(axis)}].",
                hint="Bring one of them up to the level that they share, or take both from the same branch.",
                blocks=step.blame(parameter),
            )
        _refuse_far(axes, step, parameter, selector, deepest)
        _refuse_many(step, axis, parameter, selector)
    if deepest != ROOT or gathers != ROOT:  # what gathers the whole batch runs once, on the root
        return deepest
    return max((axis for _, axis, _ in gates), key=lambda axis: axes.axes[axis].depth, default=ROOT)


def _reached(axes: Axes, parameter: Parameter, selector: Reference) -> int:
    """The axis that an input asks a step to run on: its own, or for what is gathered the one above."""
    axis = axes.of(selector)
    return axes.axes[axis].parent if parameter.shape is Shape.GATHERED else axis


def _refuse_far(axes: Axes, step: ParsedStep, parameter: Parameter, selector: Reference, runs: int) -> None:
    """What is gathered lies right below the step; one value for the whole run stands for a row of any level."""
    axis = axes.of(selector)
    if parameter.shape is Shape.GATHERED and axis != ROOT and axes.axes[axis].parent != runs:
        raise StepInputDimensionalityError(
            f"Step {step.name!r}, {parameter.name}: gathers '{selector}' on [{axes.drawn(axis)}], which does not lie "
            f"right below [{axes.drawn(runs)}], where the step runs.",
            blocks=step.blame(parameter),
        )


def _refuse_many(step: ParsedStep, axis: int, parameter: Parameter, selector: Reference) -> None:
    """A block that takes the whole batch at once is called once, so its other arguments are one value each."""
    if step.block.signature.batch and parameter.shape is not Shape.BATCH and axis != ROOT:
        raise ExecutionGraphStructureError(
            f"Step {step.name!r}, {parameter.name}: takes one value for the whole batch, but '{selector}' has a value "
            "for every row.",
            blocks=step.blame(parameter),
        )


def _check_gates(axes: Axes, step: ParsedStep, gates: list[GateBefore]) -> None:
    """A gate decides for the rows of a step, for rows above them, or for the rows that the step gathers."""
    axis = axes.runs[step.name]
    allowed = {*axes.line(axis), axes.gathers[step.name]}
    for gate, gate_axis, _ in gates:
        if gate_axis not in allowed:
            raise ControlFlowDefinitionError(
                f"The gate {gate!r} decides on [{axes.drawn(gate_axis)}], but step {step.name!r} runs on "
                f"[{axes.drawn(axis)}].",
                hint="Decide on values from the line of nesting that the step runs on.",
                blocks=(*step.blame(), BlockError(gate)),
            )

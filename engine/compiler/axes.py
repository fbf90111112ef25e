"""Fourth pass: every value gets an axis. Joins of values from different branches of nesting are found here."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.compiler.workflow import ParsedStep, ParsedWorkflow
from engine.errors import (
    ControlFlowDefinitionError,
    ExecutionGraphStructureError,
    StepInputDimensionalityError,
    StepInputLineageError,
)
from engine.fault import BlockError
from engine.plan import INPUT_BATCH, ROOT, Axis
from engine.selectors import InputSelector, Reference
from engine.signature import Parameter
from engine.values.shape import Shape

MAX_LEVELS = 32
"""How deep values may be nested below the input batch: what comes out is nested as deep."""


@dataclass(frozen=True, slots=True)
class GateBefore:
    """A gate that has named a step.

    Attributes:
        axis: that the gate runs on.
        called: see `Target`.
    """

    name: str
    axis: int
    called: str


@dataclass(slots=True)
class Axes:
    """The axes of a workflow, and what lies on which.

    Attributes:
        axes: the root, the input batch, then those that inputs and steps make.
        inputs: the axes of an input's levels, from the batch down; empty for a parameter.
        gathers: the axis that a step gathers; None where there is none.
        runs: the axis that a step runs on.
        writes: the axis that a step's outputs lie on.
        gates: the gates before a step.
    """

    axes: list[Axis] = field(default_factory=lambda: [Axis((ROOT,), "root"), Axis((ROOT, INPUT_BATCH), "input batch")])
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    gathers: dict[str, int | None] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    gates: dict[str, list[GateBefore]] = field(default_factory=dict)

    def add(self, parent: int, maker: str) -> int:
        """A new axis below `parent`."""
        axis = len(self.axes)
        self.axes.append(Axis((*self.line(parent), axis), maker))
        return axis

    def of(self, selector: Reference) -> int:
        """The axis of what a selector points to."""
        if isinstance(selector, InputSelector):
            levels = self.inputs[selector.name]
            return levels[-1] if levels else ROOT
        return self.writes[selector.step]

    def depth(self, axis: int) -> int:
        """How deep an axis lies; 0 for the root."""
        return self.axes[axis].depth

    def line(self, axis: int) -> tuple[int, ...]:
        """The axes from the root down to `axis`."""
        return self.axes[axis].line

    def drawn(self, axis: int) -> str:
        """The line down to an axis, by the names of who made its levels."""
        return " > ".join(self.axes[level].maker for level in self.line(axis))


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one wired parameter of a step asks for.

    Attributes:
        lies: the axis of the value.
        wants: the axis that the step should run on: that one, or for what is gathered the one above.
    """

    parameter: Parameter
    selector: Reference
    lies: int
    wants: int


def lay_axes(workflow: ParsedWorkflow, order: tuple[str, ...]) -> Axes:
    """Lay every input and every step, in order, on an axis.

    Raises:
        StepInputLineageError: the inputs of a step do not lie on one line from the root.
        StepInputDimensionalityError: a step gathers what is not nested, or nests too deeply.
        ExecutionGraphStructureError: a step that takes the whole batch gets many values where it takes one.
        ControlFlowDefinitionError: a gate decides on an axis that has nothing to do with a step.
    """
    axes = Axes()
    for name, item in workflow.inputs.items():
        levels: list[int] = [INPUT_BATCH] if item.depth else []
        while len(levels) < item.depth:
            levels.append(axes.add(levels[-1], f"$inputs.{name}"))
        axes.inputs[name] = tuple(levels)
    for name in order:
        _lay_step(axes, workflow.steps[name])
    return axes


def _lay_step(axes: Axes, step: ParsedStep) -> None:
    gates = axes.gates.setdefault(step.name, [])
    claims = [_claim(axes, parameter, selector) for parameter, selector, _ in step.wires()]
    gathers = _gathered_axis(axes, step, claims)
    runs = _deepest_axis(axes, step, claims)
    for claim in claims:
        _refuse_far(axes, step, claim, runs)
        _refuse_many(step, claim)
    if runs == ROOT and gathers is None:  # the gates say how often, unless it is on the root since it gathers the batch
        runs = max((gate.axis for gate in gates), key=axes.depth, default=ROOT)
    _check_gates(axes, step, gates, runs, gathers)
    axes.gathers[step.name] = gathers
    axes.runs[step.name] = runs
    axes.writes[step.name] = _new_axis(axes, step, runs) if step.block.signature.each else runs
    for target in step.targets:
        axes.gates.setdefault(target.step, []).append(GateBefore(step.name, runs, target.called))


def _claim(axes: Axes, parameter: Parameter, selector: Reference) -> _Claim:
    # The root is its own parent: a value of it that is gathered wants the root, which is above any axis.
    lies = axes.of(selector)
    gathered = parameter.shape is Shape.GATHERED
    return _Claim(parameter, selector, lies, axes.axes[lies].parent if gathered else lies)


def _gathered_axis(axes: Axes, step: ParsedStep, claims: list[_Claim]) -> int | None:
    """The axis that a step gathers; None where it gathers nothing, or only values for the whole run."""
    gathered = [claim for claim in claims if claim.parameter.shape is Shape.GATHERED and claim.lies != ROOT]
    for claim in gathered:
        if claim.lies != gathered[0].lies:
            raise StepInputLineageError(
                f"Step {step.name!r} gathers from two axes: from [{axes.drawn(gathered[0].lies)}], and with "
                f"{claim.parameter.name} = '{claim.selector}' from [{axes.drawn(claim.lies)}].",
                hint="Gather in one step for each, and join what they return.",
                blocks=step.blame(claim.parameter),
            )
    return gathered[0].lies if gathered else None


def _deepest_axis(axes: Axes, step: ParsedStep, claims: list[_Claim]) -> int:
    """The deepest axis that a parameter wants a step to run on. All others have to lie on the line above it."""
    if not claims:
        return ROOT
    deepest = max(claims, key=lambda claim: axes.depth(claim.wants))
    for claim in claims:
        if claim.wants not in axes.line(deepest.wants):
            raise StepInputLineageError(
                f"Step {step.name!r} joins values of different branches: {deepest.parameter.name} = "
                f"'{deepest.selector}' lies on [{axes.drawn(deepest.wants)}], {claim.parameter.name} = "
                f"'{claim.selector}' on [{axes.drawn(claim.wants)}].",
                hint="Bring one of them up to the level that they share, or take both from the same branch.",
                blocks=step.blame(claim.parameter),
            )
    return deepest.wants


def _refuse_far(axes: Axes, step: ParsedStep, claim: _Claim, runs: int) -> None:
    """What is gathered lies right below the step. A value of the root may be gathered wherever the step runs."""
    if claim.parameter.shape is Shape.GATHERED and claim.lies != ROOT and claim.wants != runs:
        raise StepInputDimensionalityError(
            f"Step {step.name!r}, {claim.parameter.name}: gathers '{claim.selector}' on [{axes.drawn(claim.lies)}], "
            f"which does not lie right below [{axes.drawn(runs)}], where the step runs.",
            blocks=step.blame(claim.parameter),
        )


def _refuse_many(step: ParsedStep, claim: _Claim) -> None:
    """A block that takes all rows at once is called once, so its other arguments are one value each."""
    if step.block.signature.batch and claim.parameter.shape is not Shape.BATCH and claim.wants != ROOT:
        raise ExecutionGraphStructureError(
            f"Step {step.name!r}, {claim.parameter.name}: takes one value for the whole batch, but '{claim.selector}' "
            "has a value for every row.",
            blocks=step.blame(claim.parameter),
        )


def _check_gates(axes: Axes, step: ParsedStep, gates: list[GateBefore], runs: int, gathers: int | None) -> None:
    """A gate decides for the rows of a step, for rows above them, or for the rows that the step gathers."""
    allowed = {*axes.line(runs), gathers}
    gathered = "" if gathers is None else f" and gathers [{axes.drawn(gathers)}]"
    for gate in gates:
        if gate.axis not in allowed:
            raise ControlFlowDefinitionError(
                f"The gate {gate.name!r} decides on [{axes.drawn(gate.axis)}], but step {step.name!r} runs on "
                f"[{axes.drawn(runs)}]{gathered}.",
                hint="Decide on values of that level, or of one above it.",
                blocks=(*step.blame(), BlockError(gate.name)),
            )


def _new_axis(axes: Axes, step: ParsedStep, runs: int) -> int:
    """The axis that a step makes below the one that it runs on."""
    if axes.depth(runs) > MAX_LEVELS:
        raise StepInputDimensionalityError(
            f"Step {step.name!r} nests its outputs more than {MAX_LEVELS} levels deep.",
            hint="Gather values before taking them apart again.",
            blocks=step.blame(),
        )
    return axes.add(runs, step.name)

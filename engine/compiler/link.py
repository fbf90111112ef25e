"""Second pass: selectors become edges. Dangling selectors and cycles are found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.compiler.workflow import ParsedWorkflow
from engine.errors import ExecutionGraphStructureError, InvalidReferenceTargetError
from engine.fault import BlockError
from engine.selectors import InputSelector, Reference, Selector, StepSelector, is_wildcard
from engine.spelling import nearest


@dataclass(frozen=True, slots=True)
class Order:
    """Which step comes when.

    Attributes:
        names: of the steps, each after all that it waits for.
        followers: for every step, those that read its outputs or that it decides about, by their places in `names`.
    """

    names: tuple[str, ...]
    followers: Mapping[str, tuple[int, ...]]


def link_steps(workflow: ParsedWorkflow) -> Order:
    """The order of the steps.

    Raises:
        InvalidReferenceTargetError: a selector points to nothing.
        ExecutionGraphStructureError: steps wait for each other, or a step asks for all outputs of another.
    """
    import networkx as nx  # noqa: PLC0415 - heavy, and not needed to run a plan

    graph = nx.DiGraph()
    graph.add_nodes_from(workflow.steps)
    for step in workflow.steps.values():
        for parameter, selector, _ in step.wires():
            _check_target(workflow, selector, step.name, parameter.name)
            if is_wildcard(selector):
                raise ExecutionGraphStructureError(
                    f"Step {step.name!r}, {parameter.name}: '{selector}' names all outputs of a step, which only the "
                    "outputs of a workflow can do.",
                    hint="Name one output.",
                    blocks=step.blame(parameter),
                )
            if not isinstance(selector, InputSelector):
                graph.add_edge(selector.step, step.name)
        for target in step.targets:
            if target.step not in workflow.steps:
                _refuse(step.name, "targets", StepSelector(target.step), "step", target.step, workflow.steps)
            graph.add_edge(step.name, target.step)
    for output in workflow.outputs:
        for selector in [output.selector] if output.parts is None else [part for _, part in output.parts]:
            _check_target(workflow, selector, output.field.name, "selector")
    try:
        names = tuple(nx.topological_sort(graph))
    except nx.NetworkXUnfeasible:
        cycle = [tail for tail, _ in nx.find_cycle(graph)]
        path = " -> ".join([*cycle, cycle[0]])
        raise ExecutionGraphStructureError(
            f"These steps wait for each other: {path}.",
            hint="Cut one of these connections.",
            blocks=tuple(BlockError(block_id=name) for name in cycle),
        ) from None
    place = {name: index for index, name in enumerate(names)}
    followers = {name: tuple(place[follower] for follower in graph.successors(name)) for name in names}
    return Order(names, followers)


def _check_target(workflow: ParsedWorkflow, selector: Reference, place: str, prop: str) -> None:
    if isinstance(selector, InputSelector):
        if selector.name not in workflow.inputs:
            _refuse(place, prop, selector, "input", selector.name, workflow.inputs)
        return
    if selector.step not in workflow.steps:
        _refuse(place, prop, selector, "step", selector.step, workflow.steps)
    outputs = workflow.steps[selector.step].outputs
    if not is_wildcard(selector) and selector.output not in outputs:
        _refuse(place, prop, selector, f"output of {selector.step!r}", selector.output, outputs)


def _refuse(place: str, prop: str, selector: Selector, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    near = nearest(name, names, cutoff=0.5)
    hint = f"Did you mean {near!r}?" if near else f"There are: {', '.join(names[:20]) or 'none'}."
    raise InvalidReferenceTargetError(
        f"{place!r}, {prop}: '{selector}' points to nothing: there is no {what} called {name!r}.",
        hint=hint,
        blocks=(BlockError(block_id=place, property_name=prop, property_details=hint),),
    )

"""Third pass: along every edge, what comes has to be of a kind that is taken."""

from __future__ import annotations

from engine.compiler.inner import hand_on
from engine.compiler.workflow import ParsedWorkflow, Wire
from engine.errors import ReferenceTypeError
from engine.kinds import ANY
from engine.selectors import InputSelector, Reference


def check_kinds(workflow: ParsedWorkflow) -> None:
    """Raise ReferenceTypeError where the kinds at the two ends of an edge have nothing in common."""
    for step in workflow.steps.values():
        for parameter, selector, inside in step.wires():
            taken = parameter.element_kinds if inside else parameter.kinds
            given = kinds_of(workflow, selector)
            if not fits(given, taken):
                raise ReferenceTypeError(
                    f"Step {step.name!r}, {parameter.name}: takes {_listed(taken)}, but '{selector}' is "
                    f"{_listed(given)}.",
                    blocks=step.blame(parameter),
                )


def kinds_of(workflow: ParsedWorkflow, selector: Reference) -> tuple[str, ...]:
    """What a selector points to may be; of a value that a step merely hands on, what that may be."""
    if isinstance(selector, InputSelector):
        return workflow.inputs[selector.name].kinds
    step = workflow.steps[selector.step]
    value = step.arguments.get("value")
    if step.block is hand_on and isinstance(value, Wire):  # see `inner`
        return kinds_of(workflow, value.selector)
    return step.outputs[selector.output].kinds


def fits(given: tuple[str, ...], taken: tuple[str, ...]) -> bool:
    """Whether a value of the kinds `given` may go where those in `taken` may."""
    return ANY in given or ANY in taken or not set(given).isdisjoint(taken)


def _listed(kinds: tuple[str, ...]) -> str:
    return " or ".join(kinds)

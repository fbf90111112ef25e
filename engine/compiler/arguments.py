"""The arguments of steps: selectors where they may be, and literals that fit the annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.block import AnyBlock
from engine.compiler.scope import Scope
from engine.compiler.workflow import Argument, Literal, Members, Target, Wire
from engine.document import StepDocument
from engine.errors import ExecutionGraphStructureError, InvalidReferenceTargetError, WorkflowError, WorkflowSyntaxError
from engine.fault import BlockError
from engine.selectors import Reference, StepSelector, is_selector, parse_selector
from engine.signature import Parameter, shown


def read_arguments(
    step: StepDocument, block: AnyBlock, place: str, scope: Scope
) -> tuple[dict[str, Argument], list[BlockError]]:
    """The arguments of a step, and what is wrong with others.

    Keys that no parameter has are left alone, as today's servers do.

    Args:
        place: the name of the step in the whole workflow.
    """
    given: dict[str, Any] = {}
    for key, value in (step.model_extra or {}).items():
        name = block.signature.key(key)
        if name is not None and (key == name or name not in given):  # a parameter's own name goes before another
            given[name] = value
    arguments: dict[str, Argument] = {}
    problems: list[BlockError] = []
    for name, parameter in block.signature.parameters.items():
        try:
            if name in given:
                arguments[name] = _argument(parameter, given[name], scope)
            elif parameter.required:
                raise ValueError("Field required")
            else:
                arguments[name] = Literal(parameter.default)
        except (ValueError, WorkflowError) as error:
            problems.append(BlockError(place, step.type, None, name, str(error).rstrip(".")))
    return arguments, problems


def _argument(parameter: Parameter, value: Any, scope: Scope) -> Argument:
    """One argument: a selector, a container of selectors, or a literal that fits the annotation.

    Text that looks like a selector is a literal where nothing can be wired, such as the targets of a gate.
    """
    wires = read_wires(value, scope, alone=bool(parameter.kinds), inside=bool(parameter.element_kinds))
    if wires is not None:
        return wires
    if not parameter.literal:
        raise ValueError(f"Takes a selector such as '$inputs.image' or '$steps.step.output', got {shown(value)}")
    return Literal(parameter.takes(value))


def read_wires(value: Any, scope: Scope, *, alone: bool = True, inside: bool = True) -> Argument | None:
    """A selector, or a list or dict with selectors in it; None for a value that is written as it is.

    Args:
        alone: whether the value may be a selector.
        inside: whether it may be a list or dict of selectors.

    Raises:
        ValueError: something begins like a selector and is none.
    """
    if alone and is_selector(value):
        return Wire(_reference(value, scope))
    keys = tuple(value) if isinstance(value, dict) else None
    items = value.values() if isinstance(value, dict) else value
    if not inside or not isinstance(value, list | dict) or not any(map(is_selector, items)):
        return None
    members = (Wire(_reference(item, scope)) if is_selector(item) else Literal(item) for item in items)
    return Members(keys, tuple(members))


def read_targets(block: AnyBlock, place: str, literals: Mapping[str, Any], scope: Scope) -> tuple[Target, ...]:
    """The steps that a gate lets pass or not."""
    targets: dict[str, Target] = {}
    for parameter in block.signature.parameters.values():
        if not parameter.targets:
            continue
        value = literals[parameter.name] or ()
        for text in value.values() if isinstance(value, dict) else value:
            selector = parse_selector(text)
            where = (BlockError(place, block.type, None, parameter.name),)
            if not isinstance(selector, StepSelector):
                raise InvalidReferenceTargetError(
                    f"Step {place!r}, {parameter.name}: {text!r} does not name a step.",
                    hint="Name steps as '$steps.name'.",
                    blocks=where,
                )
            if text in targets:
                # Clients know this mistake by one class in a dict of cases, and by another in a list.
                kind = WorkflowSyntaxError if isinstance(value, dict) else ExecutionGraphStructureError
                raise kind(
                    f"Step {place!r} names '{text}' twice as a step that follows it.",
                    hint="Name each step once.",
                    blocks=where,
                )
            targets[text] = Target(scope.name(selector.step), text)
    return tuple(targets.values())


def _reference(text: str, scope: Scope) -> Reference:
    selector = parse_selector(text)
    if selector is None or isinstance(selector, StepSelector):
        raise ValueError(
            f"{text!r} is not a selector; the forms are '$inputs.name' and '$steps.name.output' with letters, digits, "
            "'_' and '-' in the names"
        )
    return scope.reference(selector)

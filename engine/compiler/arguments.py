"""What steps and outputs say: selectors where they may be, and literals that fit the annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.block import AnyBlock
from engine.compiler.scope import Scope
from engine.compiler.workflow import Argument, Literal, Members, Target, Wire
from engine.document import JsonField, StepDocument
from engine.errors import ExecutionGraphStructureError, InvalidReferenceTargetError, WorkflowError, WorkflowSyntaxError
from engine.fault import BlockError
from engine.finding import shown
from engine.selectors import Reference, StepSelector, is_selector, parse_selector
from engine.signature import Parameter


def read_arguments(
    step: StepDocument, block: AnyBlock, name: str, scope: Scope
) -> tuple[dict[str, Argument], list[BlockError]]:
    """The arguments of a step, and what is wrong with others.

    Keys that no parameter has are left alone, as today's servers do.

    Args:
        name: of the step in the whole workflow.
    """
    given: dict[str, Any] = {}
    for key, value in (step.model_extra or {}).items():
        known = block.signature.key(key)
        if known is not None and (key == known or known not in given):  # a parameter's own name goes before another
            given[known] = value
    arguments: dict[str, Argument] = {}
    problems: list[BlockError] = []
    for key, parameter in block.signature.parameters.items():
        try:
            if key in given:
                arguments[key] = _argument(parameter, given[key], scope)
            elif parameter.required:
                raise ValueError("Field required")
            else:
                arguments[key] = Literal(parameter.default)
        except (ValueError, WorkflowError) as error:  # some types of parameters check with errors of their own
            details = str(error).rstrip(".")
            problems.append(BlockError(name, step.type, property_name=key, property_details=details))
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
    if not inside or not isinstance(value, list | dict):
        return None
    keys = tuple(value) if isinstance(value, dict) else None
    items = value.values() if isinstance(value, dict) else value
    if not any(map(is_selector, items)):
        return None
    members = (Wire(_reference(item, scope)) if is_selector(item) else Literal(item) for item in items)
    return Members(keys, tuple(members))


def read_targets(block: AnyBlock, name: str, literals: Mapping[str, Any], scope: Scope) -> tuple[Target, ...]:
    """The steps that a gate lets pass or not, which are always literals."""
    targets: dict[str, Target] = {}
    for parameter in block.signature.parameters.values():
        if not parameter.targets:
            continue
        value = literals[parameter.name] or ()
        for text in value.values() if isinstance(value, dict) else value:
            selector = parse_selector(text)
            where = (BlockError(name, block.type, property_name=parameter.name),)
            if not isinstance(selector, StepSelector):
                raise InvalidReferenceTargetError(
                    f"Step {name!r}, {parameter.name}: {text!r} does not name a step.",
                    hint="Name steps as '$steps.name'.",
                    blocks=where,
                )
            if text in targets:
                # Clients know this mistake by one class in a dict of cases, and by another in a list.
                kind = WorkflowSyntaxError if isinstance(value, dict) else ExecutionGraphStructureError
                raise kind(
                    f"Step {name!r} names '{text}' twice as a step that follows it.",
                    hint="Name each step once.",
                    blocks=where,
                )
            targets[text] = Target(scope.name(selector.step), text)
    return tuple(targets.values())


def read_selector(field: JsonField) -> Reference:
    """What an output of a workflow shows."""
    selector = parse_selector(field.selector)
    if selector is None or isinstance(selector, StepSelector):
        raise InvalidReferenceTargetError(
            f"The output {field.name!r} selects {field.selector!r}, which is neither '$inputs.name' nor "
            "'$steps.name.output'.",
            blocks=(BlockError(block_id=field.name, property_name="selector"),),
        )
    return selector


def _reference(text: str, scope: Scope) -> Reference:
    selector = parse_selector(text)
    if selector is None or isinstance(selector, StepSelector):
        raise ValueError(
            f"{text!r} is not a selector; the forms are '$inputs.name' and '$steps.name.output' with letters, digits, "
            "'_' and '-' in the names"
        )
    return scope.reference(selector)

"""First pass: JSON becomes typed steps. Unknown blocks, missing properties and wrong literals are found here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from engine.block import AnyBlock
from engine.compiler.workflow import (
    Argument,
    Literal,
    ParsedOutput,
    ParsedStep,
    ParsedWorkflow,
    Wire,
    WiredDict,
    WiredList,
)
from engine.document import Document, StepDocument
from engine.errors import (
    BlockError,
    DuplicatedNameError,
    ExecutionGraphStructureError,
    InvalidReferenceTargetError,
    NotSupportedExecutionEngineError,
    WorkflowDefinitionError,
    WorkflowError,
    WorkflowSyntaxError,
)
from engine.registry import Registry
from engine.selectors import WILDCARD, OutputSelector, StepSelector, is_selector, parse_selector
from engine.signature import Parameter

ENGINE_VERSION = (1, 15, 0)
CONTEXT = "workflow_compilation | workflow_definition_parsing"

_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,2}")


def parse(definition: Any, registry: Registry) -> ParsedWorkflow:
    """The document with every step's block found and every literal checked.

    Raises:
        WorkflowSyntaxError: with one entry for every property that is wrong, not only the first.
        DuplicatedNameError: two inputs, steps or outputs share a name.
    """
    document = _document(definition)
    _refuse_duplicates(document)
    problems: list[BlockError] = []
    steps: dict[str, ParsedStep] = {}
    for step in document.steps:
        block = registry.by_identifier.get(step.type)
        if block is None:
            problems.append(_unknown_type(step, registry))
        else:
            known = len(problems)
            arguments = _arguments(step, block, problems)
            if len(problems) > known:
                continue
            literals = {name: item.value for name, item in arguments.items() if isinstance(item, Literal)}
            steps[step.name] = ParsedStep(
                step.name, block, arguments, block.outputs(literals), _targets(step, block, literals)
            )
    if problems:
        raise _syntax_error(problems)
    inputs = {item.name: item for item in document.inputs}
    return ParsedWorkflow(inputs, steps, tuple(_outputs(document)))


def _document(definition: Any) -> Document:
    if not isinstance(definition, dict):
        raise WorkflowDefinitionError(
            f"A workflow definition is a JSON object; this is a {type(definition).__name__}.", context=CONTEXT
        )
    _check_version(definition.get("version"))
    try:
        return Document.model_validate(definition)
    except ValidationError as error:
        details = tuple(_document_problem(item, definition) for item in error.errors(include_url=False))
        first = details[0]
        raise WorkflowSyntaxError(
            f"The workflow definition is not valid: {first.property_name}: {first.property_details}.",
            context=CONTEXT,
            blocks=details,
        ) from error


def _document_problem(item: Any, definition: dict[str, Any]) -> BlockError:
    """One of pydantic's findings, with the name of the step, input or output that it is about."""
    location = [part for part in item["loc"] if part not in ("image", "video", "parameter", "batch")]
    place = ".".join(str(part) for part in location)
    name = None
    if len(location) >= 2 and isinstance(location[1], int):
        entry = definition[location[0]][location[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
    return BlockError(
        block_id=name if isinstance(name, str) else None, property_name=place, property_details=item["msg"]
    )


def _check_version(version: Any) -> None:
    """Refuse a document that asks for an engine which this is not: at least `version`, below the next major."""
    if version is None:
        return
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise WorkflowDefinitionError(
            f"The version of a workflow is text such as '1.0'; this is {version!r}.", context=CONTEXT
        )
    wanted = tuple(int(part) for part in version.split("."))
    if wanted > ENGINE_VERSION or wanted[0] != ENGINE_VERSION[0]:
        ours = ".".join(str(part) for part in ENGINE_VERSION)
        raise NotSupportedExecutionEngineError(
            f"The workflow asks for version {version} of the execution engine; this server has {ours}.",
            hint="Set the version to '1.0' if it uses nothing newer.",
            context=CONTEXT,
        )


def _refuse_duplicates(document: Document) -> None:
    groups: dict[str, Iterable[Any]] = {
        "inputs": document.inputs,
        "steps": document.steps,
        "outputs": document.outputs,
    }
    for group, items in groups.items():
        names: set[str] = set()
        for item in items:
            if item.name in names:
                raise DuplicatedNameError(
                    f"Two {group} are called {item.name!r}.",
                    hint="Give each a name of its own.",
                    context=CONTEXT,
                )
            names.add(item.name)


def _unknown_type(step: StepDocument, registry: Registry) -> BlockError:
    near = get_close_matches(step.type, registry.by_identifier, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}" if near else ""
    return BlockError(
        block_id=step.name,
        block_type=step.type,
        property_name="type",
        property_details=f"There is no block of the type {step.type!r} on this server{hint}",
    )


def _arguments(step: StepDocument, block: AnyBlock, problems: list[BlockError]) -> dict[str, Argument]:
    """The arguments of a step; what is wrong with them goes to `problems`."""
    given: dict[str, Any] = {}
    for key, value in (step.model_extra or {}).items():
        name = block.signature.key(key)
        if name is not None and (key == name or name not in given):
            given[name] = value
    arguments: dict[str, Argument] = {}
    for name, parameter in block.signature.parameters.items():
        try:
            if name in given:
                arguments[name] = _argument(parameter, given[name])
            elif parameter.required:
                raise ValueError("Field required")
            else:
                arguments[name] = Literal(parameter.default)
        except (ValueError, WorkflowError) as error:
            problems.append(BlockError(step.name, step.type, None, name, reason(error)))
    return arguments


def _argument(parameter: Parameter, value: Any) -> Argument:
    """One argument: a selector, a container of selectors, or a literal that fits the annotation."""
    if parameter.kinds and is_selector(value):
        return Wire(_reference(value))
    if parameter.element_kinds and isinstance(value, list) and any(map(is_selector, value)):
        return WiredList(tuple(_member(item) for item in value))
    if parameter.element_kinds and isinstance(value, dict) and any(map(is_selector, value.values())):
        return WiredDict(tuple((key, _member(item)) for key, item in value.items()))
    if not parameter.literal:
        raise ValueError(f"Takes a selector such as '$inputs.image' or '$steps.step.output', got {_short(value)}")
    return Literal(parameter.takes(value))


def _targets(step: StepDocument, block: AnyBlock, literals: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the steps that a gate lets pass or not, without repetition within one property."""
    names: list[str] = []
    for parameter in block.signature.parameters.values():
        if not parameter.targets:
            continue
        value = literals[parameter.name]
        for text in value.values() if isinstance(value, dict) else value:
            selector = parse_selector(text)
            if not isinstance(selector, StepSelector):
                raise InvalidReferenceTargetError(
                    f"Step {step.name!r}, {parameter.name}: {text!r} does not name a step.",
                    hint="Name steps as '$steps.name'.",
                    context=CONTEXT,
                    blocks=(BlockError(step.name, step.type, None, parameter.name),),
                )
            if selector.step in names:
                raise ExecutionGraphStructureError(
                    f"Step {step.name!r} names '{text}' twice as a step that follows it.",
                    hint="Name each step once.",
                    context=CONTEXT,
                    blocks=(BlockError(step.name, step.type, None, parameter.name),),
                )
            names.append(selector.step)
    return tuple(names)


def _member(value: Any) -> Literal | Wire:
    return Wire(_reference(value)) if is_selector(value) else Literal(value)


def _reference(text: str) -> Any:
    selector = parse_selector(text)
    if selector is None or isinstance(selector, StepSelector):
        raise ValueError(
            f"{text!r} is not a selector; the forms are '$inputs.name' and '$steps.name.output' with letters, digits, "
            "'_' and '-' in the names"
        )
    return selector


def _outputs(document: Document) -> Iterable[ParsedOutput]:
    for field in document.outputs:
        selector = parse_selector(field.selector)
        if selector is None or isinstance(selector, StepSelector):
            raise InvalidReferenceTargetError(
                f"The output {field.name!r} selects {field.selector!r}, which is neither '$inputs.name' nor "
                "'$steps.name.output'.",
                context=CONTEXT,
                blocks=(BlockError(block_id=field.name, property_name="selector"),),
            )
        yield ParsedOutput(field, selector)


def _syntax_error(problems: list[BlockError]) -> WorkflowSyntaxError:
    first = problems[0]
    more = f" More problems: {len(problems) - 1}." if len(problems) > 1 else ""
    return WorkflowSyntaxError(
        f"Step {first.block_id!r} ({first.block_type}), {first.property_name}: {first.property_details}.{more}",
        context=CONTEXT,
        blocks=tuple(problems),
    )


def reason(error: Exception) -> str:
    """What is wrong with a value, in one sentence; pydantic's findings without their frames and links."""
    if not isinstance(error, ValidationError):
        return str(error).rstrip(".")
    found = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in found["loc"] if not str(part).startswith("function-"))
    text = f"{found['msg']}, got {_short(found['input'])}"
    return f"{path}: {text}" if path else text


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def is_wildcard(selector: Any) -> bool:
    """Whether a selector means all outputs of a step."""
    return isinstance(selector, OutputSelector) and selector.output == WILDCARD

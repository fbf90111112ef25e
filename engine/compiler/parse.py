"""First pass: JSON becomes typed steps. Unknown blocks, missing properties and wrong literals are found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.block import AnyBlock
from engine.compiler.arguments import read_arguments, read_targets
from engine.compiler.embed import INNER_TYPE
from engine.compiler.inner import InnerWorkflows
from engine.compiler.read import read_document
from engine.compiler.scope import Scope
from engine.compiler.workflow import Literal, ParsedOutput, ParsedStep, ParsedWorkflow
from engine.document import Document, JsonField, StepDocument
from engine.errors import InvalidReferenceTargetError, WorkflowSyntaxError
from engine.fault import BlockError
from engine.phase import Phase, during
from engine.registry import Registry
from engine.selectors import Reference, StepSelector, parse_selector
from engine.spelling import nearest

MAX_HINTS = 10
"""Problems after which no nearest type is looked for any more: that takes milliseconds."""


@during(Phase.PARSING)
def parse_workflow(definition: Any, registry: Registry) -> ParsedWorkflow:
    """The document with every step's block found, every literal checked, and inner workflows as steps of their own.

    Raises:
        WorkflowSyntaxError: with one entry for every property that is wrong, not only the first.
        DuplicatedNameError: two inputs, steps or outputs share a name.
        InnerWorkflowParameterBindingsError: inner workflows that do not fit.
        WorkflowEnvironmentConfigurationError, DynamicBlockError, DynamicBlockCodeError: blocks that come with the
            workflow cannot be run here, or are none.
    """
    document = read_document(definition)
    parser = _Parser(registry)
    parser.read(document, Scope(), {})
    if parser.problems:
        raise _syntax_error(parser.problems)
    outputs = tuple(ParsedOutput(field, read_selector(field)) for field in document.outputs)
    inputs = {item.name: item for item in document.inputs}
    return parser.inner.resolve(ParsedWorkflow(inputs, parser.steps, outputs))


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


class _Parser:
    """One pass over a document and all documents in it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.problems: list[BlockError] = []
        self.steps: dict[str, ParsedStep] = {}
        self.inner = InnerWorkflows()

    def read(self, document: Document, scope: Scope, dynamic: Mapping[str, AnyBlock]) -> None:
        """Read the steps of one document, and of the inner workflows among them.

        Args:
            dynamic: the blocks that come with the documents around this one.
        """
        _refuse_dots(document, scope)
        dynamic = {**dynamic, **self._registry.dynamic(document.dynamic_blocks_definitions or ())}
        for step in document.steps:
            if step.type == INNER_TYPE:
                inner, child = self.inner.enter(step, scope)
                self.read(inner, child, dynamic)
                self.inner.leave(child, {field.name: read_selector(field) for field in inner.outputs})
            else:
                self._read_step(step, scope, dynamic)

    def _read_step(self, step: StepDocument, scope: Scope, dynamic: Mapping[str, AnyBlock]) -> None:
        place = scope.name(step.name)
        block = dynamic.get(step.type) or self._registry.by_identifier.get(step.type)
        if block is None:
            known = (*dynamic, *self._registry.by_identifier) if len(self.problems) < MAX_HINTS else ()
            self.problems.append(_unknown_type(place, step.type, known))
            return
        arguments, problems = read_arguments(step, block, place, scope)
        self.problems += problems
        if not problems:
            literals = {name: item.value for name, item in arguments.items() if isinstance(item, Literal)}
            targets = read_targets(block, place, literals, scope)
            self.steps[place] = ParsedStep(place, block, arguments, block.outputs(literals), targets)


def _refuse_dots(document: Document, scope: Scope) -> None:
    """Refuse names with a dot where they could be taken for those of steps in an inner workflow."""
    nested = scope.path or any(step.type == INNER_TYPE for step in document.steps)
    for step in document.steps:
        if nested and "." in step.name:
            raise WorkflowSyntaxError(
                f"The step {step.name!r} has a dot in its name.",
                hint="Where workflows have inner workflows, a dot leads from one to the steps in it. Use another name.",
                blocks=(BlockError(scope.name(step.name), step.type, property_name="name"),),
            )


def _unknown_type(place: str, wanted: str, known: Iterable[str]) -> BlockError:
    near = nearest(wanted, known)
    hint = f"; did you mean {near!r}" if near else ""
    return BlockError(
        block_id=place,
        block_type=wanted,
        property_name="type",
        property_details=f"There is no block of the type {wanted!r} on this server{hint}",
    )


def _syntax_error(problems: list[BlockError]) -> WorkflowSyntaxError:
    first = problems[0]
    more = f" More problems: {len(problems) - 1}." if len(problems) > 1 else ""
    return WorkflowSyntaxError(
        f"Step {first.block_id!r} ({first.block_type}), {first.property_name}: {first.property_details}.{more}",
        blocks=tuple(problems),
    )

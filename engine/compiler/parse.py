"""First pass: JSON becomes typed steps. Unknown blocks, missing properties and wrong literals are found here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.compiler.arguments import read_arguments, read_selector, read_targets
from engine.compiler.inner import InnerWorkflows
from engine.compiler.read import read_document
from engine.compiler.scope import Scope
from engine.compiler.workflow import Literal, ParsedOutput, ParsedStep, ParsedWorkflow
from engine.document import StepDocument
from engine.errors import WorkflowSyntaxError
from engine.fault import BlockError
from engine.phase import Phase, during
from engine.registry import Blocks, Registry
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
    inner = InnerWorkflows(registry)
    steps: dict[str, ParsedStep] = {}
    problems: list[BlockError] = []
    # Each comes with the scope that turns its names into those of the whole, and with the blocks that it may be of.
    for step, scope, blocks in inner.spread(document):
        parsed = _parse_step(step, scope, blocks, problems)
        if parsed is not None:
            steps[parsed.name] = parsed
    if problems:
        raise _syntax_error(problems)
    inputs = {item.name: item for item in document.inputs}
    outputs = tuple(ParsedOutput(field, read_selector(field)) for field in document.outputs)
    # Selectors that point into inner workflows, or out of them, are replaced by what they stand for.
    return inner.resolve(ParsedWorkflow(inputs, steps, outputs))


def _parse_step(step: StepDocument, scope: Scope, blocks: Blocks, problems: list[BlockError]) -> ParsedStep | None:
    """A step whose block is one of `blocks`; None when there are problems with it, which are added to the others."""
    name = scope.name(step.name)
    block = blocks.get(step.type)
    if block is None:
        problems.append(_unknown_type(name, step.type, blocks if len(problems) < MAX_HINTS else ()))
        return None
    arguments, found = read_arguments(step, block, name, scope)
    problems += found
    if found:
        return None
    literals = {key: item.value for key, item in arguments.items() if isinstance(item, Literal)}
    return ParsedStep(name, block, arguments, block.outputs(literals), read_targets(block, name, literals, scope))


def _unknown_type(name: str, wanted: str, known: Iterable[str]) -> BlockError:
    near = nearest(wanted, known)
    hint = f"; did you mean {near!r}" if near else ""
    return BlockError(
        block_id=name,
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

"""Before a workflow is compiled: inner workflows that are named by workspace and id get their documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.compiler.scope import Scope
from engine.errors import (
    InnerWorkflowCompositionCycleError,
    InnerWorkflowInvalidStepEntryError,
    InnerWorkflowNestingDepthError,
    InnerWorkflowTotalCountError,
    WorkflowError,
)
from engine.fault import BlockError
from engine.phase import Phase, during

INNER_TYPE = "roboflow_core/inner_workflow@v1"
REFERENCE = ("workflow_workspace_id", "workflow_id")

Name = tuple[str, str]
LookUp = Callable[[str, str], Any]
"""From a workspace and an id to the document that is stored there; raises WorkflowError where there is none."""


@dataclass(frozen=True, slots=True)
class InnerLimits:
    """How many workflows may stand in a workflow, and how deep in each other."""

    max_depth: int = 4
    max_count: int = 32


@during(Phase.INNER)
def embed(definition: Any, look_up: LookUp | None = None, limits: InnerLimits | None = None) -> Any:
    """A workflow with the document of every inner workflow in its place; nothing that was given is changed.

    What is wrong with documents as such is left to the compiler.

    Args:
        look_up: finds what is named by workspace and id; None where nothing is stored.

    Raises:
        InnerWorkflowCompositionError: inner workflows are too deep, too many, in themselves, or do not say which.
        WorkflowError: what `look_up` raises, with the step that it is about.
    """
    return _Embedding(look_up, limits or InnerLimits()).whole(definition, Scope(), ())


class _Embedding:
    """One pass over a document and all documents in it."""

    def __init__(self, look_up: LookUp | None, limits: InnerLimits) -> None:
        self._look_up = look_up
        self._limits = limits
        self._count = 0
        self._documents: dict[Name, Any] = {}

    def whole(self, definition: Any, scope: Scope, chain: tuple[Name | None, ...]) -> Any:
        """A document with all others in it.

        Args:
            chain: the inner workflows around it, from the outside in; None for one that has no name.
        """
        steps = definition.get("steps") if isinstance(definition, dict) else None
        if not isinstance(steps, list) or not any(is_inner(step) for step in steps):
            return definition
        return {**definition, "steps": [self._step(step, scope, chain) if is_inner(step) else step for step in steps]}

    def _step(self, step: dict[str, Any], outside: Scope, chain: tuple[Name | None, ...]) -> dict[str, Any]:
        called = step.get("name")
        scope = Scope(outside.name(called if isinstance(called, str) else "without a name"))
        name = _name(step, scope)
        if name is not None and name in chain:
            around = " -> ".join(repr(link[1]) for link in (*chain[chain.index(name) :], name) if link)
            raise InnerWorkflowCompositionCycleError(
                f"{scope.path!r} is in itself: these stored workflows have each other as inner workflows: {around}.",
                hint="Take one of them out.",
                blocks=_blame(scope, "workflow_id"),
            )
        self._count += 1
        if len(chain) >= self._limits.max_depth:
            raise InnerWorkflowNestingDepthError(
                f"{scope.path!r} is nested more than {self._limits.max_depth} workflows deep."
            )
        if self._count > self._limits.max_count:
            raise InnerWorkflowTotalCountError(f"There are more than {self._limits.max_count} inner workflows.")
        document = step["workflow_definition"] if name is None else self._document(name, scope)
        rest = {key: value for key, value in step.items() if key not in REFERENCE}
        return {**rest, "workflow_definition": self.whole(document, scope, (*chain, name))}

    def _document(self, name: Name, scope: Scope) -> Any:
        """What is stored under a name, looked up once."""
        if self._look_up is None:
            raise _invalid(scope, "has to have its document in `workflow_definition`: nothing is stored here")
        if name not in self._documents:
            try:
                self._documents[name] = self._look_up(*name)
            except WorkflowError as error:
                message = f"The inner workflow {scope.path!r} cannot be had: {error.message}"
                blame = _blame(scope, "workflow_id")
                raise type(error)(message, hint=error.hint, blocks=blame) from error
        return self._documents[name]


def is_inner(step: Any) -> bool:
    """Whether a step is a workflow."""
    return isinstance(step, dict) and step.get("type") == INNER_TYPE


def _name(step: dict[str, Any], scope: Scope) -> Name | None:
    """The workspace and the id by which a step names its workflow; None when it has the document itself."""
    workspace, workflow = (step.get(key) for key in REFERENCE)
    if step.get("workflow_definition") is not None:
        if workspace is None and workflow is None:
            return None
    elif isinstance(workspace, str) and isinstance(workflow, str):
        return workspace, workflow
    raise _invalid(
        scope, "has either its document in `workflow_definition`, or `workflow_workspace_id` and `workflow_id`"
    )


def _invalid(scope: Scope, what: str) -> InnerWorkflowInvalidStepEntryError:
    return InnerWorkflowInvalidStepEntryError(
        f"The inner workflow {scope.path!r} {what}.",
        blocks=_blame(scope, "workflow_definition"),
    )


def _blame(scope: Scope, key: str) -> tuple[BlockError, ...]:
    return (BlockError(scope.path, INNER_TYPE, property_name=key),)

"""When in the life of a workflow an error happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from engine.errors import WorkflowError


class Phase(StrEnum):
    """A part of the life of a workflow: the `context` of its errors on the wire."""

    PARSING = "workflow_compilation | workflow_definition_parsing"
    INNER = "workflow_compilation | inner_workflows"
    DYNAMIC = "workflow_compilation | dynamic_blocks_compilation"
    GRAPH = "workflow_compilation | execution_graph_construction"
    INPUTS = "workflow_execution | runtime_input_validation"
    STEPS = "workflow_execution | step_execution"
    OUTPUTS = "workflow_execution | output_construction"


@contextmanager
def during(phase: Phase) -> Iterator[None]:
    """Set the phase of errors that are raised in here, unless an inner `during` has set it."""
    try:
        yield
    except WorkflowError as error:
        if error.context is None:
            error.context = phase
        raise

"""Calling a block: what it raises becomes an error that names the step, and what it returns is counted."""

from __future__ import annotations

from typing import Any

from engine.budget import Budget
from engine.errors import (
    ClientCausedStepExecutionError,
    DynamicBlockCodeError,
    PenstockError,
    RoboflowQueryLanguageError,
    RuntimeInputError,
    StepExecutionError,
)
from engine.fault import BlockError, Fault
from engine.plan import Step


def call(step: Step, arguments: dict[str, Any]) -> Any:
    """Call the block; what it raises becomes an error that names the step."""
    try:
        return step.block.function(**arguments)
    except DynamicBlockCodeError:
        raise
    except RoboflowQueryLanguageError as error:
        error.blocks = step.blame()
        raise
    except PenstockError as error:
        where = (BlockError(step.name, step.block.type, error.message),)
        message = f"Step {step.name!r}: {error.message}"
        if error.fault is Fault.OURS:
            raise StepExecutionError(message, hint=error.hint, blocks=where) from error
        raise ClientCausedStepExecutionError(message, cause=error, blocks=where) from error
    except Exception as error:
        raise StepExecutionError(
            f"Step {step.name!r} ({step.block.type}) failed: {type(error).__name__}.",
            hint="The log of the server has the details.",
            blocks=step.blame(),
        ) from error


def counted(step: Step, result: Any, budget: Budget) -> Any:
    """What a block returned for a row, once it is counted among what the run holds."""
    if isinstance(result, dict):
        try:
            budget.count(result.values())
        except RuntimeInputError as error:
            message = f"Step {step.name!r}: {error.message}"
            raise RuntimeInputError(message, hint=error.hint, blocks=step.blame()) from error
    return result

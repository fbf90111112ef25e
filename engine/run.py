"""One run of a plan: it owns everything that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.control import Control
from engine.crew import HEAVY_SECONDS, Crew
from engine.errors import (
    ClientCausedStepExecutionError,
    DynamicBlockCodeError,
    PenstockError,
    RoboflowQueryLanguageError,
    RuntimeInputError,
    StepExecutionError,
)
from engine.fault import BlockError, Fault
from engine.plan import Plan, Step
from engine.reading import argument, check, passing_rows
from engine.report import Report
from engine.schedule import Schedule
from engine.state import Memory
from engine.table import Column, Table
from engine.values.shape import MISSING, Shape
from engine.writing import described, misbehaved, write

STATE = "state"
CONSOLE = "console"
"""Resources of which every step gets its own."""

MUTED = "muted"
"""The resource that says whether this run must leave no trace in the world: no file, no message."""

IN_TURN = frozenset({STATE, MUTED})
"""Blocks that ask for one of these remember, or act on the world, so the order of their rows matters."""

STEP_EVENT = "workflow_execution.step"


class Run:
    """Runs the steps of a plan over a table.

    Args:
        plan: what to run.
        table: with the input columns written; the run writes the others.
        resources: what blocks ask for by the names of their keyword-only parameters.
        memory: what the steps remember from run to run.
        crew: helps with what takes long.
        control: says whether to go on.
        report: notes what it was asked to note.
    """

    def __init__(
        self,
        plan: Plan,
        table: Table,
        resources: Mapping[str, Any],
        memory: Memory,
        crew: Crew,
        control: Control,
        report: Report,
    ) -> None:
        self._plan = plan
        self._table = table
        self._resources = resources
        self._memory = memory
        self._crew = crew
        self._control = control
        self._report = report
        self._arguments = [self._fixed_arguments(step) for step in plan.steps]

    def execute(self) -> None:
        """Run every step, each as soon as what it reads is there.

        Raises:
            ClientCausedStepExecutionError: a block found fault with what the caller asked for.
            StepExecutionError: a block failed otherwise.
            RunTimeoutError, RunCancelledError: the run had to stop.
        """
        Schedule(self._plan, self._run_step, self._crew).run()

    def _run_step(self, index: int) -> None:
        """Run one step. The control keeps the time, and the crew learns whether the block takes long."""
        step, arguments = self._plan.steps[index], self._arguments[index]
        began = self._control.begin(step.name)
        try:
            with self._report.time(step.name, STEP_EVENT, type=step.block.type):
                if step.block.signature.batch:
                    results = self._run_batch(step, arguments)
                else:
                    results = self._run_rows(step, arguments, began)
                write(self._table, step, results)
            seconds = self._control.check(began) - began
        finally:
            self._control.leave()
        if any(result is not MISSING for result in results):
            self._crew.learn(step.block, seconds)

    def _fixed_arguments(self, step: Step) -> dict[str, Any]:
        """The arguments that are the same for every row; parameters of the run are checked here, before any step."""
        arguments = dict(step.constants)
        for parameter, slot in step.run_values:
            arguments[parameter.name] = check(step, parameter, self._table.column(slot)[0])
        for name in step.block.signature.resources:
            if name == STATE:
                arguments[name] = self._memory.of(step.name)
            elif name == CONSOLE:
                arguments[name] = self._report.console.of(step.name)
            else:
                arguments[name] = self._resources[name]
        return arguments

    def _run_rows(self, step: Step, arguments: dict[str, Any], began: float) -> Column:
        """Call the block for every row that has all its inputs.

        One after another, until one takes longer than `HEAVY_SECONDS` and two or more are left: these run side by side.
        """
        reads = [(parameter.name, argument(self._table, step, parameter, getter)) for parameter, getter in step.getters]

        def call(row: int, arguments: dict[str, Any]) -> Any:
            for name, read in reads:
                value = read(row)
                if value is MISSING:
                    return MISSING
                arguments[name] = value
            return self._held(step, _call(step, arguments))

        rows = passing_rows(self._table, step.gates, step.axis)
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        in_turn = not IN_TURN.isdisjoint(step.block.signature.resources)
        before = began
        for done, row in enumerate(rows, start=1):
            results[row] = call(row, arguments)
            left = len(rows) - done
            if not left:
                break
            now = self._control.check(began)
            if now - before > HEAVY_SECONDS and left > 1 and not in_turn:
                # From here on calls overlap, so each needs a dict of its own.
                self._run_side_by_side(lambda row: call(row, dict(arguments)), rows[done:], results, began)
                break
            before = now
        return results

    def _run_side_by_side(self, call: Callable[[int], Any], rows: list[int], results: Column, began: float) -> None:
        """Call a block that takes long for these rows, with help."""

        def in_time(row: int) -> Any:
            self._control.check(began)
            return call(row)

        for row, result in zip(rows, self._crew.each(in_time, rows), strict=True):
            results[row] = result

    def _run_batch(self, step: Step, arguments: dict[str, Any]) -> Column:
        """Call the block once, with all rows that have all their inputs."""
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        rows = passing_rows(self._table, step.gates, step.axis)
        lists: dict[str, dict[int, Any]] = {}
        for parameter, getter in step.getters:
            read = argument(self._table, step, parameter, getter)
            if parameter.shape is Shape.BATCH:
                lists[parameter.name] = column = {row: read(row) for row in rows}
                rows = [row for row in rows if column[row] is not MISSING]
            elif rows:
                arguments[parameter.name] = value = read(rows[0])  # one value for the whole run: any row tells it
                rows = [] if value is MISSING else rows
        if not rows:
            return results
        for name, column in lists.items():
            arguments[name] = [column[row] for row in rows]
        returned = _call(step, arguments)
        if not isinstance(returned, list) or len(returned) != len(rows):
            raise misbehaved(step, f"returned {described(returned)} for {len(rows)} rows")
        for row, result in zip(rows, returned, strict=True):
            results[row] = self._held(step, result)
        return results

    def _held(self, step: Step, result: Any) -> Any:
        """What a block returned for a row, which the run holds from now on."""
        if isinstance(result, dict):
            try:
                self._control.budget.count(result.values())
            except RuntimeInputError as error:
                raise RuntimeInputError(
                    f"Step {step.name!r}: {error.message}",
                    hint=error.hint,
                    blocks=step.blame(),
                ) from error
        return result


def _call(step: Step, arguments: dict[str, Any]) -> Any:
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

"""One run of a plan: it owns everything that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.calling import call, counted
from engine.control import Control
from engine.crew import HEAVY_SECONDS, Crew
from engine.plan import Plan, Step
from engine.reading import check, fitted, passing_rows, reader
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

    What blocks return is counted against the bytes that a run may hold.

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
        self._fixed = [self._fixed_arguments(step) for step in plan.steps]

    def execute(self) -> None:
        """Run every step, each as soon as what it reads is there.

        Raises:
            RuntimeInputError: a value does not fit the step that reads it, or there are too many.
            InvalidBlockBehaviourError: a block returned something else than it declares.
            ClientCausedStepExecutionError: a block found fault with what the caller asked for.
            StepExecutionError: a block failed otherwise.
            RunTimeoutError, RunCancelledError: the run had to stop.
        """
        Schedule(self._plan, self._run_step, self._crew).run()

    def _run_step(self, index: int) -> None:
        """Run one step.

        `begin` and `check` return the time, and raise when the run has to stop. The crew remembers which blocks take
        long: next time, the schedule gives those a thread.
        """
        step, fixed = self._plan.steps[index], self._fixed[index]
        began = self._control.begin(step.name)
        try:
            with self._report.time(step.name, STEP_EVENT, type=step.block.type):
                if step.block.signature.batch:
                    results = self._run_batch(step, fixed)
                else:
                    results = self._run_rows(step, fixed, began)
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

    def _run_rows(self, step: Step, fixed: dict[str, Any], began: float) -> Column:
        """Call the block for every row that has all its inputs.

        One after another, until one takes longer than `HEAVY_SECONDS` and two or more are left: these run side by side.
        """
        reads = [(parameter.name, reader(self._table, step, parameter, getter)) for parameter, getter in step.getters]

        def call_row(row: int) -> Any:
            arguments = dict(fixed)
            for name, read in reads:
                arguments[name] = value = read(row)
                if value is MISSING:
                    return MISSING
            for parameter, getter in step.getters:  # now that no argument is missing: what is not used may be wrong
                arguments[parameter.name] = fitted(step, parameter, getter, arguments[parameter.name])
            return counted(step, call(step, arguments), self._control.budget)

        rows = passing_rows(self._table, step.gates, step.axis)
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        in_turn = not IN_TURN.isdisjoint(step.block.signature.resources)
        before = began
        for done, row in enumerate(rows, start=1):
            results[row] = call_row(row)
            now = self._control.check(began)
            if now - before > HEAVY_SECONDS and len(rows) - done > 1 and not in_turn:
                self._run_side_by_side(call_row, rows[done:], results, began)
                break
            before = now
        return results

    def _run_side_by_side(self, call_row: Callable[[int], Any], rows: list[int], results: Column, began: float) -> None:
        """Call a block that takes long for these rows, with help."""

        def in_time(row: int) -> Any:
            self._control.check(began)
            return call_row(row)

        for row, result in zip(rows, self._crew.each(in_time, rows), strict=True):
            results[row] = result

    def _run_batch(self, step: Step, fixed: dict[str, Any]) -> Column:
        """Call the block once, with all rows that have all their inputs."""
        arguments = dict(fixed)
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        rows = passing_rows(self._table, step.gates, step.axis)
        columns: list[dict[int, Any]] = []
        for parameter, getter in step.getters:
            read = reader(self._table, step, parameter, getter)
            columns.append({row: read(row) for row in rows})
            rows = [row for row in rows if columns[-1][row] is not MISSING]
        if not rows:
            return results
        for (parameter, getter), column in zip(step.getters, columns, strict=True):
            if parameter.shape is Shape.BATCH:
                arguments[parameter.name] = [fitted(step, parameter, getter, column[row]) for row in rows]
            else:  # one value for all rows, which any of them tells
                arguments[parameter.name] = fitted(step, parameter, getter, column[rows[0]])
        returned = call(step, arguments)
        if not isinstance(returned, list) or len(returned) != len(rows):
            raise misbehaved(step, f"returned {described(returned)} for {len(rows)} rows")
        for row, result in zip(rows, returned, strict=True):
            results[row] = counted(step, result, self._control.budget)
        return results

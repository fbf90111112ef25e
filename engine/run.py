"""One run of a plan: it owns everything that changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from engine.control import Control
from engine.crew import HEAVY_SECONDS, Crew
from engine.errors import (
    ClientCausedStepExecutionError,
    DynamicBlockCodeError,
    InvalidBlockBehaviourError,
    PenstockError,
    RoboflowQueryLanguageError,
    RuntimeInputError,
    StepExecutionError,
)
from engine.fault import BlockError, Fault
from engine.inputs import MAX_ROWS, Column, Table
from engine.plan import GATE, Getter, Plan, Read, Step
from engine.reading import passes, reader
from engine.report import Report
from engine.schedule import Schedule
from engine.signature import Parameter
from engine.state import Memory
from engine.values.shape import MISSING, Shape

CONTEXT = "workflow_execution | step_execution"
STATE = "state"
CONSOLE = "console"
"""The resources that every step has one of its own of."""

MUTED = "muted"
"""The resource that says whether this run must leave no trace in the world: no file, no message."""

IN_TURN = frozenset({STATE, MUTED})
"""Blocks that ask for one of these remember, or act on the world, so the order of their rows matters."""

PART = "workflow_execution.step"


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
        step, arguments = self._plan.steps[index], self._arguments[index]
        began = self._control.begin(step.name)
        try:
            if self._report.profile:
                with self._report.time(step.name, PART, type=step.block.type):
                    self._run_block(step, arguments, began)
            else:
                self._run_block(step, arguments, began)
            self._crew.learn(step.block, self._control.end(began))
        except BaseException:
            self._control.drop()
            raise

    def _run_block(self, step: Step, arguments: dict[str, Any], began: float) -> None:
        if step.block.signature.batch:
            results = self._run_batch(step, arguments)
        else:
            results = self._run_rows(step, arguments, began)
        self._write(step, results)

    def _fixed_arguments(self, step: Step) -> dict[str, Any]:
        """The arguments that are the same for every row; parameters of the run are checked here, before any step."""
        arguments = dict(step.constants)
        for parameter, slot in step.parameters:
            arguments[parameter.name] = _checked(step, parameter, self._table.column(slot)[0])
        for name in step.block.signature.resources:
            if name == STATE:
                arguments[name] = self._memory.of(step.name)
            elif name == CONSOLE:
                arguments[name] = self._report.console.of(step.name)
            else:
                arguments[name] = self._resources[name]
        return arguments

    def _run_rows(self, step: Step, arguments: dict[str, Any], began: float) -> Column:
        """Call the block for every row that has all its inputs; side by side when that takes long."""
        readers = [
            (parameter, reader(self._table, parameter, getter, step.axis), _needs_check(getter))
            for parameter, getter in step.getters
        ]

        def call(row: int, arguments: dict[str, Any]) -> Any:
            for parameter, read, check in readers:
                value = read(row)
                if value is MISSING:
                    if not parameter.optional:
                        return MISSING
                    value = None
                elif check:
                    value = _checked(step, parameter, value)
                arguments[parameter.name] = value
            return self._held(step, _call(step, arguments))

        passing = passes(self._table, step.gates, step.axis)
        rows = [row for row in range(len(self._table.parents[step.axis])) if passing is None or passing[row]]
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        in_turn = not IN_TURN.isdisjoint(step.block.signature.resources)
        before = began
        for place, row in enumerate(rows, start=1):
            results[row] = call(row, arguments)
            if place == len(rows):
                break
            now = time.monotonic()
            self._control.check(began, now)
            if now - before > HEAVY_SECONDS and place + 1 < len(rows) and not in_turn:
                self._run_side_by_side(lambda row: call(row, dict(arguments)), rows[place:], results, began)
                break
            before = now
        return results

    def _run_side_by_side(self, call: Callable[[int], Any], rows: list[int], results: Column, began: float) -> None:
        """Call a block that takes long for these rows, with help."""

        def in_time(row: int) -> Any:
            self._control.check(began, time.monotonic())
            return call(row)

        for row, result in zip(rows, self._crew.each(in_time, rows), strict=True):
            results[row] = result

    def _run_batch(self, step: Step, arguments: dict[str, Any]) -> Column:
        """Call the block once, with all rows that have all their inputs."""
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        lists: dict[str, Column] = {}
        passing = passes(self._table, step.gates, step.axis)
        rows = [row for row in range(len(results)) if passing is None or passing[row]]
        for parameter, getter in step.getters:
            if not rows:
                return results
            read = reader(self._table, parameter, getter, step.axis)
            if parameter.shape is Shape.BATCH:
                lists[parameter.name] = column = [read(row) for row in range(len(results))]
                if not parameter.optional:
                    rows = [row for row in rows if column[row] is not MISSING]
                continue
            value = read(0)
            if value is MISSING and not parameter.optional:
                return results
            if value is MISSING:
                value = None
            elif _needs_check(getter):
                value = _checked(step, parameter, value)
            arguments[parameter.name] = value
        if not rows:
            return results
        for name, column in lists.items():
            arguments[name] = [None if column[row] is MISSING else column[row] for row in rows]
        returned = _call(step, arguments)
        if not isinstance(returned, list) or len(returned) != len(rows):
            raise _misbehaved(step, f"returned {_size(returned)} for {len(rows)} rows")
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
                    context=CONTEXT,
                    blocks=(BlockError(step.name, step.block.type),),
                ) from error
        return result

    def _write(self, step: Step, results: Column) -> None:
        """Put what the block returned into columns; a step with `Each` outputs makes the rows of its axis here."""
        if step.block.signature.gate:
            self._table.columns[step.writes[GATE]] = results
            return
        names = step.writes.keys()
        for result in results:
            if result is not MISSING and (not isinstance(result, dict) or result.keys() != names):
                raise _misbehaved(step, f"returned {_size(result)} where it declares {', '.join(names)}")
        if not step.block.signature.each:
            for name, slot in step.writes.items():
                self._table.columns[slot] = [r if r is MISSING else r[name] for r in results]
            return
        parents = self._table.parents[step.writes_axis]
        columns: list[Column] = [[] for _ in step.writes]
        for row, result in enumerate(results):
            if result is MISSING:
                self._table.absent[step.writes_axis].add(row)
                continue
            lists = [result[name] for name in names]
            if len({len(values) for values in lists}) != 1:
                raise _misbehaved(step, "returned lists of different lengths")
            parents.extend([row] * len(lists[0]))
            if len(parents) > MAX_ROWS:
                raise RuntimeInputError(
                    f"Step {step.name!r} makes more than {MAX_ROWS} rows.",
                    hint="Give the workflow less at a time.",
                    context=CONTEXT,
                    blocks=(BlockError(step.name, step.block.type),),
                )
            for column, values in zip(columns, lists, strict=True):
                column.extend(values)
        for slot, column in zip(step.writes.values(), columns, strict=True):
            self._table.columns[slot] = column


def _needs_check(getter: Getter) -> bool:
    return isinstance(getter, Read) and getter.checked


def _checked(step: Step, parameter: Parameter, value: Any) -> Any:
    try:
        return parameter.takes(value)
    except ValueError as error:
        raise RuntimeInputError(
            f"Step {step.name!r}, {parameter.name}: {error}.",
            context="workflow_execution | runtime_input_validation",
            blocks=(BlockError(step.name, step.block.type, None, parameter.name, str(error)),),
        ) from error


def _call(step: Step, arguments: dict[str, Any]) -> Any:
    """Call the block; what it raises becomes an error that names the step."""
    try:
        return step.block.function(**arguments)
    except DynamicBlockCodeError:
        raise
    except RoboflowQueryLanguageError as error:
        error.blocks = (BlockError(step.name, step.block.type),)
        error.context = CONTEXT
        raise
    except PenstockError as error:
        where = (BlockError(step.name, step.block.type, error.message),)
        message = f"Step {step.name!r}: {error.message}"
        if error.fault is Fault.OURS:
            raise StepExecutionError(message, hint=error.hint, context=CONTEXT, blocks=where) from error
        raise ClientCausedStepExecutionError(message, cause=error, blocks=where) from error
    except Exception as error:
        raise StepExecutionError(
            f"Step {step.name!r} ({step.block.type}) failed: {type(error).__name__}.",
            hint="The log of the server has the details.",
            context=CONTEXT,
            blocks=(BlockError(step.name, step.block.type),),
        ) from error


def _misbehaved(step: Step, what: str) -> InvalidBlockBehaviourError:
    return InvalidBlockBehaviourError(
        f"Step {step.name!r}: the block {step.block.type} {what}.",
        context=CONTEXT,
        blocks=(BlockError(step.name, step.block.type),),
    )


def _size(value: Any) -> str:
    return f"{len(value)} results" if isinstance(value, list) else f"a {type(value).__name__}"

"""One run of a plan: it owns everything that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.compiler.arguments import reason
from engine.errors import (
    BlockError,
    ClientCausedStepExecutionError,
    DynamicBlockCodeError,
    Fault,
    InvalidBlockBehaviourError,
    PenstockError,
    RoboflowQueryLanguageError,
    RuntimeInputError,
    StepExecutionError,
)
from engine.inputs import Column, Table
from engine.plan import GATE, ROOT, Constant, Gate, Gather, Getter, Plan, Read, ReadList, Step
from engine.python.console import Console
from engine.signature import Parameter
from engine.state import Memory
from engine.values.shape import MISSING, Shape

CONTEXT = "workflow_execution | step_execution"
STATE = "state"
CONSOLE = "console"
"""The resources that every step has one of its own of."""

Reader = Callable[[int], Any]


class Run:
    """Runs the steps of a plan over a table.

    Args:
        plan: what to run.
        table: with the input columns written; the run writes the others.
        resources: what blocks ask for by the names of their keyword-only parameters.
        memory: what the steps remember from run to run.
        console: what their Python blocks print.
    """

    def __init__(
        self, plan: Plan, table: Table, resources: Mapping[str, Any], memory: Memory, console: Console
    ) -> None:
        self._plan = plan
        self._table = table
        self._resources = resources
        self._memory = memory
        self._console = console
        self._arguments = [self._fixed_arguments(step) for step in plan.steps]

    def execute(self) -> None:
        """Run every step.

        Raises:
            ClientCausedStepExecutionError: a block found fault with what the caller asked for.
            StepExecutionError: a block failed otherwise.
        """
        for step, arguments in zip(self._plan.steps, self._arguments, strict=True):
            if step.block.signature.batch:
                results = self._run_batch(step, arguments)
            else:
                results = self._run_rows(step, arguments)
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
                arguments[name] = self._console.of(step.name)
            else:
                arguments[name] = self._resources[name]
        return arguments

    def _run_rows(self, step: Step, arguments: dict[str, Any]) -> Column:
        """Call the block for every row that has all its inputs."""
        readers = [(p, self._reader(p, getter, step.axis), _needs_check(getter)) for p, getter in step.getters]
        results: Column = []
        passes = self._passes(step.gates, step.axis)
        for row in range(len(self._table.parents[step.axis])):
            if passes is not None and not passes[row]:
                results.append(MISSING)
                continue
            for parameter, read, check in readers:
                value = read(row)
                if value is MISSING:
                    if not parameter.optional:
                        results.append(MISSING)
                        break
                    value = None
                elif check:
                    value = _checked(step, parameter, value)
                arguments[parameter.name] = value
            else:
                results.append(_call(step, arguments))
        return results

    def _run_batch(self, step: Step, arguments: dict[str, Any]) -> Column:
        """Call the block once, with all rows that have all their inputs."""
        lists: dict[str, Column] = {}
        passes = self._passes(step.gates, step.axis)
        rows = [row for row in range(len(self._table.parents[step.axis])) if passes is None or passes[row]]
        for parameter, getter in step.getters:
            read = self._reader(parameter, getter, step.axis)
            if parameter.shape is not Shape.BATCH:
                value = read(0) if rows else None
                arguments[parameter.name] = _checked(step, parameter, value) if _needs_check(getter) else value
                continue
            lists[parameter.name] = column = [read(row) for row in range(len(self._table.parents[step.axis]))]
            if not parameter.optional:
                rows = [row for row in rows if column[row] is not MISSING]
        results: Column = [MISSING] * len(self._table.parents[step.axis])
        if not rows:
            return results
        for name, column in lists.items():
            arguments[name] = [None if column[row] is MISSING else column[row] for row in rows]
        returned = _call(step, arguments)
        if not isinstance(returned, list) or len(returned) != len(rows):
            raise _misbehaved(step, f"returned {_size(returned)} for {len(rows)} rows")
        for row, result in zip(rows, returned, strict=True):
            results[row] = result
        return results

    def _passes(self, gates: tuple[Gate, ...], axis: int) -> list[bool] | None:
        """For every row of an axis, whether all gates let it pass; None when there are no gates."""
        if not gates:
            return None
        passes = [True] * len(self._table.parents[axis])
        for gate in gates:
            column, index = self._table.column(gate.slot), self._table.climb(axis, gate.axis)
            for row, above in enumerate(index):
                passes[row] = passes[row] and column[above] is not MISSING and gate.target in column[above]
        return passes

    def _reader(self, parameter: Parameter, getter: Getter, axis: int) -> Reader:
        """What gives the argument of each row of `axis`; MISSING where there is none."""
        table = self._table
        if isinstance(getter, Constant):
            constant = getter.value
            return lambda _: constant
        if isinstance(getter, Read):
            column = table.column(getter.slot)
            if getter.axis == axis:
                return column.__getitem__
            index = table.climb(axis, getter.axis)
            return lambda row: column[index[row]]
        if isinstance(getter, Gather):
            return self._gatherer(parameter, getter, axis)
        if isinstance(getter, ReadList):
            members = [self._reader(parameter, item, axis) for item in getter.items]
            return lambda row: _complete([read(row) for read in members], parameter.optional)
        named = [(key, self._reader(parameter, item, axis)) for key, item in getter.items]
        return lambda row: _complete({key: read(row) for key, read in named}, parameter.optional)

    def _gatherer(self, parameter: Parameter, getter: Gather, axis: int) -> Reader:
        """A list of the rows one level below, without the missing ones unless the block wants to see them.

        MISSING where nobody made rows: that is not the same as having made none.
        """
        column, table = self._table.column(getter.slot), self._table
        if getter.axis != getter.below:
            column = column * len(table.parents[getter.below])
        if getter.below == ROOT:
            value = column[0]
            alone = [None if value is MISSING else value]
            return lambda _: MISSING if value is MISSING and not parameter.optional else alone
        passes = self._passes(getter.gates, getter.below)
        groups = [
            [column[row] if passes is None or passes[row] else MISSING for row in group]
            for group in table.children(getter.below)
        ]
        index = table.climb(axis, table.axes[getter.below].parent)
        if parameter.optional:
            groups = [[None if value is MISSING else value for value in group] for group in groups]
            return lambda row: groups[index[row]]
        groups = [[value for value in group if value is not MISSING] for group in groups]
        absent = table.absent[getter.below]
        return lambda row: MISSING if index[row] in absent else groups[index[row]]

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
            for column, values in zip(columns, lists, strict=True):
                column.extend(values)
        for slot, column in zip(step.writes.values(), columns, strict=True):
            self._table.columns[slot] = column


def _needs_check(getter: Getter) -> bool:
    return isinstance(getter, Read) and getter.checked


def _complete(container: Any, optional: bool) -> Any:
    """A list or dict whose members are all there, or MISSING; with None for missing members where that is wanted."""
    members = container.values() if isinstance(container, dict) else container
    if not any(member is MISSING for member in members):
        return container
    if not optional:
        return MISSING
    if isinstance(container, dict):
        return {key: None if member is MISSING else member for key, member in container.items()}
    return [None if member is MISSING else member for member in container]


def _checked(step: Step, parameter: Parameter, value: Any) -> Any:
    try:
        return parameter.takes(value)
    except ValueError as error:
        raise RuntimeInputError(
            f"Step {step.name!r}, {parameter.name}: {reason(error)}.",
            context="workflow_execution | runtime_input_validation",
            blocks=(BlockError(step.name, step.block.type, None, parameter.name, reason(error)),),
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

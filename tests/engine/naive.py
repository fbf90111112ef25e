"""A second engine to check the real one by: slow, simple, and built on another idea.

It never lays anything out in order. It is asked for the value of one element, an index such as (1, 0) for the first
crop of the second picture, and asks the block that makes it, which asks for the elements that it needs, and so on up to
the inputs. It knows what the test blocks do by a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

Line = tuple[str, ...]
"""The levels of nesting that a value lies below, from the outside in, by who makes them; () for one value a run."""

Index = tuple[int, ...]
"""Which element: a number for every level of a line."""

BATCH = "the batch"


class Absence(Enum):
    """The marker of an element that is not there."""

    GONE = "gone"


GONE = Absence.GONE


class Block(NamedTuple):
    """What a test block does, and how its values are nested.

    Attributes:
        does: from arguments to outputs by name, or of a gate, to the steps that it lets pass.
        outputs: their names.
        gathers: the parameters that are lists of all elements of one parent.
        sees: the parameters that see None where something is missing.
        whole: the parameter that holds all elements of the run at once, if there is one.
        deeper: whether outputs are lists, one level deeper.
        targets: the parameter that names the steps that a gate lets pass.
    """

    does: Callable[..., Any]
    outputs: tuple[str, ...] = ("value",)
    gathers: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    whole: str = ""
    deeper: bool = False
    targets: str = ""


def _value(make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **arguments: {"value": make(**arguments)}


def _values(make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **arguments: [{"value": value} for value in make(**arguments)]


def _even(number: int) -> Any:
    return GONE if number % 2 else number


BLOCKS: Mapping[str, Block] = {
    "add": Block(lambda a, b=1: {"number": int(a) + int(b)}, ("number",)),
    "same": Block(_value(lambda value: value)),
    "drop": Block(_value(lambda value: value if value else GONE)),
    "tell": Block(_value(lambda value: ("got", value))),
    "halve": Block(_value(lambda number: None if number % 2 else number // 2)),
    "either": Block(_value(lambda value, default="none": default if value is None else value), sees=("value",)),
    "pack": Block(_value(lambda items, named={}: dict({"items": items}, **named))),
    "some": Block(_value(lambda items: items), sees=("items",)),
    "explode": Block(lambda count: {"values": [_even(n) for n in range(count)]}, ("values",), deeper=True),
    "spread": Block(lambda items: {"values": items}, ("values",), deeper=True),
    "pairs": Block(
        lambda count: {
            "low": list(range(count)),
            "high": [GONE if n % 2 else n + 10 for n in range(count)],
        },
        ("low", "high"),
        deeper=True,
    ),
    "gather": Block(_value(lambda values: values), gathers=("values",)),
    "join": Block(_value(lambda one, many: (one, many)), gathers=("many",)),
    "weave": Block(
        _value(lambda left, right, one="none": (one, left, right)), gathers=("left", "right"), sees=("right",)
    ),
    "total": Block(_values(lambda values, offset=0: [(v, sum(values) + int(offset)) for v in values]), whole="values"),
    "present": Block(
        _values(lambda values, shift=0: [(values[n], n + shift) for n in range(len(values))]),
        sees=("values",),
        whole="values",
    ),
    "chunks": Block(
        lambda counts: [{"values": [n if n != len(counts) else GONE for n in range(c)]} for c in counts],
        ("values",),
        whole="counts",
        deeper=True,
    ),
    "odd": Block(lambda value, next_steps: next_steps if value % 2 == 1 else [], (), targets="next_steps"),
    "never": Block(lambda next_steps, value=None: [], (), targets="next_steps"),
    "choose": Block(lambda value, cases: [cases[value]] if value in cases else [], (), targets="cases"),
    "any_odd": Block(
        lambda values, next_steps: next_steps if [v for v in values if v % 2] else [],
        (),
        gathers=("values",),
        targets="next_steps",
    ),
}


class Wire(NamedTuple):
    """A selector: an output of a step, or an input where there is no step."""

    step: str
    name: str


def read(argument: Any) -> Any:
    """An argument with its selectors as wires, where selectors may stand."""
    if isinstance(argument, list):
        return [_wire(member) for member in argument]
    if isinstance(argument, dict):
        return {key: _wire(member) for key, member in argument.items()}
    return _wire(argument)


def _wire(value: Any) -> Any:
    match value.split(".") if isinstance(value, str) else None:
        case ["$inputs", name]:
            return Wire("", name)
        case ["$steps", step, name]:
            return Wire(step, name)
        case _:
            return value


def wires_in(argument: Any) -> list[Wire]:
    """The wires of an argument."""
    if isinstance(argument, Wire):
        return [argument]
    members = argument.values() if isinstance(argument, dict) else argument if isinstance(argument, list) else ()
    return [member for member in members if isinstance(member, Wire)]


def starts(line: Line, beginning: Line) -> bool:
    """Whether a line begins with another."""
    return line[: len(beginning)] == beginning


class Nesting:
    """Which line every value of a workflow lies on, and what is wrong with that."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self.inputs: dict[str, dict[str, Any]] = {item["name"]: item for item in definition["inputs"]}
        self.blocks: dict[str, Block] = {}
        self.arguments: dict[str, dict[str, Any]] = {}
        self.gates: dict[str, list[tuple[str, str]]] = {step["name"]: [] for step in definition["steps"]}
        for step in definition["steps"]:
            name, block = step["name"], BLOCKS[step["type"].removeprefix("test/").removesuffix("@v1")]
            self.blocks[name] = block
            self.arguments[name] = {key: read(step[key]) for key in step if key not in ("type", "name")}
            if block.targets:
                named = step[block.targets]
                for text in named.values() if isinstance(named, dict) else named:
                    self.gates[text.removeprefix("$steps.")].append((name, text))
        self.line = cache(self._line)
        self.runs = cache(self._runs)

    def _line(self, wire: Wire) -> Line:
        if wire.step:
            line = self.runs(wire.step)
            return (*line, wire.step) if self.blocks[wire.step].deeper else line
        item = self.inputs[wire.name]
        depth = item["dimensionality"] if item["type"] == "WorkflowBatchInput" else 0
        return (BATCH, *(f"{wire.name} {level}" for level in range(2, depth + 1)))[:depth]

    def _runs(self, step: str) -> Line:
        """The line that a step runs on: that of its deepest input, or without any, of its deepest gate."""
        deepest = max((self._asked(step, key, wire) for key, wire in self.wires(step)), key=len, default=())
        if deepest or self.gathered(step):
            return deepest
        return max((self.runs(gate) for gate, _ in self.gates[step]), key=len, default=())

    def _asked(self, step: str, key: str, wire: Wire) -> Line:
        """The line that one input asks a step to run on."""
        line = self.line(wire)
        return line[:-1] if key in self.blocks[step].gathers else line

    def wires(self, step: str) -> Iterator[tuple[str, Wire]]:
        """The wires of a step and the parameters that they lead to."""
        for key, argument in self.arguments[step].items():
            for wire in wires_in(argument):
                yield key, wire

    def gathered(self, step: str) -> Line:
        """The level that a step gathers, or () where it gathers none."""
        lines = (self.line(wire) for key, wire in self.wires(step) if key in self.blocks[step].gathers)
        return max(lines, key=len, default=())

    def objections(self) -> set[str]:
        """Why this is no workflow, as the errors are called."""
        return {error for step in self.blocks for error in self._objections(step)}

    def _objections(self, step: str) -> Iterator[str]:
        block, runs, gathered = self.blocks[step], self.runs(step), self.gathered(step)
        for key, wire in self.wires(step):
            line = self.line(wire)
            if not starts(runs, self._asked(step, key, wire)):
                yield "StepInputLineageError"
            if key in block.gathers and line and line[:-1] != runs:
                yield "StepInputDimensionalityError"
            if key in block.gathers and line not in ((), gathered):
                yield "StepInputLineageError"
            if block.whole and key != block.whole and line:
                yield "ExecutionGraphStructureError"
        for gate, _ in self.gates[step]:
            if not starts(runs, self.runs(gate)) and self.runs(gate) != gathered:
                yield "ControlFlowDefinitionError"


class Naive:
    """One run of a workflow, without inner workflows, of test blocks."""

    def __init__(self, definition: dict[str, Any], inputs: dict[str, Any]) -> None:
        self._nesting = Nesting(definition)
        self._outputs = definition["outputs"]
        self._given = inputs
        self._whole = cache(self._take_whole)
        self._outcome = cache(self._work_out)
        lists = [inputs[name] for name, item in self._nesting.inputs.items() if item["type"] == "WorkflowBatchInput"]
        self._size = next((len(value) for value in lists if isinstance(value, list) and len(value) > 1), 1)

    def results(self, excluded: Collection[str] = ()) -> list[dict[str, Any]]:
        """What the workflow returns."""
        shown = [self._shown(field["selector"]) for field in self._outputs]
        batched = any(starts(self._nesting.line(wire), (BATCH,)) for wires, _ in shown for wire in wires.values())
        return [
            {
                field["name"]: self._show(wires, wildcard, element)
                for field, (wires, wildcard) in zip(self._outputs, shown, strict=True)
                if field["name"] not in excluded
            }
            for element in range(self._size if batched else 1)
        ]

    def _shown(self, selector: str) -> tuple[dict[str, Wire], bool]:
        wire = _wire(selector)
        if wire.name != "*":
            return {"": wire}, False
        return {name: Wire(wire.step, name) for name in self._nesting.blocks[wire.step].outputs}, True

    def _show(self, wires: dict[str, Wire], wildcard: bool, element: int) -> Any:
        """What one output shows in the result of one element of the batch."""
        line = next((self._nesting.line(wire) for wire in wires.values()), ())
        return self._nested(wires, wildcard, line, (element,) if starts(line, (BATCH,)) else ())

    def _nested(self, wires: dict[str, Wire], wildcard: bool, line: Line, index: Index) -> Any:
        if len(index) < len(line):
            below = self._count(line[: len(index) + 1], index)
            return [self._nested(wires, wildcard, line, (*index, n)) for n in range(0 if below is GONE else below)]
        found = {name: self._value(wire, index) for name, wire in wires.items()}
        values = {name: None if value is GONE else value for name, value in found.items()}
        return values if wildcard else values[""]

    def _count(self, line: Line, index: Index) -> Any:
        """How many elements the last level of a line has below an element of the level above; GONE if nobody said."""
        *_, maker = line
        if maker == BATCH:
            return self._size
        if maker not in self._nesting.blocks:
            inner = self._input(maker.rpartition(" ")[0], index)
            return GONE if inner is GONE else len(inner)
        outcome = self._outcome(maker, index)
        return GONE if outcome is GONE else len(next(iter(outcome.values())))

    def _elements(self, line: Line) -> Iterator[Index]:
        """All elements of a line, in order."""
        if not line:
            yield ()
            return
        for index in self._elements(line[:-1]):
            count = self._count(line, index)
            yield from ((*index, n) for n in range(0 if count is GONE else count))

    def _value(self, wire: Wire, index: Index) -> Any:
        """The value at the end of a wire for one element, which may lie deeper than the value."""
        index = index[: len(self._nesting.line(wire))]
        if not wire.step:
            return self._input(wire.name, index)
        deeper = self._nesting.blocks[wire.step].deeper
        outcome = self._outcome(wire.step, index[:-1] if deeper else index)
        if outcome is GONE:
            return GONE
        return outcome[wire.name][index[-1]] if deeper else outcome[wire.name]

    def _input(self, name: str, index: Index) -> Any:
        item = self._nesting.inputs[name]
        if item["type"] == "WorkflowParameter":
            return self._given.get(name, item["default_value"])
        value = self._given[name]
        first, *rest = index
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else value[first]
        for n in rest:
            value = value[n]
        return GONE if value is None else value

    def _work_out(self, step: str, index: Index) -> Any:
        """What a step returns for one element; GONE where it does not run."""
        if self._nesting.blocks[step].whole:
            return self._whole(step).get(index, GONE)
        arguments = self._arguments_of(step, index, self._nesting.arguments[step])
        if arguments is GONE or not self._lets_pass(step, index):
            return GONE
        return self._nesting.blocks[step].does(**arguments)

    def _take_whole(self, step: str) -> dict[Index, Any]:
        """What a step that takes all elements at once returns for each of them."""
        block, arguments = self._nesting.blocks[step], self._nesting.arguments[step]
        single = self._arguments_of(step, (), {key: value for key, value in arguments.items() if key != block.whole})
        if single is GONE:
            return {}
        among: dict[Index, Any] = {}
        for index in self._elements(self._nesting.runs(step)):
            found = self._arguments_of(step, index, {block.whole: arguments[block.whole]})
            if found is not GONE and self._lets_pass(step, index):
                among[index] = found[block.whole]
        if not among:
            return {}
        return dict(zip(among, block.does(**single, **{block.whole: list(among.values())}), strict=True))

    def _lets_pass(self, step: str, index: Index) -> bool:
        """Whether all gates that decide on the line of a step let an element pass."""
        line = self._nesting.runs(step)
        gates = [gate for gate in self._nesting.gates[step] if starts(line, self._nesting.runs(gate[0]))]
        return all(self._is_let(gate, text, index) for gate, text in gates)

    def _is_let(self, gate: str, text: str, index: Index) -> bool:
        let = self._outcome(gate, index[: len(self._nesting.runs(gate))])
        return let is not GONE and text in let

    def _arguments_of(self, step: str, index: Index, arguments: dict[str, Any]) -> Any:
        """Arguments for one element; GONE when one is missing that has to be there."""
        block = self._nesting.blocks[step]
        values: dict[str, Any] = {}
        for key, argument in arguments.items():
            if key in block.gathers and isinstance(argument, Wire):
                value = self._gather(step, argument, index, sees=key in block.sees)
            else:
                value = self._evaluate(argument, index, sees=key in block.sees)
            if value is GONE:
                return GONE
            values[key] = value
        return values

    def _evaluate(self, argument: Any, index: Index, *, sees: bool) -> Any:
        if isinstance(argument, Wire):
            value = self._value(argument, index)
            return None if value is GONE and sees else value
        if isinstance(argument, list):
            members = [self._evaluate(member, index, sees=sees) for member in argument]
            return GONE if GONE in members else members
        if isinstance(argument, dict):
            values = {key: self._evaluate(member, index, sees=sees) for key, member in argument.items()}
            return GONE if GONE in values.values() else values
        return argument

    def _gather(self, step: str, wire: Wire, index: Index, *, sees: bool) -> Any:
        """All elements one level below an element; one value for the whole run stands for each of them."""
        level = self._nesting.gathered(step)
        if not self._nesting.line(wire):
            value = self._value(wire, ())
            if value is GONE and not sees:
                return GONE
            if not level:
                return [None if value is GONE else value]
        count = self._count(level, index)
        if count is GONE:
            return [] if sees else GONE
        pickers = [gate for gate in self._nesting.gates[step] if self._nesting.runs(gate[0]) == level]
        members = []
        for inside in ((*index, n) for n in range(count)):
            picked = all(self._is_let(gate, text, inside) for gate, text in pickers)
            member = self._value(wire, inside) if picked else GONE
            if member is not GONE or sees:
                members.append(None if member is GONE else member)
        return members

"""Random workflows of the test blocks, each with inputs to run it with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.engine.arithmetic import batch_input, parameter, step, workflow
from tests.engine.naive import BATCH, BLOCKS, Block, Line, starts

NUMBERS = ("small", "number")
LISTS = ("numbers", "mixed")
ALL = ("small", "number", *LISTS, "text", "any")

TAKES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "add": {"a": NUMBERS, "b": NUMBERS},
    "same": {"value": ALL},
    "drop": {"value": ALL},
    "tell": {"value": ALL},
    "halve": {"number": NUMBERS},
    "either": {"value": ALL},
    "pack": {"items": ALL, "named": ALL},
    "some": {"items": ALL},
    "explode": {"count": ("small",)},
    "spread": {"items": LISTS},
    "pairs": {"count": ("small",)},
    "gather": {"values": ALL},
    "join": {"one": ALL, "many": ALL},
    "weave": {"left": ALL, "right": ALL, "one": ALL},
    "total": {"values": NUMBERS, "offset": NUMBERS},
    "present": {"values": ALL, "shift": NUMBERS},
    "chunks": {"counts": ("small",)},
    "odd": {"value": NUMBERS},
    "never": {"value": ALL},
    "choose": {"value": ("text",)},
    "any_odd": {"values": NUMBERS},
}
"""What may be wired to the parameters of a block: small numbers, of which there can be as many, numbers, and so on."""

GIVES = {"add": "number", "explode": "small", "pairs": "number", "chunks": "small"}
"""What a block makes; `same` and `drop` make what they get, `spread` its members, and all others something."""

TURNS = {("gather", "small"): "numbers", ("spread", "numbers"): "small"}
"""What a block makes of a sort of values."""

OPTIONAL = {("add", "b"), ("total", "offset"), ("present", "shift"), ("never", "value"), ("weave", "one")}
CONTAINERS = {("pack", "items"): list, ("some", "items"): list, ("pack", "named"): dict}

MAKERS = ("explode", "spread", "pairs", "chunks")
LEVELS = (*MAKERS, "gather", "gather", "join", "join", "weave", "weave", "total", "present")
PLAIN = ("add", "add", "add", "pack", "pack", "same", "drop", "tell", "halve", "either", "some")
GATES = ("odd", "odd", "odd", "never", "choose", "any_odd", "any_odd")

small = st.sampled_from([1, 3, 2, 0, 1, 3])
anything = st.sampled_from([2, None, 1, 0, 3])
RARELY = st.sampled_from([False] * 9 + [True])
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "small": small,
    "numbers": st.lists(small, max_size=3),
    "text": st.sampled_from("abc"),
    "any": anything,
    "mixed": st.lists(anything, max_size=3),
}
"""Values from outside, and those that are written into the workflow."""


class Case(NamedTuple):
    """A workflow, the inputs of a run, and outputs to leave out."""

    definition: dict[str, Any]
    inputs: dict[str, Any]
    excluded: tuple[str, ...]

    def __repr__(self) -> str:
        return json.dumps(self._asdict(), indent=1)


class Drawn(NamedTuple):
    """A value that steps can be wired to."""

    selector: str
    line: Line
    sort: str


@dataclass
class Place:
    """Where a step lies, as far as its wires have told by now.

    Attributes:
        line: that it runs on.
        gathered: the level that it gathers; () for none.
    """

    line: Line = ()
    gathered: Line = ()


@dataclass
class Builder:
    """One workflow while it is drawn.

    Attributes:
        tame: whether only what can be wired is wired.
    """

    draw: st.DrawFn
    tame: bool
    values: list[Drawn] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    gates: list[tuple[dict[str, Any], Line]] = field(default_factory=list)

    def inputs(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Declared inputs and what a run gives for them."""
        declared: list[dict[str, Any]] = []
        given: dict[str, Any] = {}
        size = self.draw(st.sampled_from([3, 2, 4, 1]))
        depths = self.draw(st.lists(st.sampled_from([1, 1, 2, 2, 3, 0]), min_size=1, max_size=3))
        for name, depth in zip("klmn", [self.draw(st.sampled_from([1, 2, 3])), *depths], strict=False):
            sort = "small" if name == "k" else self.draw(st.sampled_from(["small", "small", *LISTS, "text", "any"]))
            if depth:
                declared.append(batch_input(name, depth))
                given[name] = self._batch(sort, depth, size)
            else:
                default, said = self.draw(VALUES[sort]), self.draw(st.booleans())
                declared.append(parameter(name, default))
                if said:
                    given[name] = self.draw(VALUES[sort])
            line = (BATCH, *(f"{name} {level}" for level in range(2, depth + 1)))[:depth]
            self.values.append(Drawn(f"$inputs.{name}", line, sort))
        return declared, given

    def _batch(self, sort: str, depth: int, size: int) -> Any:
        """What a run gives for a batch input: a list, a list of one for all, or a single value."""
        if self.draw(RARELY):
            size = 1
        elif depth == 1 and sort not in LISTS and self.draw(RARELY):
            return self.draw(VALUES[sort].filter(lambda value: value is not None))
        return [self._element(sort, depth - 1) for _ in range(size)]

    def _element(self, sort: str, depth: int) -> Any:
        """An element of a batch input, with all that is nested in it; now and then a missing one."""
        if self.draw(RARELY):
            return None
        if not depth:
            return self.draw(VALUES[sort])
        return [self._element(sort, depth - 1) for _ in range(self.draw(st.sampled_from([2, 1, 3, 0])))]

    def step(self, kinds: Sequence[str]) -> None:
        """One more step, of one of some kinds, with gates before it."""
        kind = self.draw(st.sampled_from(kinds))
        block, name, place = BLOCKS[kind], f"s{len(self.steps)}", Place()
        arguments: dict[str, Any] = {}
        sort = "any"
        for key, sorts in TAKES[kind].items():
            if (kind, key) in OPTIONAL and self.draw(RARELY):
                continue
            if (kind, key) in CONTAINERS:
                names = self.draw(st.lists(st.sampled_from("xyz"), max_size=3, unique=True))
                members = {member: self._argument(block, key, sorts, place)[0] for member in names}
                arguments[key] = members if CONTAINERS[kind, key] is dict else list(members.values())
            else:
                arguments[key], sort = self._argument(block, key, sorts, place, literal=kind != "same")
        self._gate(name, place, block)
        if block.targets:
            arguments[block.targets] = {} if kind == "choose" else []
        made = step(kind, name, **arguments)
        self.steps.append(made)
        if block.targets:
            self.gates.append((made, place.line))
        line = (*place.line, name) if block.deeper else place.line
        gives = GIVES.get(kind, sort if kind in ("same", "drop") else "any")
        if (kind, sort) in TURNS:
            gives = TURNS[kind, sort]
        self.values.extend(Drawn(f"$steps.{name}.{output}", line, gives) for output in block.outputs)

    def _argument(
        self, block: Block, key: str, sorts: tuple[str, ...], place: Place, *, literal: bool = True
    ) -> tuple[Any, str]:
        """A selector of what fits, or a literal; and its sort."""
        fitting = [value for value in self.values if value.sort in sorts and self._fits(block, key, value, place)]
        if fitting and not (literal and self.draw(RARELY)):
            deep = [value for value in fitting if value.line]
            # What was made last leads deeper; what joins it, lies anywhere above.
            chosen = self.draw(st.sampled_from(fitting + deep + ([] if place.line else deep[-3:] * 3)))
            if key in block.gathers:
                place.gathered = max(place.gathered, chosen.line, key=len)
            place.line = max(place.line, _asked(block, key, chosen.line), key=len)
            return chosen.selector, chosen.sort
        if not literal:
            # The block takes selectors only; there always is an input, and no step has wired anything else yet.
            chosen = self.draw(st.sampled_from(self.values))
            place.line = chosen.line
            return chosen.selector, chosen.sort
        sort = self.draw(st.sampled_from([sort for sort in sorts if sort in VALUES]))
        values = VALUES[sort]
        return self.draw(st.lists(values, max_size=2) if key in block.gathers else values), "any" if key in (
            block.gathers
        ) else sort

    def _fits(self, block: Block, key: str, value: Drawn, place: Place) -> bool:
        """Whether a value can be wired to a step that has these wires already."""
        if not self.tame:
            return True
        if block.whole and key != block.whole:
            return not value.line
        asked = _asked(block, key, value.line)
        if place.gathered:
            return (
                (not value.line or value.line == place.gathered) if key in block.gathers else starts(place.line, asked)
            )
        if key in block.gathers:
            return not value.line or starts(asked, place.line)
        return starts(asked, place.line) or starts(place.line, asked)

    def _gate(self, name: str, place: Place, block: Block) -> None:
        """Put some of the gates that there are before a step."""
        for gate, line in self.gates:
            if self.tame and not _may_decide(line, place):
                continue
            if self.draw(st.sampled_from([False, False, True])):
                continue
            named = gate.get("next_steps", gate.get("cases"))
            if isinstance(named, list):
                named.append(f"$steps.{name}")
            elif named is not None and (free := [case for case in "abc" if case not in named]):
                named[free[0]] = f"$steps.{name}"
            else:
                continue
            place.line = line if not place.line and not place.gathered else place.line

    def outputs(self, inputs: Iterable[str]) -> dict[str, str]:
        """Everything that there is to show, or a part of it."""
        everything = {value.selector.removeprefix("$"): value.selector for value in self.values}
        everything |= {f"all of {made['name']}": f"$steps.{made['name']}.*" for made in self.steps}
        if not self.draw(RARELY):
            return everything
        names = self.draw(st.lists(st.sampled_from(sorted(everything)), max_size=3, unique=True))
        return {name: everything[name] for name in names}


def _asked(block: Block, key: str, line: Line) -> Line:
    return line[:-1] if key in block.gathers else line


def _may_decide(line: Line, place: Place) -> bool:
    """Whether a gate on a line may stand before a step."""
    if place.line or place.gathered:
        return starts(place.line, line) or line == place.gathered
    return True


@st.composite
def cases(draw: st.DrawFn, *, tame: bool, most: int = 12) -> Case:
    """A workflow and inputs to run it with.

    Args:
        tame: whether only what can be wired is wired; otherwise what is nested differently is wired all the same.
        most: how many steps there are at most.
    """
    builder = Builder(draw, tame)
    inputs, given = builder.inputs()
    # A few kinds a workflow meet each other more often than all kinds would.
    kinds = [draw(st.sampled_from(group)) for group in (PLAIN, PLAIN, LEVELS, LEVELS, GATES, GATES)]
    for _ in range(draw(st.sampled_from([*range(1, most + 1), *range(most // 2, most + 1)]))):
        builder.step(kinds)
    outputs = builder.outputs(given)
    excluded = draw(st.lists(st.sampled_from(sorted(outputs)), max_size=3, unique=True)) if outputs else []
    steps = draw(st.permutations(builder.steps))
    return Case(workflow(inputs, steps, outputs), given, tuple(excluded))

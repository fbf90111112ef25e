"""The same workflow written differently: some of its steps in an inner workflow, which may not change any result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from engine.compiler.embed import INNER_TYPE
from tests.engine.arithmetic import parameter, workflow
from tests.engine.random_workflows import Case

TARGETS = ("next_steps", "cases")
NOT_WIRED = ("type", "name", "workflow_definition", *TARGETS)
BINDINGS = "parameter_bindings"

Json = Mapping[str, Any]
Rewrite = Callable[[Any], Any]


@st.composite
def folded(draw: st.DrawFn, cases: st.SearchStrategy[Case]) -> tuple[Case, dict[str, Any]]:
    """A case, and its definition with steps in inner workflows, one after another, around or in each other."""
    case = draw(cases)
    definition = case.definition
    for number in range(draw(st.sampled_from([1, 2, 3]))):
        steps = definition["steps"]
        chosen = _with_gates(draw, steps) if draw(st.booleans()) else _behind_gates(draw, steps)
        fold = _Fold(draw, definition, chosen, f"inner{number}")
        definition = fold.definition()
        if fold.reaches_out:  # what a gate names from inside has to stay where it is
            break
    return case, definition


def _with_gates(draw: st.DrawFn, steps: list[Json]) -> frozenset[str]:
    """Some steps, and all before and behind their gates."""
    closed = draw(st.sets(st.sampled_from([step["name"] for step in steps]), min_size=1))
    groups = [{step["name"], *_targets(step)} for step in steps if _targets(step)]
    while any(group & closed and not group <= closed for group in groups):
        closed.update(*(group for group in groups if group & closed))
    return frozenset(closed)


def _behind_gates(draw: st.DrawFn, steps: list[Json]) -> frozenset[str]:
    """Some steps behind the same gates: these stay outside, and act on the whole inner workflow."""
    gates = {step["name"]: {gate["name"] for gate in steps if step["name"] in _targets(gate)} for step in steps}
    name = draw(st.sampled_from([name for name in gates if gates[name]] or list(gates)))
    if any("cases" in step for step in steps if step["name"] in gates[name]):  # a case names one step
        return frozenset({name})
    alike = [other for other in gates if gates[other] == gates[name]]
    return frozenset(alike) if draw(st.booleans()) else frozenset({name} | draw(st.sets(st.sampled_from(alike))))


def _targets(step: Json) -> list[str]:
    named: Any = next((step[key] for key in TARGETS if key in step), [])
    return [text.removeprefix("$steps.") for text in (named.values() if isinstance(named, dict) else named)]


class _Fold:
    """One set of steps on its way into an inner workflow.

    Attributes:
        reaches_out: whether a gate inside names a step outside.
    """

    def __init__(self, draw: st.DrawFn, outer: Json, chosen: frozenset[str], name: str) -> None:
        self._draw = draw
        self._outer = outer
        self._name = name
        self._bindings: dict[str, Any] = {}
        self._shown: dict[str, str] = {}
        inside = [step for step in outer["steps"] if step["name"] in chosen]
        self.reaches_out = any(target not in chosen for step in inside for target in _targets(step))
        # Names that are used outside, too, unless a gate has to find a step there.
        names = sorted(chosen)
        fresh = names if self.reaches_out else draw(st.permutations([f"s{n}" for n in range(len(inside))]))
        self._names = dict(zip(names, fresh, strict=True))

    def definition(self) -> dict[str, Any]:
        """The whole workflow."""
        steps = self._outer["steps"]
        inside = [self._inside(step) for step in steps if step["name"] in self._names]
        around = [self._outside(step) for step in steps if step["name"] not in self._names]
        outputs = {output["name"]: self._led_out(output["selector"]) for output in self._outer["outputs"]}
        inner = {
            "type": INNER_TYPE,
            "name": self._name,
            "workflow_definition": workflow([parameter(name) for name in self._bindings], inside, self._shown),
            BINDINGS: self._bindings,
        }
        place = self._draw(st.integers(0, len(around)))
        return workflow(self._outer["inputs"], [*around[:place], inner, *around[place:]], outputs)

    def _inside(self, step: Json) -> dict[str, Any]:
        targets = {name: f"$steps.{self._names.get(name, name)}" for name in _targets(step)}
        return {**_rewritten(step, self._bound, targets), "name": self._names[step["name"]]}

    def _outside(self, step: Json) -> dict[str, Any]:
        targets = {name: f"$steps.{self._name if name in self._names else name}" for name in _targets(step)}
        return _rewritten(step, self._led_out, targets)

    def _bound(self, value: Any) -> Any:
        """An argument inside: what comes from outside, and some of what is written there, is an input."""
        if _step_of(value) in self._names:
            return self._renamed(value)
        if not _is_selector(value) and self._draw(st.sampled_from([True, True, False])):
            return value
        name = f"i{len(self._bindings)}"
        self._bindings[name] = value
        return f"$inputs.{name}"

    def _led_out(self, value: Any) -> Any:
        """An argument outside: what comes from inside is an output."""
        if _step_of(value) not in self._names:
            return value
        name = value.removeprefix("$steps.").replace(".", "__").replace("*", "all")
        self._shown[name] = self._renamed(value)
        return f"$steps.{self._name}.{name}"

    def _renamed(self, selector: str) -> str:
        _, step, output = selector.split(".")
        return f"$steps.{self._names[step]}.{output}"


def _rewritten(step: Json, rewrite: Rewrite, targets: Mapping[str, str]) -> dict[str, Any]:
    """A step with every argument rewritten, and the steps that a gate names as `targets` has them, each once."""
    made = {key: value if key in NOT_WIRED else _each(rewrite, key, value) for key, value in step.items()}
    if "next_steps" in step:
        made["next_steps"] = list(dict.fromkeys(targets[text.removeprefix("$steps.")] for text in step["next_steps"]))
    if "cases" in step:
        made["cases"] = {case: targets[text.removeprefix("$steps.")] for case, text in step["cases"].items()}
    return made


def _each(rewrite: Rewrite, key: str, value: Any) -> Any:
    if isinstance(value, dict) and (key == BINDINGS or any(map(_is_selector, value.values()))):
        return {name: _each(rewrite, "", item) for name, item in value.items()}
    if isinstance(value, list) and any(map(_is_selector, value)):
        return [rewrite(item) for item in value]
    return rewrite(value)


def _is_selector(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("$inputs.", "$steps."))


def _step_of(value: Any) -> str | None:
    """The step that a selector points at."""
    return value.split(".")[1] if _is_selector(value) and value.startswith("$steps.") else None

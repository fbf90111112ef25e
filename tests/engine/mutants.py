"""Mutants: workflows and inputs of workflows that went wrong in ways which nobody would think of."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.engine.arithmetic import boxed

MAX_PLACES = 2000
MAX_SHOWN_DEPTH = 40
MAX_SHOWN_LENGTH = 200

Place = tuple[Any, Any]
"""A list or dict, and the index or key of a value in it."""


def deep_group(levels: int) -> dict[str, Any]:
    """Groups of statements in groups of statements."""
    statement: dict[str, Any] = {
        "type": "UnaryStatement",
        "operand": {"type": "DynamicOperand"},
        "operator": {"type": "Exists"},
    }
    for _ in range(levels):
        statement = {"type": "StatementGroup", "statements": [statement]}
    return statement


NASTY: tuple[Callable[[], Any], ...] = (
    *(lambda value=value: value for value in (None, True, False, 0, 1, -1, 0.0, -0.0, 2, 3.5, 255, 10**6)),
    *(lambda value=value: value for value in (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324)),
    *(lambda value=value: value for value in (2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**70), 10**400)),
    *(lambda value=value: value for value in ("", " ", "0", "-1", "1e999", "nan", "true", "null", "*", ".", "$", "\0")),
    *(lambda value=value: value for value in ("$inputs.", "$steps.", "$steps.a", "$steps.a.b", "$steps.*.*")),
    *(lambda value=value: value for value in ("$inputs.a.b", "$steps..", "$inputs.$inputs.a", "$steps.a.*", "$")),
    *(
        lambda value=value: value
        for value in ("\ud800", "a\udfffb", "\u202e", "ß", "İ", "e\u0301", "\U0001f9ea", "\ufffe")
    ),
    *(lambda value=value: value for value in ("b'\\x00\\xff'", "AAAA====", "data:image/png;base64,", "(" * 500)),
    *(lambda value=value: value for value in ("(a+)+$", "[[a]", "(?i", "a{99999}", "\\", "%s%n", "{0.__class__}")),
    *(lambda value=value: value for value in ("__proto__", "__class__", "type", "name", "../../etc/passwd")),
    lambda: "x" * 50_000,
    lambda: "$inputs." + "x" * 50_000,
    lambda: list(range(3000)),
    lambda: dict.fromkeys(map(str, range(3000))),
    *(lambda levels=levels: boxed(0, levels) for levels in (50, 200, 2000)),
    *(lambda levels=levels: deep_group(levels) for levels in (20, 60, 2000)),
    list,
    dict,
    lambda: [None],
    lambda: [[]],
    lambda: [float("nan")],
    lambda: {"": ""},
    lambda: {"1": 1, "true": True, "null": None, "NaN": float("nan")},
    lambda: {1: "one"},
    lambda: {None: "none"},
    lambda: {"type": "x", "name": "x"},
    lambda: {"name": ["image"]},
    lambda: {"type": "base64", "value": "AAAA"},
    lambda: b"bytes",
    lambda: {1, 2},
    lambda: (1, 2),
    object,
)
"""Values that nobody expects, made afresh each time."""


def places(document: Any) -> list[Place]:
    """Where values stand in a document, not counting what is too deep or too much."""
    found: list[Place] = []
    level = [document]
    for _ in range(MAX_SHOWN_DEPTH):
        inner: list[Any] = []
        for value in level:
            keys: Any = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
            for key in list(keys)[: MAX_PLACES - len(found)]:
                found.append((value, key))
                inner.append(value[key])
        level = inner
    return found


def shown(value: Any, budget: list[int], depth: int = 0) -> Any:
    """A value in a form that can be printed and pasted, with what is too deep, too long or too much cut off."""
    budget[0] -= 1
    if isinstance(value, dict | list) and (depth > MAX_SHOWN_DEPTH or budget[0] < 0):
        return "<more>"
    if isinstance(value, dict):
        return {str(key): shown(item, budget, depth + 1) for key, item in list(value.items())[:MAX_SHOWN_LENGTH]}
    if isinstance(value, list):
        return [shown(item, budget, depth + 1) for item in value[:MAX_SHOWN_LENGTH]]
    if isinstance(value, str) and len(value) > MAX_SHOWN_LENGTH:
        return f"<{value[:20]}... of {len(value)} characters>"
    return value if isinstance(value, str | bool | float | None) or type(value) is int else repr(value)


def printed(value: Any) -> str:
    """What a failing test says of a mutant."""
    return json.dumps(shown(value, [MAX_PLACES]))


class Mutator:
    """Makes mutants of documents; those of one seed and one number are always the same."""

    def __init__(self, documents: Sequence[Any], seed: int, number: int) -> None:
        self._documents = documents
        self._random = Random(f"{seed} {number}")  # noqa: S311 - to be repeatable is the point
        self._mutations = (
            *(3 * [self._replace, self._delete, self._swap, self._retarget, self._retarget, self._splice]),
            *(2 * [self._duplicate, self._rename, self._retype, self._add_key, self._change_type]),
            *(self._wrap_step, self._wrap_in_itself, self._contain_itself, self._nest, self._many_steps),
        )

    def workflow(self) -> Any:
        """A mutant of one of the documents."""
        document = copy.deepcopy(self._random.choice(self._documents))
        if self._random.random() < 0.01:
            return self._nasty()
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 2, 3, 5, 8))):
            self._random.choice(self._mutations)(document)
        return document

    def inputs(self, given: dict[str, Any]) -> Any:
        """A mutant of the inputs of a run."""
        document = copy.deepcopy(given)
        for _ in range(self._random.choice((0, 1, 1, 2, 3))):
            self._random.choice(
                (
                    self._replace,
                    self._replace,
                    self._delete,
                    self._swap,
                    self._duplicate,
                    self._change_type,
                    self._lengthen,
                )
            )(document)
        return document

    def _nasty(self) -> Any:
        return self._random.choice(NASTY)()

    def _place(self, document: Any, kind: type | tuple[type, ...] = object) -> Place | None:
        found = [(holder, key) for holder, key in places(document) if isinstance(holder[key], kind)]
        return self._random.choice(found) if found else None

    def _replace(self, document: Any) -> None:
        if place := self._place(document):
            place[0][place[1]] = self._nasty()

    def _delete(self, document: Any) -> None:
        if place := self._place(document):
            del place[0][place[1]]

    def _swap(self, document: Any) -> None:
        one, other = self._place(document), self._place(document)
        if one and other:
            (a, first), (b, second) = one, other
            if not _holds(a[first], b) and not _holds(b[second], a):
                a[first], b[second] = b[second], a[first]

    def _splice(self, document: Any) -> None:
        """Put a part of another document into this one, more often than not under the same key."""
        other = copy.deepcopy(self._random.choice(self._documents))
        source, target = self._place(other), self._place(document)
        if source and target:
            same = [place for place in places(document) if place[1] == source[1]]
            holder, key = self._random.choice(same) if same and self._random.random() < 0.7 else target
            holder[key] = source[0][source[1]]

    def _duplicate(self, document: Any) -> None:
        if place := self._place(document, list):
            members = place[0][place[1]]
            times = self._random.choice((1, 1, 2, 40))
            members.extend(copy.copy(self._random.choice(members)) for _ in range(times if members else 0))

    def _rename(self, document: Any) -> None:
        """Call a key, or what bears a name, as something else."""
        place = self._place(document)
        if place and isinstance(place[0], dict):
            name = self._nasty()
            key = name if isinstance(name, str | int | None) else self._random.choice(("type", "name", "data"))
            place[0][key] = place[0].pop(place[1])

    def _retype(self, document: Any) -> None:
        """Let something be of the type of something else, here or in another document."""
        types = [holder[key] for holder, key in places(self._random.choice(self._documents)) if key == "type"]
        targets = [place for place in places(document) if place[1] == "type"]
        if types and targets:
            holder, key = self._random.choice(targets)
            holder[key] = self._random.choice(types)

    def _retarget(self, document: Any) -> None:
        """Let a selector point to where another one points, or to the output of another name."""
        texts = [place for place in places(document) if isinstance(place[0][place[1]], str)]
        found = [(holder, key) for holder, key in texts if holder[key].startswith("$")]
        if found:
            holder, key = self._random.choice(found)
            other, at = self._random.choice(found)
            text = other[at]
            holder[key] = text if self._random.random() < 0.7 else f"{text.rpartition('.')[0]}.{self._word(document)}"

    def _word(self, document: Any) -> str:
        place = self._place(document, str)
        return place[0][place[1]] if place else "x"

    def _add_key(self, document: Any) -> None:
        place = self._place(document, dict)
        if place:
            keys = [key for _, key in places(document) if isinstance(key, str)]
            other = self._place(document)
            value = other[0][other[1]] if other and self._random.random() < 0.5 else self._nasty()
            place[0][place[1]][self._random.choice(keys)] = copy.copy(value)

    def _change_type(self, document: Any) -> None:
        if place := self._place(document):
            value = place[0][place[1]]
            forms: tuple[Callable[[], Any], ...] = (
                lambda: [value],
                lambda: {"value": value},
                lambda: printed(value)[:100],
                lambda: [value, value],
                lambda: list(value.values()) if isinstance(value, dict) else value,
                lambda: dict(enumerate(value)) if isinstance(value, list) else value,
                lambda: {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else value,
            )
            place[0][place[1]] = self._random.choice(forms)()

    def _lengthen(self, document: Any) -> None:
        if place := self._place(document, list):
            members = place[0][place[1]]
            place[0][place[1]] = members * self._random.choice((0, 2, 3, 20 if len(members) < 20 else 1))

    def _steps(self, document: Any) -> list[Any]:
        steps = document.get("steps") if isinstance(document, dict) else None
        return steps if isinstance(steps, list) else []

    def _inner(self, definition: Any, names: Sequence[str]) -> dict[str, Any]:
        return {
            "type": "roboflow_core/inner_workflow@v1",
            "name": self._random.choice(("w", "inner", "x.y", "s")),
            "workflow_definition": definition,
            "parameter_bindings": {name: f"$inputs.{name}" for name in names},
        }

    def _names(self, document: Any) -> list[str]:
        inputs = document.get("inputs") if isinstance(document, dict) else None
        items = inputs if isinstance(inputs, list) else []
        return [item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)]

    def _wrap_in_itself(self, document: Any) -> None:
        """Make a document a step of itself, as often as its size allows."""
        if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
            return
        for _ in range(self._random.choice((1, 1, 2, 4, 5))):
            step = self._inner(copy.copy(document), self._names(document))
            document["steps"] = [*document["steps"], step] if self._random.random() < 0.5 else [step]

    def _contain_itself(self, document: Any) -> None:
        """Put a document into a place of itself, so that it has no end."""
        if self._random.random() < 0.2 and (place := self._place(document)):
            place[0][place[1]] = document
        elif isinstance(document, dict):
            document["steps"] = [*self._steps(document), self._inner(document, self._names(document))]

    def _wrap_step(self, document: Any) -> None:
        """Make a step a workflow of its own."""
        steps = self._steps(document)
        if steps:
            index = self._random.randrange(len(steps))
            inside = {"version": "1.0", "inputs": document.get("inputs"), "steps": [steps[index]], "outputs": []}
            steps[index] = self._inner(inside, self._names(document))

    def _nest(self, document: Any) -> None:
        """Nest a group of statements, or a value, in others of its kind."""
        if place := self._place(document, dict):
            holder, key = place
            for _ in range(self._random.choice((1, 5, 30, 40))):
                if holder[key].get("type") == "StatementGroup":
                    holder[key] = {"type": "StatementGroup", "statements": [holder[key]]}
                else:
                    holder[key] = {"type": "SequenceApply", "operations": [holder[key]]}

    def _many_steps(self, document: Any) -> None:
        steps = self._steps(document)
        if steps and self._random.random() < 0.3:
            step = self._random.choice(steps)
            count = self._random.choice((10, 50, 2100))
            if isinstance(step, dict):
                steps.extend({**step, "name": f"copy{number}"} for number in range(count))


def _holds(value: Any, holder: Any) -> bool:
    return value is holder or any(value[key] is holder for value, key in places(value))

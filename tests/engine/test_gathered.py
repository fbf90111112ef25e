"""The table above the plan tells what is in a list that is gathered; every row of it is run here."""

from __future__ import annotations

from typing import Any

import pytest

from engine import plan as page
from engine.block import block
from engine.engine import Engine
from engine.guard.limits import Limits, SourcePolicy
from engine.kinds import Anything
from engine.registry import Registry
from engine.values.shape import Gathered, NextSteps, Passage
from engine.wire.read_image import ImageLoader
from tests.engine.arithmetic import BLOCKS, Value, batch_input, parameter, step, workflow

INPUTS = [batch_input("crops"), batch_input("found"), parameter("r")]
CROPS = step("spread", "crop", items="$inputs.crops")
"""The crop step: as many rows as it is given names."""
NAMED = step("drop", "named", value="$steps.crop.values")
"""Missing where a name is empty."""
ALL = {"crops": [["a0", "a1", "a2"]], "found": [True], "r": "r"}
SECOND_MISSING = {**ALL, "crops": [["a0", "", "a2"]]}


@block("test/holes@v1")
def holes(values: Gathered[Anything | None]) -> Value:
    """All values below, and None for those that are missing."""
    return {"value": values}


@block("test/there@v1")
def there(value: Anything, next_steps: NextSteps) -> Passage:
    """Let steps pass where there is something."""
    return Passage(next_steps if value else [])


@block("test/all_lists@v1")
def all_lists(values: Gathered[list[int]]) -> Value:
    """Lists below, or several gathered lists."""
    return {"value": values}


def gathering(selector: str) -> list[dict[str, Any]]:
    """Two steps that gather the same, in either form."""
    return [step("gather", "plain", values=selector), step("holes", "optional", values=selector)]


def beside(selector: str) -> list[dict[str, Any]]:
    """Two steps that gather crops as well."""
    return [
        step("weave", "plain", left=selector, right="$steps.crop.values"),
        step("weave", "optional", left="$steps.crop.values", right=selector),
    ]


ROWS: dict[str, list[tuple[list[dict[str, Any]], dict[str, Any]]]] = {
    "all three are there": [([CROPS, *gathering("$steps.crop.values")], ALL)],
    "a1 is missing, or a gate holds it": [
        ([CROPS, NAMED, *gathering("$steps.named.value")], SECOND_MISSING),
        (
            [
                CROPS,
                step("there", "gate", value="$steps.crop.values", next_steps=["$steps.plain", "$steps.optional"]),
                *gathering("$steps.crop.values"),
            ],
            SECOND_MISSING,
        ),
    ],
    "the crop step found nothing in a": [([CROPS, *gathering("$steps.crop.values")], {**ALL, "crops": [[]]})],
    "the crop step was skipped for a": [
        (
            [
                step("there", "gate", value="$inputs.found", next_steps=["$steps.crop"]),
                CROPS,
                *gathering("$steps.crop.values"),
            ],
            {**ALL, "found": [False]},
        )
    ],
    "r of the root, if crops are gathered": [([CROPS, *beside("$inputs.r")], ALL)],
    "r of the root, if nothing else is": [(gathering("$inputs.r"), ALL)],
    "r is missing": [
        ([CROPS, step("drop", "none", value="$inputs.r"), *beside("$steps.none.value")], {**ALL, "r": ""}),
        ([step("drop", "none", value="$inputs.r"), *gathering("$steps.none.value")], {**ALL, "r": ""}),
    ],
}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["$steps.crop.values", "$inputs.r"], [["a", "b"], ["r", "r"]]),
        ({"x": "$steps.crop.values"}, {"x": ["a", "b"]}),
    ],
)
def test_several_gathered_lists_are_not_checked(values: Any, expected: Any) -> None:
    subject = Engine(Registry(iter((*BLOCKS, all_lists))), ImageLoader(Limits(), SourcePolicy()), {})
    steps = [CROPS, step("all_lists", "s", values=values)]
    plan = subject.plan(workflow(INPUTS, steps, {"o": "$steps.s.value"}))
    assert subject.run(plan, {"crops": [["a", "b"]], "found": [True], "r": "r"}) == [{"o": expected}]


def told() -> dict[str, tuple[str, str]]:
    """The rows of the table, in both forms of the parameter."""
    _, _, table = (page.__doc__ or "").partition("Gathered[T | None]\n")
    lines = [line.strip() for line in table.partition("\n\n")[0].splitlines()]
    return {line[:39].strip(): (line[39:55].strip(), line[55:].strip()) for line in lines}


def test_the_table_has_these_rows() -> None:
    assert told().keys() == ROWS.keys()


@pytest.mark.parametrize("row", ROWS)
def test_what_is_gathered(row: str) -> None:
    subject = Engine(Registry(iter((*BLOCKS, holes, there))), ImageLoader(Limits(), SourcePolicy()), {})
    seen: dict[str, list[str]] = {"plain": [], "optional": []}
    for steps, inputs in ROWS[row]:
        shown = {form: f"$steps.{form}.value" for form in seen}
        (result,) = subject.run(subject.plan(workflow(INPUTS, steps, shown)), inputs)
        for form, value in result.items():
            # A step that gathers crops as well returns both lists, the one that is asked for in the place of its form.
            values = value[1 if form == "plain" else 2] if isinstance(value, tuple) else value
            seen[form].append("not called" if values is None else str(values).replace("'", ""))
    assert tuple(", or ".join(dict.fromkeys(found)) for found in seen.values()) == told()[row]

"""What a run tells besides its results: when everything happened, and why steps were skipped."""

from __future__ import annotations

from typing import Any

from engine.report import Report
from engine.skips import MAX_TOLD
from tests.engine.arithmetic import batch_input, engine, step, workflow
from tests.engine.naps import napping_engine

N = batch_input("n")


def skipped(document: dict[str, Any], inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """What a run of a workflow says of its skipped steps."""
    subject, report = engine(), Report(debug=True)
    subject.run(subject.plan(document), inputs, report=report)
    return report.skipped


def test_a_gate_is_named() -> None:
    steps = [
        step("odd", "gate", value="$inputs.n", next_steps=["$steps.a"]),
        step("add", "a", a="$inputs.n"),
        step("add", "b", a="$steps.a.number"),
    ]
    assert skipped(workflow([N], steps, {"o": "$steps.b.number"}), {"n": [1, 2, 3]}) == [
        {
            "step": "a",
            "type": "test/add@v1",
            "rows": 3,
            "skipped": 1,
            "reasons": [{"row": [1], "reason": "The gate 'gate' did not let it pass."}],
        },
        {
            "step": "b",
            "type": "test/add@v1",
            "rows": 3,
            "skipped": 1,
            "reasons": [{"row": [1], "reason": "Its input 'a' ($steps.a.number) is missing."}],
        },
    ]


def test_a_gate_behind_a_gate_is_told_apart() -> None:
    steps = [
        step("never", "first", next_steps=["$steps.second"]),
        step("odd", "second", value="$inputs.n", next_steps=["$steps.a"]),
        step("add", "a", a="$inputs.n"),
    ]
    found = skipped(workflow([N], steps, {"o": "$steps.a.number"}), {"n": 1})
    reasons = {entry["step"]: entry["reasons"][0]["reason"] for entry in found}
    assert reasons == {
        "second": "The gate 'first' did not let it pass.",
        "a": "The gate 'second' was itself skipped.",
    }


def test_rows_are_named_by_their_place_on_every_level() -> None:
    steps = [step("explode", "rows", count="$inputs.n"), step("add", "a", a="$steps.rows.values")]
    (entry,) = skipped(workflow([N], steps, {"o": "$steps.a.number"}), {"n": [1, 4, 2]})
    assert (entry["rows"], entry["skipped"]) == (7, 3)
    assert [reason["row"] for reason in entry["reasons"]] == [[1, 1], [1, 3], [2, 1]]


def test_what_is_missing_in_a_container_is_named() -> None:
    steps = [step("pack", "p", items=["$inputs.n", "$inputs.m"])]
    (entry,) = skipped(workflow([N, batch_input("m")], steps, {"o": "$steps.p.value"}), {"n": [1, None], "m": [1, 2]})
    assert entry["reasons"] == [{"row": [1], "reason": "Its input 'items' ($inputs.n and $inputs.m) is missing."}]


def test_many_rows_are_counted_and_few_are_told() -> None:
    steps = [step("add", "a", a="$inputs.n")]
    (entry,) = skipped(workflow([N], steps, {"o": "$steps.a.number"}), {"n": [None] * 100})
    assert (entry["skipped"], len(entry["reasons"])) == (100, MAX_TOLD)


def test_nothing_is_told_of_steps_that_ran() -> None:
    assert (
        skipped(workflow([N], [step("either", "e", value="$inputs.n")], {"o": "$steps.e.value"}), {"n": [None]}) == []
    )


def test_a_profile_has_every_step_and_part() -> None:
    subject, report = napping_engine(), Report(profile=True)
    steps = [step("nap", name, value="$inputs.n", seconds=0.02) for name in ("a", "b")]
    subject.run(subject.plan(workflow([N], steps, {"o": "$steps.a.value"})), {"n": 1}, report=report)
    events = {event["name"]: event for event in report.events}
    assert events.keys() == {"a", "b", "inputs", "steps", "outputs"}
    assert {event["ph"] for event in report.events} == {"X"}
    assert events["a"]["args"] == {"type": "test/nap@v1"}
    assert events["a"]["cat"] == "workflow_execution.step"
    assert 20_000 <= events["a"]["dur"] <= events["steps"]["dur"]
    assert events["steps"]["ts"] <= events["a"]["ts"]
    assert events["a"]["ts"] + events["a"]["dur"] <= events["steps"]["ts"] + events["steps"]["dur"]
    assert events["a"]["tid"] != events["b"]["tid"]
    subject.close()


def test_a_run_of_which_nothing_is_asked_notes_nothing() -> None:
    subject, report = engine(), Report()
    subject.run(subject.plan(workflow([N], [step("add", "a", a="$inputs.n")], {})), {"n": [None]}, report=report)
    assert (report.events, report.skipped) == ([], [])

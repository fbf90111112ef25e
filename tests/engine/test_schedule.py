"""Steps start when what they read is there, long ones side by side, and a run stops when it has to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.control import Control
from engine.crew import HELPERS, Crew
from engine.engine import Engine
from engine.errors import RunCancelledError, RunTimeoutError, StepExecutionError
from tests.engine.arithmetic import batch_input, parameter, step, workflow
from tests.engine.naps import napping_engine

SECONDS = 0.05
N = batch_input("n")


@pytest.fixture
def subject() -> Iterator[Engine]:
    made = napping_engine()
    yield made
    made.close()


def naps(**wires: str) -> list[dict[str, Any]]:
    """Steps that take long, each after the step or input that it is wired to."""
    return [step("nap", name, value=selector, seconds=SECONDS) for name, selector in wires.items()]


def timed(subject: Engine, document: dict[str, Any], inputs: dict[str, Any]) -> tuple[float, list[dict[str, Any]]]:
    """The best of three runs, since machines have other things to do, and its results."""
    plan = subject.plan(document)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        results = subject.run(plan, inputs)
        times.append(time.perf_counter() - started)
    return min(times), results


def test_independent_steps_run_side_by_side(subject: Engine) -> None:
    document = workflow([N], naps(a="$inputs.n", b="$inputs.n"), {"a": "$steps.a.value", "b": "$steps.b.value"})
    seconds, results = timed(subject, document, {"n": 1})
    assert seconds < 1.2 * SECONDS
    assert results == [{"a": 1, "b": 1}]


def test_no_step_waits_for_one_that_it_does_not_read(subject: Engine) -> None:
    """A chain of two beside one long step: with a barrier between levels it would take three times as long as a nap."""
    steps = [*naps(a="$inputs.n", b="$steps.a.value"), step("nap", "long", value="$inputs.n", seconds=2 * SECONDS)]
    seconds, _ = timed(subject, workflow([N], steps, {"o": "$steps.b.value"}), {"n": 1})
    assert seconds < 2.3 * SECONDS


def test_a_chain_runs_in_line(subject: Engine) -> None:
    document = workflow([N], naps(a="$inputs.n", b="$steps.a.value"), {"o": "$steps.b.value"})
    seconds, results = timed(subject, document, {"n": 3})
    assert seconds >= 2 * SECONDS
    assert results == [{"o": 3}]


def test_rows_of_a_long_step_run_side_by_side(subject: Engine) -> None:
    """The first row tells that it takes long; the others share the threads."""
    document = workflow([N], naps(a="$inputs.n"), {"o": "$steps.a.value"})
    seconds, results = timed(subject, document, {"n": list(range(5))})
    assert seconds < 4 * SECONDS
    assert [result["o"] for result in results] == list(range(5))


def test_rows_of_a_step_that_remembers_run_in_turn(subject: Engine) -> None:
    document = workflow([N], [step("ledger", "a", value="$inputs.n", seconds=0.005)], {"o": "$steps.a.value"})
    results = subject.run(subject.plan(document), {"n": list(range(6))})
    assert [result["o"] for result in results] == [list(range(row + 1)) for row in range(6)]


def test_light_steps_stay_in_the_thread_of_the_run(subject: Engine) -> None:
    """Once it is known that they are light, however many there are side by side."""
    steps = [step("thread", f"s{index}", value="$inputs.n") for index in range(50)]
    plan = subject.plan(workflow([N], steps, {f"o{index}": f"$steps.s{index}.value" for index in range(50)}))
    subject.run(plan, {"n": 1})
    (result,) = subject.run(plan, {"n": 1})
    assert set(result.values()) == {threading.get_ident()}


def test_many_runs_at_once_do_not_wait_for_each_other(subject: Engine) -> None:
    """More runs than helpers, each with steps and rows to share: all come to an end, with their own results."""
    steps = [step("nap", f"s{index}", value="$inputs.n", seconds=0.002) for index in range(4)]
    plan = subject.plan(workflow([N], steps, {f"o{index}": f"$steps.s{index}.value" for index in range(4)}))
    found: dict[int, Any] = {}

    def run(number: int) -> None:
        found[number] = subject.run(plan, {"n": [number] * 6})

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(3 * HELPERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {number: [{f"o{index}": number for index in range(4)}] * 6 for number in range(3 * HELPERS)}


def test_a_failure_ends_the_run_once_nothing_runs_any_more(subject: Engine) -> None:
    steps = [*naps(a="$inputs.n", b="$inputs.n"), step("fail", "bad", value="$inputs.n")]
    steps.append(step("ledger", "never", value="$steps.bad.value", seconds=0.0))
    plan = subject.plan(workflow([N], steps, {"o": "$steps.a.value"}))
    for _ in range(3):
        control = Control()
        with pytest.raises(StepExecutionError, match="'bad'"):
            subject.run(plan, {"n": 1}, control=control)
        assert control.steps == ()


@settings(deadline=None, max_examples=60)
@given(some.lists(some.tuples(some.integers(0, 100), some.booleans()), min_size=1, max_size=12))
def test_every_step_runs_after_what_it_reads(shape: list[tuple[int, bool]]) -> None:
    """Random trees of steps, some of which take a while: sums along every path come out right."""
    subject = napping_engine()
    steps, expected = [], [0]
    for index, (parent, slow) in enumerate(shape):
        source = parent % (index + 1)
        selector = f"$steps.s{source}.value" if source else "$inputs.n"
        steps.append(step("count", f"s{index + 1}", value=selector, seconds=0.002 * slow))
        expected.append(expected[source] + 1)
    outputs = {f"o{index + 1}": f"$steps.s{index + 1}.value" for index in range(len(shape))}
    (result,) = subject.run(subject.plan(workflow([N], steps[::-1], outputs)), {"n": 0})
    assert list(result.values()) == expected[1:]
    subject.close()


def test_each_raises_what_failed_first_in_order() -> None:
    crew = Crew(())

    def work(item: int) -> int:
        time.sleep(0.001 * (5 - item))
        if item in (2, 3):
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match=r"2|3"):
        crew.each(work, range(5))
    assert crew.each(lambda item: -item, range(5)) == [0, -1, -2, -3, -4]
    assert crew.each(lambda item: item, ()) == []
    crew.close()


def test_a_run_that_takes_too_long_stops_at_the_next_step(subject: Engine) -> None:
    document = workflow([N], naps(a="$inputs.n", b="$steps.a.value", c="$steps.b.value"), {"o": "$steps.c.value"})
    started = time.perf_counter()
    with pytest.raises(RunTimeoutError, match=r"The workflow took longer than 0\.02 seconds"):
        subject.run(subject.plan(document), {"n": 1}, control=Control(seconds=0.02))
    assert time.perf_counter() - started < 2 * SECONDS


def test_a_step_that_takes_too_long_is_named(subject: Engine) -> None:
    document = workflow([N], [step("same", "quick", value="$inputs.n"), *naps(slow="$steps.quick.value")], {})
    with pytest.raises(RunTimeoutError, match=r"Step 'slow' took longer than 0\.02 seconds") as caught:
        subject.run(subject.plan(document), {"n": 1}, control=Control(step_seconds=0.02))
    assert [block.block_id for block in caught.value.blocks] == ["slow"]


def test_a_block_that_takes_all_rows_and_too_long_is_named(subject: Engine) -> None:
    plan = subject.plan(workflow([N], [step("nap_once", "slow", values="$inputs.n", seconds=SECONDS)], {}))
    with pytest.raises(RunTimeoutError, match=r"Step 'slow' took longer than 0\.02 seconds"):
        subject.run(plan, {"n": [1, 2]}, control=Control(step_seconds=0.02))


def test_rows_are_not_begun_when_time_is_up(subject: Engine) -> None:
    plan = subject.plan(workflow([N], naps(a="$inputs.n"), {}))
    started = time.perf_counter()
    with pytest.raises(RunTimeoutError):
        subject.run(plan, {"n": [1] * 40}, control=Control(step_seconds=0.12))
    assert time.perf_counter() - started < 10 * SECONDS


def test_a_run_that_is_called_off_stops(subject: Engine) -> None:
    plan = subject.plan(workflow([N], naps(a="$inputs.n", b="$steps.a.value"), {}))
    control = Control()
    threading.Timer(0.01, control.cancel).start()
    with pytest.raises(RunCancelledError):
        subject.run(plan, {"n": 1}, control=control)
    with pytest.raises(RunCancelledError):
        subject.run(plan, {"n": 1}, control=control)


def test_what_a_run_waits_for_is_known_while_it_waits(subject: Engine) -> None:
    control = Control(step_seconds=0.02)
    plan = subject.plan(workflow([parameter("p")], naps(slow="$inputs.p"), {}))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(subject.run, plan, {}, control=control)
        time.sleep(0.035)
        verdict = control.verdict()
    assert verdict is not None
    assert "Step 'slow'" in verdict.message
    assert run.exception() is control.verdict() is verdict


def test_a_step_that_ran_for_no_row_tells_nothing_of_its_block() -> None:
    subject = napping_engine()
    gate = step("never", "gate", next_steps=["$steps.a", "$steps.b"])
    held = subject.plan(workflow([N], [gate, *naps(a="$inputs.n", b="$inputs.n")], {}))
    free = subject.plan(workflow([N], naps(a="$inputs.n", b="$inputs.n"), {}))
    subject.run(free, {"n": 1})
    for _ in range(100):
        subject.run(held, {"n": 1})
    started = time.perf_counter()
    subject.run(free, {"n": 1})
    assert time.perf_counter() - started < 1.7 * SECONDS
    subject.close()


def test_helpers_can_be_called_while_a_crew_closes() -> None:
    """A helper that calls another one must not wait for whoever waits for that helper."""
    crew, begun = Crew(()), threading.Event()

    def call_another() -> None:
        begun.set()
        time.sleep(0.02)
        crew.call(lambda: None)

    crew.call(call_another)
    begun.wait()
    closing = threading.Thread(target=crew.close, daemon=True)
    closing.start()
    closing.join(timeout=5)
    assert not closing.is_alive()
    crew.close()

"""What the engine alone costs: compiling, binding, and steps that do next to nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.engine.arithmetic import batch_input, engine, step, workflow
from tests.engine.naps import napping_engine

STEPS = 1000
CROPS = 1000
REPEATS = 20
NAP = 0.05


def engine_rows() -> Iterator[str]:
    """One line a measurement; each is the best of many."""
    subject = napping_engine()
    chain = _chain(STEPS)
    yield f"compile {STEPS} steps: {_best(lambda: engine().plan(chain)) * 1e3:.1f} ms"
    plan = subject.plan(chain)
    seconds = _best(lambda: subject.run(plan, {"n": 0}))
    yield f"run a chain of {STEPS} cheap steps: {seconds / STEPS * 1e6:.1f} us a step"
    short = _chain(3)
    subject.plan(short)
    yield f"find a plan of 3 steps in the cache: {_best(lambda: subject.plan(short)) * 1e6:.0f} us"
    side_by_side = subject.plan(_naps())
    seconds = _best(lambda: subject.run(side_by_side, {"n": 0}))
    yield f"two steps of {NAP * 1e3:.0f} ms that do not need each other: {seconds * 1e3:.1f} ms"
    fan = subject.plan(_fan())
    seconds = _best(lambda: subject.run(fan, {"n": [list(range(CROPS))]}))
    subject.close()
    yield f"{CROPS} rows through 3 steps a row: {seconds * 1e3:.1f} ms"


def _best(call: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def _chain(length: int) -> dict[str, Any]:
    steps = [step("add", "s0", a="$inputs.n")]
    steps += [step("add", f"s{index}", a=f"$steps.s{index - 1}.number") for index in range(1, length)]
    return workflow([batch_input("n")], steps, {"o": f"$steps.s{length - 1}.number"})


def _naps() -> dict[str, Any]:
    """Two steps that only wait."""
    steps = [step("nap", name, value="$inputs.n", seconds=NAP) for name in ("a", "b")]
    return workflow([batch_input("n")], steps, {"o": "$steps.a.value"})


def _fan() -> dict[str, Any]:
    """One list, spread, and three steps for every member."""
    steps = [
        step("spread", "rows", items="$inputs.n"),
        step("add", "a", a="$steps.rows.values"),
        step("add", "b", a="$steps.a.number"),
        step("add", "c", a="$steps.b.number"),
    ]
    return workflow([batch_input("n")], steps, {"o": "$steps.c.number"})

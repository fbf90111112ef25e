"""Whether a run may go on: nobody has called it off, it is in time, and it does not hold too much."""

from __future__ import annotations

import time
from math import inf
from threading import get_ident
from typing import Any

from engine.budget import MAX_BYTES, Budget
from engine.errors import RunCancelledError, RunTimeoutError, WorkflowExecutionEngineError
from engine.fault import BlockError
from engine.phase import Phase


class Control:
    """Says stop to one run, from whatever thread.

    Python cannot stop a block that is at work in a thread, so a run ends where it next asks. Whoever waits for its
    results can ask for the `verdict` meanwhile, and give up before the block returns.

    Args:
        seconds: that the run may take from its `start` on; None for any number.
        step_seconds: that each step may take; None for any number.
        most_bytes: that its values may hold together.

    Attributes:
        budget: counts what its values hold.
    """

    def __init__(
        self, seconds: float | None = None, step_seconds: float | None = None, most_bytes: int = MAX_BYTES
    ) -> None:
        self.budget = Budget(most_bytes)
        self._seconds = inf if seconds is None else seconds
        self._step_seconds = inf if step_seconds is None else step_seconds
        self._end = inf
        self._verdict: WorkflowExecutionEngineError | None = None
        self._steps: dict[int, tuple[str, float]] = {}

    def start(self) -> None:
        """Let the clock run from now on, unless it does already."""
        if self._end == inf:
            self._end = time.monotonic() + self._seconds

    def cancel(self) -> None:
        """Call the run off."""
        if self._verdict is None:
            self._verdict = RunCancelledError("The run was called off.", context=Phase.STEPS)

    def hold(self, value: Any) -> None:
        """Note that the run holds an input; raises what `check` raises, and RuntimeInputError when it is too much."""
        self.check()
        self.budget.count((value,))

    def begin(self, step: str) -> float:
        """Note that this thread begins a step; the moment, on the monotonic clock. Raises what `check` raises."""
        now = self.check()
        self._steps[get_ident()] = (step, now)
        return now

    def leave(self) -> None:
        """Note that this thread works on no step any more."""
        del self._steps[get_ident()]

    def check(self, began: float = inf) -> float:
        """The moment now; RunCancelledError or RunTimeoutError when the run has to stop, or the step begun then."""
        now = time.monotonic()
        if self._verdict is not None or now > self._end or now - began > self._step_seconds:
            verdict = self.verdict()
            if verdict is not None:
                raise verdict
        return now

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps that are at work."""
        return tuple(step for step, _ in tuple(self._steps.values()))

    def verdict(self) -> WorkflowExecutionEngineError | None:
        """The error that ends the run, or None while it may go on. Once there is one, it stays."""
        now = time.monotonic()
        late = next((step for step, began in tuple(self._steps.values()) if now - began > self._step_seconds), None)
        if self._verdict is None and late is not None:
            self._verdict = _late(f"Step {late!r}", self._step_seconds, "PENSTOCK_STEP_TIMEOUT", (late,))
        if self._verdict is None and now > self._end:
            self._verdict = _late("The workflow", self._seconds, "PENSTOCK_RUN_TIMEOUT", self.steps)
        return self._verdict


def _late(what: str, seconds: float, setting: str, steps: tuple[str, ...]) -> RunTimeoutError:
    return RunTimeoutError(
        f"{what} took longer than {seconds:g} seconds.",
        hint=f"{setting} says how long it may take.",
        context=Phase.STEPS,
        blocks=tuple(BlockError(step) for step in steps),
    )

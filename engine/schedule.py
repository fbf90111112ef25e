"""Who runs which step when: each as soon as what it reads is there, heavy ones side by side, light ones in line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition

from engine.crew import Crew
from engine.plan import Plan

MOST_HELPERS = 7
"""Threads that help one run, besides its own."""


class Schedule:
    """One run through the steps of a plan. A thread that is done with a step goes on with what that has made ready.

    Args:
        plan: whose steps are run.
        run_step: runs the step at a place of the plan; called from several threads, once for every step.
        crew: lends helpers for heavy steps.
    """

    # `_idle`: the thread that owns the run waits for something to do. `_helpers`: those that are called and not done;
    # `_coming`: those of them that have not begun.

    def __init__(self, plan: Plan, run_step: Callable[[int], None], crew: Crew) -> None:
        self._steps = plan.steps
        self._run_step = run_step
        self._crew = crew
        self._changed = Condition()
        self._waits = [0] * len(plan.steps)
        for step in plan.steps:
            for follower in step.followers:
                self._waits[follower] += 1
        self._light: deque[int] = deque()
        self._heavy: deque[int] = deque()
        self._running = 0
        self._helpers = 0
        self._coming = 0
        self._idle = False
        self._failure: BaseException | None = None
        for index, count in enumerate(self._waits):
            if not count:
                self._admit(index)

    def run(self) -> None:
        """Run all steps; raises what the first one that failed raised, once nothing runs any more."""
        while True:
            self._work()
            with self._changed:
                self._idle = True
                while self._running and not self._startable():
                    self._changed.wait()
                self._idle = False
                if not self._startable():
                    break
        if self._failure is not None:
            raise self._failure

    def _help(self) -> None:
        """What a helper does."""
        with self._changed:
            self._coming -= 1
        self._work()
        with self._changed:
            self._helpers -= 1

    def _work(self) -> None:
        """Run steps in this thread for as long as there are any to start."""
        with self._changed:
            index = self._next()
        while index is not None:
            failure = None
            try:
                self._run_step(index)
            except BaseException as error:  # noqa: BLE001 - the thread that owns the run raises it
                failure = error
            with self._changed:
                self._note(index, failure)
                index = self._next()

    def _note(self, done: int, failure: BaseException | None) -> None:
        """Under the lock: a step is done, which may make others ready."""
        self._running -= 1
        if self._failure is None:
            self._failure = failure
        for follower in self._steps[done].followers:
            self._waits[follower] -= 1
            if not self._waits[follower]:
                self._admit(follower)

    def _next(self) -> int | None:
        """Under the lock: the step that this thread runs next. The heavy ones that are left are for others."""
        index = None
        if self._startable():
            index = self._light.popleft() if self._light else self._heavy.popleft()
            self._running += 1
        if self._idle and (self._startable() or not self._running):
            self._changed.notify()
        if self._heavy and self._failure is None:
            self._call_helpers()
        return index

    def _call_helpers(self) -> None:
        """Under the lock: have a helper come for every heavy step that nobody is free to take.

        Free are the thread that owns the run, when it waits for something to do, and helpers on their way.
        """
        free = int(self._idle) + self._coming
        needed = min(len(self._heavy) - free, MOST_HELPERS - self._helpers)
        for _ in range(needed):
            self._helpers += 1
            self._coming += 1
            self._crew.call(self._help)

    def _startable(self) -> bool:
        return self._failure is None and bool(self._light or self._heavy)

    def _admit(self, index: int) -> None:
        heavy = self._crew.is_heavy(self._steps[index].block)
        (self._heavy if heavy else self._light).append(index)

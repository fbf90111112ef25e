"""The threads that work on requests: whoever was at work last takes the next one, and no more begin than can go on.

The pool of the standard library wakes threads in turn, so each request meets one whose memory has long left the caches
of the processor: with eight threads, a request costs a third more than with one. And eight requests that are at work
on two processors each wait for the others all the time, and end together, late.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Outcome = tuple[Any, BaseException | None]

CLOSING_SECONDS = 5.0
"""How long closing waits for the jobs that are at work."""
LONG_SECONDS = 0.02
"""A job that has been at work for longer than this does not count as one that has just begun."""


@dataclass(slots=True, eq=False)
class Job:
    """Work, and who waits for it.

    Attributes:
        work: what is to be done; None from the moment when it begins, or nobody waits for it any more.
    """

    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    work: Callable[[], Any] | None

    def run(self) -> Outcome:
        """Do the work, unless nobody waits for it any more: what came of it, or the error."""
        work, self.work = self.work, None
        try:
            return None if work is None else work(), None
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            return None, error

    def tell(self, outcome: Outcome) -> None:
        """Tell whoever waits what came of it."""
        self.loop.call_soon_threadsafe(self._settle, *outcome)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Threads:
    """A pool of threads for the work of an event loop.

    As many jobs begin at once as there are processors: more would only push each other out of the caches. A job that
    has been at work for a while is long, or waits for something, and holds up nobody: another one begins beside it.

    Args:
        most: how many threads there may be; they are made when they are needed.
        at_once: how many jobs may begin at once; None for as many as there are processors.
    """

    def __init__(self, most: int, at_once: int | None = None) -> None:
        self._most = most
        self._at_once = at_once or _processors()
        self._lock = Lock()
        self._threads: list[Worker] = []
        self._idle: list[Worker] = []
        self._began: dict[Worker, float] = {}
        self._jobs: deque[Job] = deque()
        self._looking_again = False
        self._closed = False

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Have a thread call `work`; for coroutines, which can wait for the result or cancel what has not begun."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the threads have gone home")
            job = Job(future, loop, partial(work, *args, **kwargs))
            self._jobs.append(job)
            self._begin_some(loop)
        future.add_done_callback(partial(self._withdraw, job))
        return future

    @property
    def load(self) -> int:
        """How many jobs wait or are at work, those among them that nobody waits for any more."""
        return len(self._jobs) + len(self._began)

    def _withdraw(self, job: Job, future: asyncio.Future[Any]) -> None:
        """Drop a job that was given up before it began."""
        if not future.cancelled():
            return
        job.work = None
        with self._lock, suppress(ValueError):  # it is at work
            self._jobs.remove(job)

    def rest(self, worker: Worker) -> None:
        """A worker is done with its job: it gets the next one, if there is one, and may go home after closing."""
        with self._lock:
            del self._began[worker]
            if self._jobs and (self._closed or self._may_begin()):
                self._hand_over(worker)
            elif self._closed:
                worker.wake(None)
            else:
                self._idle.append(worker)

    def close(self) -> None:
        """Let the threads finish all that was submitted, and wait for them, but not for ever: some may never end."""
        with self._lock:
            self._closed = True
            for worker in self._idle:
                worker.wake(None)
            self._idle.clear()
        deadline = time.monotonic() + CLOSING_SECONDS
        for worker in self._threads:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _begin_some(self, loop: asyncio.AbstractEventLoop) -> None:
        """Under the lock: begin what may begin, and see to it that somebody looks again after the rest."""
        while self._jobs and (self._idle or len(self._threads) < self._most) and self._may_begin():
            if self._idle:
                self._hand_over(self._idle.pop())
            else:
                worker = Worker(self)
                self._threads.append(worker)
                self._hand_over(worker)
                worker.start()
        if self._jobs and not self._looking_again:
            self._looking_again = True
            loop.call_later(LONG_SECONDS, self._look_again, loop)

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._looking_again = False
            if not self._closed:
                self._begin_some(loop)

    def _may_begin(self) -> bool:
        """Under the lock: whether fewer jobs have begun just now than may."""
        just_now = time.monotonic() - LONG_SECONDS
        return sum(began > just_now for began in self._began.values()) < self._at_once

    def _hand_over(self, worker: Worker) -> None:
        """Under the lock: give the oldest job to a worker."""
        self._began[worker] = time.monotonic()
        worker.wake(self._jobs.popleft())


class Worker(Thread):
    """One thread of a pool.

    Args:
        pool: that it works for.
    """

    def __init__(self, pool: Threads) -> None:
        super().__init__(name="request", daemon=True)
        self._pool = pool
        self._job: Job | None = None
        self._sleep = Lock()
        self._sleep.acquire()

    def wake(self, job: Job | None) -> None:
        """Hand over the next job; none means to go home."""
        self._job = job
        self._sleep.release()

    def run(self) -> None:
        """Do one job after another, and keep nothing of what is done."""
        while (job := self._next()) is not None:
            outcome = job.run()
            self._pool.rest(self)  # first, so that whoever is told finds the thread free
            job.tell(outcome)
            del job, outcome

    def _next(self) -> Job | None:
        """Wait for the next job."""
        self._sleep.acquire()
        job, self._job = self._job, None
        return job


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""The threads that work on requests: whoever was at work last takes the next one.

The pool of the standard library wakes threads in turn, so each request meets one whose memory has long left the caches
of the processor: with eight threads, a request costs a third more than with one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Job:
    """Work, and who waits for it."""

    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    work: Callable[[], Any]

    def run(self) -> None:
        """Do the work, unless nobody waits for it any more."""
        if self.future.cancelled():
            return
        result, error = None, None
        try:
            result = self.work()
        except BaseException as raised:  # noqa: BLE001 - whoever waits raises it
            error = raised
        self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Threads:
    """A pool of threads for the work of an event loop.

    Args:
        most: how many threads there may be; they are made when they are needed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._threads: list[Worker] = []
        self._idle: list[Worker] = []
        self._jobs: deque[Job] = deque()
        self._closed = False

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[R]:
        """Have a thread call `work`; for coroutines, which can wait for the result or cancel what has not begun."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        job = Job(future, loop, lambda: work(*args, **kwargs))
        with self._lock:
            if self._closed:
                raise RuntimeError("the threads have gone home")
            if self._idle:
                self._idle.pop().wake(job)
            elif len(self._threads) < self._most:
                worker = Worker(self, job)
                self._threads.append(worker)
                worker.start()
            else:
                self._jobs.append(job)
        return future

    def rest(self, worker: Worker) -> None:
        """A worker is done with its job: it gets the next one, if there is one, and may go home after closing."""
        with self._lock:
            if self._jobs:
                worker.wake(self._jobs.popleft())
            elif self._closed:
                worker.wake(None)
            else:
                self._idle.append(worker)

    def close(self) -> None:
        """Let the threads finish all that was submitted, and wait for them."""
        with self._lock:
            self._closed = True
            for worker in self._idle:
                worker.wake(None)
            self._idle.clear()
        for worker in self._threads:
            worker.join()


class Worker(Thread):
    """One thread of a pool.

    Args:
        pool: that it works for.
        job: its first.
    """

    def __init__(self, pool: Threads, job: Job) -> None:
        super().__init__(name="request", daemon=True)
        self._pool = pool
        self._job: Job | None = job
        self._sleep = Lock()
        self._sleep.acquire()

    def wake(self, job: Job | None) -> None:
        """Hand over the next job; none means to go home."""
        self._job = job
        self._sleep.release()

    def run(self) -> None:
        """Do one job after another, and keep nothing of what is done."""
        job, self._job = self._job, None
        while job is not None:
            job.run()
            job = None
            self._pool.rest(self)
            self._sleep.acquire()
            job, self._job = self._job, None

"""Threads that help a run which has more than one thing to do, and what is known of how long things take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from math import inf
from threading import Lock
from typing import Any, TypeVar

from engine.block import AnyBlock

T = TypeVar("T")
R = TypeVar("R")

HELPERS = max(8, 2 * (os.cpu_count() or 1))
"""Threads for all runs together."""

HELPERS_OF_ROWS = max(2, os.cpu_count() or 1)
"""Threads that work on the rows of one step."""

HEAVY_SECONDS = 0.001
"""What takes longer is worth the 50 microseconds that it costs to have somebody else do it."""

LATEST = 0.2
"""The weight of the latest call in what is known of a block."""


class Crew:
    """Threads that lend a hand, to whichever run calls.

    Runs never wait for each other's helpers: whoever calls for help works on, too, and cancels the helpers that have
    not begun by then.

    Args:
        blocks: of which it is learnt how long they take.
    """

    def __init__(self, blocks: Iterable[AnyBlock]) -> None:
        self._seconds = dict.fromkeys((block.type for block in blocks), inf)
        self._pool: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def is_heavy(self, block: AnyBlock) -> bool:
        """Whether a block takes long; what nobody knows yet is taken to."""
        return self._seconds.get(block.type, inf) > HEAVY_SECONDS

    def learn(self, block: AnyBlock, seconds: float) -> None:
        """Note how long a step of a block took."""
        known = self._seconds.get(block.type)
        if known is not None:  # blocks that come with workflows would fill the memory
            self._seconds[block.type] = seconds if known == inf else known + LATEST * (seconds - known)

    def call(self, errand: Callable[[], None]) -> Future[None]:
        """Have a helper come as soon as one is free."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(HELPERS, thread_name_prefix="helper")
            return self._pool.submit(errand)

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """The results of `work` for all items, done side by side; raises what it raised for the first that failed."""
        results: list[Any] = [None] * len(items)
        failures: dict[int, BaseException] = {}
        places = count()  # its `next` is one operation of the interpreter, so threads can share it

        def work_along() -> None:
            while not failures and (place := next(places)) < len(items):
                try:
                    results[place] = work(items[place])
                except BaseException as error:  # noqa: BLE001 - whoever asked raises it
                    failures[place] = error

        helpers = [self.call(work_along) for _ in range(min(len(items), HELPERS_OF_ROWS) - 1)]
        work_along()
        for helper in helpers:
            if not helper.cancel():
                helper.result()
        if failures:
            raise failures[min(failures)]
        return results

    def close(self) -> None:
        """Send the helpers home when they are done."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

"""What a run tells besides its results, as far as somebody asked: when everything happened, and why steps were skipped.

Events are those of the Trace Event Format (complete events, `"ph": "X"`), which chrome://tracing and Perfetto show.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from threading import get_ident
from typing import Any

from engine.console import Console

MAX_EVENTS = 10_000
MICROSECONDS = 1e6


class Report:
    """What a run tells. Without anything asked for, it takes no time.

    Args:
        profile: whether to note when everything happened.
        debug: whether to say why steps were skipped.

    Attributes:
        events: complete events of the Trace Event Format; times in microseconds.
        skipped: see `engine.skips`.
    """

    def __init__(self, *, profile: bool = False, debug: bool = False) -> None:
        self.profile = profile
        self.debug = debug
        self.events: list[dict[str, Any]] = []
        self.skipped: list[dict[str, Any]] = []

    @cached_property
    def console(self) -> Console:
        """Collects what Python blocks print."""
        return Console()

    def time(self, name: str, category: str, **arguments: Any) -> AbstractContextManager[None]:
        """Note when what stands in the block happens."""
        return self._timed(name, category, arguments) if self.profile else nullcontext()

    @contextmanager
    def _timed(self, name: str, category: str, arguments: dict[str, Any]) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            if len(self.events) < MAX_EVENTS:
                self.events.append(
                    {
                        "name": name,
                        "cat": category,
                        "ph": "X",
                        "ts": started * MICROSECONDS,
                        "dur": (time.perf_counter() - started) * MICROSECONDS,
                        "pid": os.getpid(),
                        "tid": get_ident(),
                        "args": arguments,
                    }
                )

"""What workflows remember between requests, for callers who ask for it by naming a session."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from engine.state import Memory

MAX_SESSIONS = 1024
IDLE_SECONDS = 3600.0


@dataclass(slots=True)
class _Session:
    """The memory of one session, and who has it at the moment."""

    memory: Memory = field(default_factory=Memory)
    lock: Lock = field(default_factory=Lock)
    used: float = 0.0


class Sessions:
    """Memories by key. Those that nobody has asked for in an hour are forgotten, and the oldest when there are many.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: OrderedDict[Hashable, _Session] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def memory(self, key: Hashable) -> Iterator[Memory]:
        """The memory of a session, for one request at a time: what came first is remembered first."""
        session = self._find(key)
        with session.lock:
            yield session.memory

    def _find(self, key: Hashable) -> _Session:
        now = self._clock()
        with self._lock:
            while self._sessions and next(iter(self._sessions.values())).used < now - IDLE_SECONDS:
                self._sessions.popitem(last=False)
            session = self._sessions.setdefault(key, _Session())
            session.used = now
            self._sessions.move_to_end(key)
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
            return session

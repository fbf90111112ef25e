"""What workflows remember between requests, for callers who ask for it by naming a session."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from threading import Lock

from engine.control import Control
from engine.errors import ServerBusyError
from engine.state import Memory

MAX_SESSIONS = 1024
MAX_OF_ONE_CALLER = 256
MAX_USERS = 3
"""Requests of one session at once: each of them holds a thread, though all but one wait."""
IDLE_SECONDS = 3600.0
SLICE_SECONDS = 0.05
"""How often a request that waits for its session looks whether it may wait on."""


@dataclass(slots=True)
class _Session:
    """The memory of one session, and how many requests have it or wait for it at the moment."""

    memory: Memory = field(default_factory=Memory)
    lock: Lock = field(default_factory=Lock)
    users: int = 0
    used: float = 0.0


class Sessions:
    """Memories by caller and name. Those that nobody has asked for in an hour are forgotten.

    When there are too many, the oldest is forgotten that nobody uses; of the same caller, when that one has too many.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: OrderedDict[tuple[Hashable, Hashable], _Session] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def memory(self, caller: Hashable, name: Hashable, control: Control) -> Iterator[Memory]:
        """The memory of a session, for one request at a time: what came first is remembered first.

        Raises:
            ServerBusyError: too many requests of the session wait already.
            RunTimeoutError, RunCancelledError: `control` said stop while this one waited.
        """
        session = self._enter((caller, name))
        try:
            while not session.lock.acquire(timeout=SLICE_SECONDS):
                control.check()
            try:
                yield session.memory
            finally:
                session.lock.release()
        finally:
            self._leave(session)

    def _enter(self, key: tuple[Hashable, Hashable]) -> _Session:
        """A session with one user more, the old one of this key or a new one."""
        now = self._clock()
        with self._lock:
            self._forget_idle(now)
            session = self._sessions.get(key)
            if session is None:
                self._make_room(key[0])
                session = self._sessions[key] = _Session()
            if session.users == MAX_USERS:
                raise ServerBusyError(
                    f"{session.users} requests of this session are at work or waiting.",
                    hint="Send the requests of a session one after the other.",
                )
            session.users += 1
            session.used = now
            self._sessions.move_to_end(key)
            return session

    def _leave(self, session: _Session) -> None:
        with self._lock:
            session.users -= 1
            session.used = self._clock()

    def _forget_idle(self, now: float) -> None:
        idle = takewhile(lambda item: item[1].used < now - IDLE_SECONDS, self._sessions.items())
        for key in [key for key, session in idle if session.users == 0]:
            del self._sessions[key]

    def _make_room(self, caller: Hashable) -> None:
        """Forget one session where there is no room for another one of this caller."""
        theirs = [key for key in self._sessions if key[0] == caller]
        full = len(theirs) >= MAX_OF_ONE_CALLER
        if full or len(self._sessions) >= MAX_SESSIONS:
            oldest = next((key for key in (theirs if full else self._sessions) if self._sessions[key].users == 0), None)
            if oldest is not None:
                del self._sessions[oldest]

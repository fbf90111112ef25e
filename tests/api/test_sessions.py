"""Sessions: how many there are, for how long, and who waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Thread

import pytest

from api.sessions import IDLE_SECONDS, MAX_OF_ONE_CALLER, MAX_SESSIONS, MAX_USERS, Sessions
from engine.control import Control
from engine.errors import RunCancelledError, RunTimeoutError, ServerBusyError
from engine.state import Memory

Find = Callable[[object, object], Memory]


@pytest.fixture
def now() -> list[float]:
    """What the clock shows."""
    return [0.0]


@pytest.fixture
def sessions(now: list[float]) -> Sessions:
    return Sessions(lambda: now[0])


@pytest.fixture
def memory(sessions: Sessions) -> Find:
    """What a session remembers, by caller and name."""

    def find(caller: object, name: object) -> Memory:
        with sessions.memory(caller, name, Control()) as found:
            return found

    return find


def test_those_that_nobody_asks_for_are_forgotten(memory: Find, now: list[float]) -> None:
    first = memory("a", 0)
    now[0] = IDLE_SECONDS
    assert memory("a", 0) is first
    now[0] = 2 * IDLE_SECONDS + 1
    assert memory("a", 0) is not first


def test_the_oldest_goes_when_there_are_many(memory: Find) -> None:
    first = memory("me", 0)
    second = memory("me", 1)
    for index in range(MAX_SESSIONS - 2):
        memory(index % 10, index)
    assert memory("me", 0) is first
    memory("you", 0)
    assert memory("me", 0) is first, "one that was used lately stays"
    assert memory("me", 1) is not second


def test_a_caller_who_has_many_drops_their_own(memory: Find) -> None:
    mine = memory("me", 0)
    yours = memory("you", 0)
    for index in range(1, MAX_OF_ONE_CALLER + 1):
        memory("you", index)
    assert memory("me", 0) is mine
    assert memory("you", 0) is not yours


def test_one_that_is_in_use_stays(sessions: Sessions, memory: Find, now: list[float]) -> None:
    with sessions.memory("me", "used", Control()) as used:
        now[0] = IDLE_SECONDS + 1
        for index in range(2 * MAX_OF_ONE_CALLER):
            memory("me", index)
    assert memory("me", "used") is used


def test_nobody_waits_longer_than_they_may(sessions: Sessions) -> None:
    control = Control(seconds=0.1)
    control.start()
    called_off = Control()
    called_off.cancel()
    with sessions.memory("me", 0, Control()):
        with pytest.raises(RunTimeoutError), sessions.memory("me", 0, control):
            pass
        with pytest.raises(RunCancelledError), sessions.memory("me", 0, called_off):
            pass
    with sessions.memory("me", 0, Control()):
        pass


def test_few_wait_for_one_session(sessions: Sessions) -> None:
    def wait() -> None:
        with sessions.memory("me", 0, Control()):
            pass

    waiting = [Thread(target=wait) for _ in range(MAX_USERS - 1)]
    with ExitStack() as stack:
        stack.enter_context(sessions.memory("me", 0, Control()))
        for thread in waiting:
            thread.start()
        time.sleep(0.1)
        with pytest.raises(ServerBusyError), sessions.memory("me", 0, Control()):
            pass
    for thread in waiting:
        thread.join()

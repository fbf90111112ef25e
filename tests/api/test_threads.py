"""The pool of threads: results, errors, who takes the next job, and how it closes."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from api import threads
from api.threads import LONG_SECONDS, Threads


@pytest.fixture
def pool() -> Iterator[Threads]:
    made = Threads(4)
    yield made
    made.close()


def test_results_and_errors_come_back(pool: Threads) -> None:
    async def ask() -> list[int]:
        with pytest.raises(ZeroDivisionError):
            await pool.submit(lambda: 1 // 0)
        return list(await asyncio.gather(*(pool.submit(pow, base, 2) for base in range(50))))

    assert asyncio.run(ask()) == [base**2 for base in range(50)]


def test_as_many_threads_as_allowed_work_at_once(pool: Threads) -> None:
    meeting = threading.Barrier(4, timeout=10)

    async def ask() -> None:
        await asyncio.gather(*(pool.submit(meeting.wait) for _ in range(8)))

    asyncio.run(ask())


def test_no_more_jobs_begin_at_once_than_there_are_processors() -> None:
    pool, inside, most = Threads(8, at_once=2), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(LONG_SECONDS / 10)
        with lock:
            inside[0] -= 1

    async def ask() -> None:
        await asyncio.gather(*(pool.submit(work) for _ in range(12)))

    asyncio.run(ask())
    pool.close()
    assert most == [2]


def test_a_job_that_is_long_holds_up_nobody() -> None:
    pool, free = Threads(3, at_once=1), threading.Event()

    async def ask() -> None:
        waiting = [pool.submit(free.wait, 10) for _ in range(2)]
        started = time.perf_counter()
        assert await pool.submit(int, "7") == 7
        assert time.perf_counter() - started < 10 * LONG_SECONDS
        free.set()
        assert all(await asyncio.gather(*waiting))

    asyncio.run(ask())
    pool.close()


def test_who_was_at_work_last_takes_the_next_job(pool: Threads) -> None:
    """However many threads there are: a pool that takes turns would use all four."""
    meeting = threading.Barrier(4, timeout=10)

    async def ask() -> set[int]:
        await asyncio.gather(*(pool.submit(meeting.wait) for _ in range(4)))
        seen = set()
        for _ in range(20):
            await asyncio.sleep(0.002)
            seen.add(await pool.submit(threading.get_ident))
        return seen

    assert len(asyncio.run(ask())) == 1


def test_what_is_cancelled_before_it_begins_never_runs(pool: Threads) -> None:
    ran: list[int] = []

    async def ask() -> None:
        blocking = [pool.submit(time.sleep, 0.05) for _ in range(4)]
        waiting = pool.submit(ran.append, 1)
        waiting.cancel()
        await asyncio.gather(*blocking)
        await pool.submit(ran.append, 2)

    asyncio.run(ask())
    assert ran == [2]


def test_what_is_cancelled_before_it_begins_is_held_and_counted_no_more() -> None:
    class Body:
        """Something large."""

    pool, free = Threads(1), threading.Event()

    async def ask() -> None:
        blocking = pool.submit(free.wait, 10)
        body = Body()
        gone = weakref.ref(body)
        waiting = pool.submit(id, body)
        del body
        assert (pool.load, gone() is None) == (2, False)
        waiting.cancel()
        await asyncio.sleep(0.01)
        assert (pool.load, gone()) == (1, None)
        blocking.cancel()
        await asyncio.sleep(0.01)
        assert pool.load == 1, "it is still at work"
        free.set()
        assert await pool.submit(int, "7") == 7
        assert pool.load == 0

    asyncio.run(ask())
    pool.close()


def test_nobody_minds_a_result_that_nobody_waits_for(pool: Threads) -> None:
    async def ask() -> int:
        late = pool.submit(time.sleep, 0.03)
        await asyncio.sleep(0.01)
        late.cancel()
        await asyncio.sleep(0.05)
        return await pool.submit(int, "7")

    assert asyncio.run(ask()) == 7


def test_an_idle_thread_keeps_nothing_of_its_last_job(pool: Threads) -> None:
    class Picture:
        """Something large."""

    picture = Picture()
    gone = weakref.ref(picture)

    async def ask(large: Picture) -> None:
        await pool.submit(id, large)

    asyncio.run(ask(picture))
    del picture
    time.sleep(0.02)
    gc.collect()
    assert gone() is None


def test_closing_finishes_what_was_submitted() -> None:
    pool, done = Threads(2), []

    def work(number: int) -> None:
        time.sleep(0.01)
        done.append(number)

    async def ask() -> None:
        futures = [pool.submit(work, number) for number in range(6)]
        pool.close()
        assert sorted(done) == list(range(6))
        await asyncio.gather(*futures)
        with pytest.raises(RuntimeError, match="gone home"):
            pool.submit(work, 6)

    asyncio.run(ask())
    pool.close()


def test_closing_waits_for_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "CLOSING_SECONDS", 0.1)
    pool, free = Threads(2), threading.Event()

    async def ask() -> None:
        stuck = [pool.submit(free.wait, 5) for _ in range(3)]
        started = time.perf_counter()
        pool.close()
        assert time.perf_counter() - started < 1
        free.set()
        await asyncio.gather(*stuck)

    asyncio.run(ask())

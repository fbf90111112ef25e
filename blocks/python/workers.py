"""The workers: a process for the code of each Python block, kept while there is room."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from secrets import randbits
from threading import Condition
from typing import Any

import orjson

from blocks.python.messages import Unsendable, read, write
from blocks.python.process import NoAnswer, Process
from blocks.python.values import pack, unpack
from engine.errors import ServerBusyError

MAX_TEXT = 8_000
MAX_WHAT = 1_000
LAST_REMOVALS = 5
"""Seconds that the end of the server waits for the folders of its processes to be removed."""

Code = Mapping[str, Any]
"""The sources of a block and the names of its functions."""


@dataclass(eq=False)
class PythonFailure(Exception):
    """A call of a Python block that failed.

    Attributes:
        what: the error, for people.
        undeclared: whether a function that the manifest names is not in the code.
        source: which of the sources is to blame, if any.
        line: counted from 1 in that source.
        traceback: the frames of the code of the block.
        printed: to stdout and to stderr until then.
    """

    what: str
    undeclared: bool = False
    source: str | None = None
    line: int | None = None
    traceback: str | None = None
    printed: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call returned, and printed to stdout and to stderr."""

    value: Any
    printed: tuple[str, str]


class Workers:
    """Runs the code of Python blocks, each in a process of its own; safe to use from many threads.

    Processes start at first use. One that crashes, takes too long or runs out of memory fails its call alone, and the
    next call gets a fresh one.

    Args:
        timeout: seconds for a call.
        memory: bytes of address space for a process.
        most: how many processes there may be; the one that was used least recently makes room.
    """

    def __init__(self, *, timeout: float, memory: int, most: int) -> None:
        self._timeout = timeout
        self._memory = memory
        self._most = most
        self._idle: OrderedDict[bytes, Process] = OrderedDict()
        self._busy: dict[bytes, Process | None] = {}
        self._closed = False
        self._condition = Condition()

    def load(self, code: Code, end: float) -> None:
        """See to it that a worker has the code; PythonFailure when the code does not compile or cannot be executed.

        Args:
            end: until when to try, as `time.monotonic` counts.

        Raises:
            ServerBusyError: no process got free in time, or none can be started.
        """
        with self._lease(code, end):
            return

    def call(self, code: Code, request: Mapping[str, Any]) -> Reply:
        """Call the run function of the code; PythonFailure when that fails.

        Raises:
            ServerBusyError: no process got free in time, or none can be started.
        """
        with self._lease(code, self.end()) as process:
            return self._asked(process, request, self.end(), f"ran longer than {self._timeout:g} s and was stopped")

    def end(self) -> float:
        """Until when a call that begins now may take, as `time.monotonic` counts."""
        return time.monotonic() + self._timeout

    def processes(self) -> dict[bytes, int]:
        """The ids of the processes that are idle, by the digests of their code; the least recently used first."""
        with self._condition:
            return {digest: process.id for digest, process in self._idle.items()}

    def close(self) -> None:
        """End every process; calls that are under way fail."""
        with self._condition:
            self._closed = True
            idle = list(self._idle.values())
            self._idle.clear()
            for process in self._busy.values():
                if process is not None:
                    process.kill()
            self._condition.notify_all()
        for process in idle:
            process.close()
        end = time.monotonic() + LAST_REMOVALS
        for process in idle:
            process.wait_for_folder(max(0, end - time.monotonic()))

    @contextmanager
    def _lease(self, code: Code, end: float) -> Iterator[Process]:
        """A process that has the code, for one call."""
        digest = blake2b(orjson.dumps(code), digest_size=16).digest()
        process, gone = self._take(digest, end)
        try:
            for old in gone:
                old.close()
            if process is None:
                process = self._start(digest)
                self._load(process, code, end)
            yield process
        finally:
            self._give_back(digest, process)

    def _take(self, digest: bytes, end: float) -> tuple[Process | None, list[Process]]:
        """The process that has the code, if there is one; else there is room for one once the others are closed."""
        with self._condition:
            seconds = max(0, end - time.monotonic())
            in_time = self._condition.wait_for(lambda: self._closed or self._is_free(digest), seconds)
            if self._closed or not in_time:
                raise ServerBusyError("Every process for Python blocks is busy.", hint="Ask again later.")
            process = self._idle.pop(digest, None)
            gone = [process] if process is not None and not process.alive else []
            process = None if gone else process
            if process is None and len(self._idle) + len(self._busy) >= self._most:
                gone.append(self._idle.popitem(last=False)[1])
            self._busy[digest] = process
        return process, gone

    def _start(self, digest: bytes) -> Process:
        try:
            process = Process(self._memory, self._timeout)
        except OSError as error:
            raise ServerBusyError(
                f"No process for a Python block can be started now: {error}.", hint="Ask again later."
            ) from error
        with self._condition:
            self._busy[digest] = process
            if self._closed:
                process.kill()
        return process

    def _is_free(self, digest: bytes) -> bool:
        return digest not in self._busy and (digest in self._idle or len(self._busy) < self._most)

    def _give_back(self, digest: bytes, process: Process | None) -> None:
        with self._condition:
            del self._busy[digest]
            kept = process is not None and process.usable and not self._closed
            if kept and process is not None:
                self._idle[digest] = process
            self._condition.notify_all()
        if process is not None and not kept:
            process.close()

    def _load(self, process: Process, code: Code, end: float) -> None:
        late = f"was stopped: the Python blocks of a workflow have {self._timeout:g} s together until they are loaded"
        try:
            self._asked(process, {"code": dict(code)}, end, late)
        except PythonFailure:
            process.usable = False
            raise

    def _asked(self, process: Process, request: Mapping[str, Any], end: float, late: str) -> Reply:
        """The reply to one request; PythonFailure when it is an error, or there is none."""
        number = randbits(64)
        try:
            message = write(request, pack, number)
        except Unsendable as error:
            raise PythonFailure(f"cannot be handed {error}") from error
        try:
            answer = process.ask(message, number, end, late)
            said = read(answer.body, answer.text_size, unpack)
        except NoAnswer as error:
            raise PythonFailure(str(error), printed=process.printed()) from error
        except ValueError as error:
            raise PythonFailure(f"returned what cannot be taken: {error}", printed=process.printed()) from error
        if not isinstance(said, dict) or not isinstance(said.get("error", {}), dict):
            process.usable = False
            raise PythonFailure("wrote into the pipe to the server", printed=process.printed())
        if "error" in said:
            process.usable = said["error"].get("memory") is not True
            raise _failure(said["error"], process.printed())
        return Reply(said.get("value"), process.printed())


def _failure(said: Mapping[str, Any], printed: tuple[str, str]) -> PythonFailure:
    """The error that a worker reports, of which nothing is taken for granted."""
    source, line, trace = said.get("source"), said.get("line"), said.get("traceback")
    return PythonFailure(
        str(said.get("what"))[:MAX_WHAT],
        undeclared=said.get("undeclared") is True,
        source=source if isinstance(source, str) else None,
        line=line if isinstance(line, int) else None,
        traceback=trace[:MAX_TEXT] if isinstance(trace, str) else None,
        printed=printed,
    )

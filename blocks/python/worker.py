"""What runs in a worker process: it takes one request after another, and ends when the server does."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any


def main() -> None:
    """Serve requests from one pipe and answer on another; the command line names both, and the limit of memory."""
    import resource  # noqa: PLC0415 - every system can import the blocks, and not every one has limits

    requests, answers, memory = (int(argument) for argument in sys.argv[2:5])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    inbox: SimpleQueue[tuple[bytearray, int]] = SimpleQueue()
    Thread(target=_listen, args=(requests, inbox, Path.cwd()), daemon=True).start()
    session = _Session()
    while True:
        for part in session.answer(*inbox.get()):
            _send(answers, part)


def _listen(requests: int, inbox: SimpleQueue[tuple[bytearray, int]], folder: Path) -> None:
    """Read requests; the end of the pipe is the end of the server, and so of this process, whatever it is doing.

    A server that is killed leaves the folder of the process behind, which goes then, too.
    """
    from blocks.python.messages import HEADER, sizes  # noqa: PLC0415 - numpy, after memory is bounded

    with os.fdopen(requests, "rb") as pipe:
        while (header := pipe.read(HEADER.size)) and len(header) == HEADER.size:
            text, arrays = sizes(header)
            body = bytearray(text + arrays)
            _fill(pipe, body)
            inbox.put((body, text))
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _fill(pipe: BufferedReader, body: bytearray) -> None:
    place = 0
    with memoryview(body) as view:
        while place < len(view):
            count = pipe.readinto(view[place:])
            if not count:
                os._exit(0)
            place += count


def _send(answers: int, part: bytes | memoryview) -> None:
    with memoryview(part).cast("B") as view:
        place = 0
        while place < len(view):
            place += os.write(answers, view[place:])


class _Session:
    """The code of this worker, once it is loaded."""

    def __init__(self) -> None:
        self._code: Any = None

    def answer(self, body: bytearray, text: int) -> list[bytes | memoryview]:
        """The answer to a request; whatever the code raises becomes a part of it."""
        from blocks.python.code import Exchange, report  # noqa: PLC0415 - numpy, after memory is bounded
        from blocks.python.messages import read, write  # noqa: PLC0415 - as above

        exchange = Exchange()
        try:
            answer = {"value": self._done(read(body, text, exchange.unpack))}
            return _flushed(lambda: write(answer, exchange.pack))
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like fail the call, not the worker
            failed = {"error": report(error)}
            return _flushed(lambda: write(failed, exchange.pack))

    def _done(self, request: dict[str, Any]) -> Any:
        from blocks.python.code import Code  # noqa: PLC0415 - numpy, after memory is bounded

        if "code" in request:
            self._code = Code(request["code"])
            return None
        return self._code.call(request)


def _flushed(make: Callable[[], list[bytes | memoryview]]) -> list[bytes | memoryview]:
    """A message made, and what was printed until then sent before it."""
    message = make()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return message

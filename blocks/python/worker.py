"""What runs in a worker process: it takes one request after another, and ends when the server does."""

from __future__ import annotations

import math
import os
import select
import sys
import time
from io import BufferedReader
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blocks.python.messages import Sizes


def main() -> None:
    """Serve requests from one pipe and answer on another.

    The command line names both, the bytes of memory of the process, and the seconds of processors for a request.
    """
    import resource  # noqa: PLC0415 - every system can import the blocks, and not every one has limits

    requests, answers, memory, processors = (int(argument) for argument in sys.argv[2:6])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    _keep_from_children(requests, answers)
    watch = Thread(target=_watch, args=(requests, Path.cwd()), daemon=True)
    watch.start()
    session = _Session()
    from blocks.python.messages import HEADER, sizes  # noqa: PLC0415 - numpy, after memory is bounded

    with os.fdopen(requests, "rb") as inbox, os.fdopen(answers, "wb") as outbox:
        while len(header := inbox.read(HEADER.size)) == HEADER.size:
            _bound_processors(processors)
            outbox.writelines(session.answer(inbox, sizes(header)))
            outbox.flush()
        watch.join()


def _keep_from_children(*descriptors: int) -> None:
    """Close descriptors in all processes that the code starts: while one is open, nobody sees that this one ended."""
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
        os.register_at_fork(after_in_child=lambda descriptor=descriptor: os.close(descriptor))


def _watch(requests: int, folder: Path) -> None:
    """Wait for the end of the server, which ends this process, too, and removes its folder, whatever it is doing."""
    hung_up = select.poll()
    hung_up.register(requests, 0)
    hung_up.poll()
    try:
        os.spawnlp(os.P_WAIT, "rm", "rm", "-rf", "--", str(folder))  # noqa: S606 - no shell is needed for this
    finally:
        os._exit(0)


def _bound_processors(seconds: int) -> None:
    """From now on, let all threads have so many seconds of processors: the kernel stops whoever never lets go of them.

    Without this, code that keeps all other threads waiting would go on after the end of the server.
    """
    import resource  # noqa: PLC0415 - as above

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


class _Session:
    """The code of this worker, once it is loaded."""

    def __init__(self) -> None:
        self._code: Any = None

    def answer(self, inbox: BufferedReader, sizes: Sizes) -> list[bytes | memoryview]:
        """The answer to a request, of which the header was read; whatever the code raises becomes a part of it."""
        from blocks.python.code import Exchange, report  # noqa: PLC0415 - numpy, after memory is bounded
        from blocks.python.messages import read, write  # noqa: PLC0415 - as above

        exchange = Exchange()
        try:
            try:
                body = bytearray(sizes.text + sizes.arrays)
                inbox.readinto(body)
                request = read(body, sizes.text, exchange.unpack)
            except MemoryError as error:
                raise MemoryError("what the block is handed does not fit into the memory of its process") from error
            return write({"value": self._done(request)}, exchange.pack, sizes.number)
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like fail the call, not the worker
            return write({"error": report(error)}, exchange.pack, sizes.number)

    def _done(self, request: dict[str, Any]) -> Any:
        from blocks.python.code import Code  # noqa: PLC0415 - numpy, after memory is bounded

        if "code" in request:
            self._code = Code(request["code"])
            return None
        return self._code.call(request)

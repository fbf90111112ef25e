"""One worker process, seen from the server: started bare, asked one thing at a time, killed when it does not answer."""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from blocks.python.folder import Folder
from blocks.python.messages import HEADER, Part, sizes

ROOT = Path(__file__).parents[2]
BOOT = "import sys; sys.path.append(sys.argv[1]); from blocks.python.worker import main; main()"
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Address space is reserved for every thread of a library, and the limit of memory is one of address space."""

MAX_PRINTED_BYTES = 64 * 2**10
CHUNK = 2**20
LAST_READS = 16
MAX_ANSWER_BYTES = 512 * 2**20
GRACE = 5
"""Seconds of processors beyond what all of them can do in the time of a request."""


class NoAnswer(Exception):
    """A worker gave no answer, and is of no more use; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a message, and the size of the JSON that it begins with."""

    body: bytearray
    text_size: int


class Process:
    """A worker process.

    Args:
        memory: bytes of address space that it may have; an answer may have no more, either.
        seconds: that a request may take.

    Attributes:
        usable: whether it may be asked again; not after a request that it gave no answer to.

    Raises:
        OSError: the system lets us start no process now.
    """

    def __init__(self, memory: int, seconds: float) -> None:
        self.usable = False
        self._memory = memory
        processors = math.ceil(seconds * (os.cpu_count() or 1)) + GRACE
        with ExitStack() as owned, ExitStack() as passed:
            self._folder = Folder()
            owned.callback(self._folder.remove)
            # Made here rather than by subprocess, which may leave some open when it runs out of descriptors half-way.
            request, self._requests = _pipe(passed, owned)
            self._answers, answer = _pipe(owned, passed)
            stdout, prints = _pipe(owned, passed)
            stderr, complains = _pipe(owned, passed)
            nothing = os.open(os.devnull, os.O_RDONLY)
            passed.callback(os.close, nothing)
            limits = map(str, (request, answer, memory, processors))
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter, and no shell
                [sys.executable, "-I", "-u", "-X", "utf8", "-c", BOOT, str(ROOT), *limits],
                stdin=nothing,
                stdout=prints,
                stderr=complains,
                cwd=self._folder.path,
                env=self._environment(),
                pass_fds=(request, answer),
                start_new_session=True,
            )
            for descriptor in (self._requests, self._answers, stdout, stderr):
                os.set_blocking(descriptor, False)
            self._printed = [_Printed(stdout), _Printed(stderr)]
            self._owned = owned.pop_all()

    @property
    def id(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, message: Sequence[Part], number: int, end: float, late: str) -> Answer:
        """Send a message and wait for the answer; NoAnswer when there is none in time, or none that makes sense.

        Args:
            number: of the message.
            end: until when to wait, as `time.monotonic` counts.
            late: what is to be said when there is no answer by then.
        """
        self.usable = False
        self._drain()
        for stream in self._printed:
            stream.forget()
        try:
            answer = self._exchange(
                _Outgoing(self._requests, message),
                _Incoming(self._answers, number, min(self._memory, MAX_ANSWER_BYTES)),
                end,
                late,
            )
        finally:
            self._drain()
        self.usable = True
        return answer

    def printed(self) -> tuple[str, str]:
        """What the last request made it write to stdout and to stderr."""
        return self._printed[0].text(), self._printed[1].text()

    def kill(self) -> None:
        """End it and every process of its group; whoever asked it gets no answer."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End it, and have its folder removed in the background."""
        self.kill()
        self._process.wait()
        self._owned.close()

    def wait_for_folder(self, seconds: float) -> None:
        """After the close, wait until the folder is removed, but no longer than so many seconds."""
        self._folder.wait(seconds)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        return {**kept, **ONE_THREAD, "HOME": self._folder.path, "TMPDIR": self._folder.path}

    def _exchange(self, outgoing: _Outgoing, incoming: _Incoming, end: float, late: str) -> Answer:
        # Unlike others, this selector takes no descriptor, of which there may be none left.
        with selectors.PollSelector() as selector:
            selector.register(outgoing.descriptor, selectors.EVENT_WRITE, outgoing)
            sources: list[_Incoming | _Printed] = [incoming, *self._printed]
            for source in sources:
                if not source.ended:
                    selector.register(source.descriptor, selectors.EVENT_READ, source)
            while incoming.answer is None:
                left = end - time.monotonic()
                if left <= 0:
                    raise NoAnswer(late)
                for key, _ in selector.select(left):
                    key.data.go_on()
                    if key.data.ended:
                        selector.unregister(key.fileobj)
                if incoming.ended and incoming.answer is None:
                    raise NoAnswer(self._end())
        return incoming.answer

    def _drain(self) -> None:
        """Take what was printed so far."""
        for stream in self._printed:
            for _ in range(LAST_READS):
                if stream.ended or not stream.go_on():
                    break

    def _end(self) -> str:
        """How the process ended, for people."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "closed the pipe to the server"
        if code >= 0:
            return f"ended its process with the exit code {code}"
        with suppress(ValueError):
            return f"ended its process by the signal {signal.Signals(-code).name}"
        return f"ended its process by the signal {-code}"


def _pipe(reader: ExitStack, writer: ExitStack) -> tuple[int, int]:
    """A new pipe, of which each closes its end."""
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write


class _Outgoing:
    """A message on its way to a worker."""

    def __init__(self, descriptor: int, message: Sequence[Part]) -> None:
        self.descriptor = descriptor
        self._parts = [memoryview(part).cast("B") for part in message if len(part)]
        self._parts.reverse()

    @property
    def ended(self) -> bool:
        """Whether all of it is sent, or nobody takes it any more."""
        return not self._parts

    def go_on(self) -> None:
        """Send as much as goes now."""
        try:
            while self._parts:
                part = self._parts.pop()
                sent = os.write(self.descriptor, part[:CHUNK])
                if sent < len(part):
                    self._parts.append(part[sent:])
        except BlockingIOError:
            self._parts.append(part)
        except BrokenPipeError:
            self._parts.clear()


class _Incoming:
    """An answer on its way from a worker."""

    def __init__(self, descriptor: int, number: int, limit: int) -> None:
        self.descriptor = descriptor
        self._number = number
        self.ended = False
        self.answer: Answer | None = None
        self._limit = limit
        self._header = bytearray()
        self._body: Answer | None = None
        self._filled = 0

    def go_on(self) -> None:
        """Read as much as there is now; NoAnswer when it is no message."""
        if self._body is None:
            self._read_header()
            return
        count = os.readv(self.descriptor, [memoryview(self._body.body)[self._filled :]])
        self._filled += count
        self.ended = not count
        if self._filled == len(self._body.body):
            self.answer = self._body

    def _read_header(self) -> None:
        data = os.read(self.descriptor, HEADER.size - len(self._header))
        self._header += data
        self.ended = not data
        if len(self._header) == HEADER.size:
            try:
                number, text, arrays = sizes(bytes(self._header))
            except ValueError as error:
                raise NoAnswer("wrote into the pipe to the server") from error
            if number != self._number:
                raise NoAnswer("wrote into the pipe to the server: an answer to another request")
            if text + arrays > self._limit:
                raise NoAnswer(f"returned more than {self._limit} bytes")
            self._body = Answer(bytearray(text + arrays), text)


class _Printed:
    """What a worker prints, as much as is kept of it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._kept = bytearray()
        self._more = False

    def go_on(self) -> bool:
        """Read as much as there is now; whether there was anything."""
        try:
            data = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return False
        self.ended = not data
        self._more = self._more or len(self._kept) + len(data) > MAX_PRINTED_BYTES
        self._kept += data[: MAX_PRINTED_BYTES - len(self._kept)]
        return bool(data)

    def forget(self) -> None:
        """Keep nothing of what was printed so far."""
        self._kept.clear()
        self._more = False

    def text(self) -> str:
        """What is kept, and a mark where there was more."""
        text = self._kept.decode(errors="replace")
        return f"{text}\n[more than {MAX_PRINTED_BYTES} bytes]" if self._more else text

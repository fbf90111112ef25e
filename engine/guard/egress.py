"""What workflows send to other machines: as guarded as what they fetch from there."""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from engine.errors import InputImageLoadError, RuntimeInputError
from engine.guard.limits import SourcePolicy
from engine.version import VERSION

if TYPE_CHECKING:
    import httpx

    from engine.guard.fetch import Pinned, Resolve

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 2**20
THREADS = 4
MAX_WAITING = 64
ATTEMPTS = 3
FIRST_PAUSE = 0.25
"""Seconds before the second attempt; twice that before the third."""

NOT_TAKEN = (429, 503)
"""Answers of a receiver that did nothing and may be asked again."""

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
OURS = ("host", "content-length", "transfer-encoding", "connection")
"""Headers that say how a request travels, which nobody else may set."""

Text = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Message:
    """A request that has been checked and may be sent.

    Attributes:
        request: its parts, encoded.
        timeout: seconds for all attempts together.
    """

    request: httpx.Request
    timeout: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether it worked, in words for people too."""

    delivered: bool
    message: str


class Egress:
    """Sends requests; safe to use from many threads.

    Hosts, schemes and addresses have to obey the policy, and connections go to the addresses that were checked. No
    redirect is followed, what is answered beyond the status is not read, and neither proxies nor credentials are taken
    from the environment.

    Args:
        policy: whom this server may ask; the rules that pictures are fetched by.
        resolve: how host names become addresses; by default as the system knows them.
        tls: whom to trust; by default the usual certificate authorities.
        max_bytes: of the body of one request.
        max_waiting: requests in the background at once, those on their way included.
    """

    def __init__(
        self,
        policy: SourcePolicy,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        max_bytes: int = MAX_BYTES,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._tls = tls
        self._max_bytes = max_bytes
        self._places = BoundedSemaphore(max_waiting)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="egress")

    def prepare(
        self,
        method: str,
        url: str,
        *,
        timeout: float,
        params: Mapping[str, Text] | None = None,
        headers: Mapping[str, str] | None = None,
        json: bytes | None = None,
        form: Mapping[str, Text] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Message:
        """A request, checked as far as that goes without the network.

        Args:
            timeout: seconds for all attempts together.
            json: the body in JSON, in place of a form.
            form: fields of a form; sent in parts when there are files.
            files: the contents of files, by the names of their parts.

        Raises:
            RuntimeInputError: the policy forbids it, or a header or the size is not possible.
        """
        import httpx  # noqa: PLC0415 - takes a while, and most servers send nothing

        from engine.guard.addresses import permit  # noqa: PLC0415

        if self._policy.offline:
            raise RuntimeInputError("This server is offline and sends nothing.")
        try:
            target = permit(url, self._policy)
        except InputImageLoadError as error:
            raise RuntimeInputError(error.message) from error
        if params:
            target = target.copy_merge_params({name: _listed(value) for name, value in params.items()})
        known = {b"user-agent": f"penstock/{VERSION}".encode(), b"accept": b"*/*"}
        if json is not None:
            known[b"content-type"] = b"application/json"
        known |= _headers(headers or {})
        if files:  # the boundary between the parts is chosen here, and this header names it
            known.pop(b"content-type", None)
        request = httpx.Request(
            method,
            target,
            headers=list(known.items()),
            content=json,
            data={name: _listed(value) for name, value in form.items()} if form else None,
            files={name: (name, content) for name, content in files.items()} if files else None,
        )
        if len(request.read()) > self._max_bytes:
            raise RuntimeInputError(f"The request has more than {self._max_bytes} bytes.")
        return Message(request, timeout)

    def send(self, message: Message) -> Outcome:
        """Send a request and wait for the answer; again after a while when the receiver cannot be reached."""
        deadline = time.monotonic() + message.timeout
        pause = FIRST_PAUSE
        for left in range(ATTEMPTS - 1, -1, -1):
            outcome, retry = self._attempt(message, deadline)
            if not retry or not left or time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
            pause *= 2
        return outcome

    def send_later(self, message: Message) -> bool:
        """Send a request in the background, where failures are logged; False when too many are waiting already."""
        if not self._places.acquire(blocking=False):
            return False
        try:
            self._pool.submit(self._send_and_log, message)
        except RuntimeError:  # closed
            self._places.release()
            return False
        return True

    def close(self) -> None:
        """Wait for what is on its way, and drop what has not started."""
        self._pool.shutdown(cancel_futures=True)

    def _send_and_log(self, message: Message) -> None:
        try:
            outcome = self.send(message)
            if not outcome.delivered:
                log.warning("A request in the background failed: %s", outcome.message)
        except Exception:
            log.exception("A request in the background failed.")
            raise
        finally:
            self._places.release()

    def _attempt(self, message: Message, deadline: float) -> tuple[Outcome, bool]:
        """One attempt, and whether another one makes sense and does no harm."""
        import httpcore  # noqa: PLC0415 - see `prepare`

        from engine.guard.addresses import host_of  # noqa: PLC0415
        from engine.guard.fetch import Pinned, fault_of, look_up, permitted_addresses  # noqa: PLC0415

        target = message.request.url
        host = host_of(target)
        try:
            backend = Pinned(permitted_addresses(target, self._policy, self._resolve or look_up), deadline)
            status = self._ask(message.request, backend)
        except InputImageLoadError as error:
            return Outcome(False, error.message), False
        except (httpcore.TimeoutException, TimeoutError):
            return Outcome(False, f"{host} took longer than {message.timeout:g} seconds."), False
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            return Outcome(False, f"{host} {fault_of(error)}."), isinstance(error, httpcore.ConnectError)
        answer = f"{host} answers with status {status}."
        return Outcome(200 <= status < 300, answer), status in NOT_TAKEN

    def _ask(self, request: httpx.Request, backend: Pinned) -> int:
        import httpcore  # noqa: PLC0415 - see `prepare`

        from engine.guard.fetch import port_of, usual_tls  # noqa: PLC0415

        target = request.url
        url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=port_of(target), target=target.raw_path)
        with (
            httpcore.HTTPConnection(
                url.origin, ssl_context=self._tls or usual_tls(), network_backend=backend
            ) as connection,
            connection.stream(request.method, url, headers=request.headers.raw, content=request.content) as response,
        ):
            return int(response.status)


def _listed(value: Text) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _headers(given: Mapping[str, str]) -> dict[bytes, bytes]:
    for name, value in given.items():
        if not HEADER_NAME.fullmatch(name) or name.lower() in OURS or not HEADER_VALUE.fullmatch(value):
            raise RuntimeInputError(
                f"The header {name!r} cannot be sent.",
                hint=f"Names have no spaces, values no line breaks, and {', '.join(OURS)} are not yours to set.",
            )
    return {name.lower().encode("ascii"): value.encode() for name, value in given.items()}

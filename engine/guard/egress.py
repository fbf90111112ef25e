"""Requests that workflows send to other machines: composed, queued, and sent again where that does no harm."""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from engine.errors import RuntimeInputError
from engine.guard.limits import SourcePolicy
from engine.version import VERSION

if TYPE_CHECKING:
    import httpx

    from engine.guard.connection import Deadline, Resolve

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 2**20
THREADS = 4
MAX_WAITING = 64
ATTEMPTS = 3
FIRST_PAUSE = 0.25
"""Seconds before the second attempt; twice that before the third."""

NOT_TAKEN = (429, 503)
"""Statuses by which a receiver says that it did nothing and may be asked again."""

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
OURS = ("host", "content-length", "transfer-encoding", "connection")
"""Headers that say how a request travels; workflows may not set them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request.

    Attributes:
        delivered: whether the receiver answered with a status from 200 to 299.
        message: the same in words.
        again: whether another attempt may succeed, and cannot make the receiver do the same thing twice.
    """

    delivered: bool
    message: str
    again: bool = False


class Egress:
    """Sends requests; safe to use from many threads.

    Hosts, schemes and addresses have to obey the policy; see `exchange` for what else holds. No redirect is followed,
    and of an answer only the status counts.

    Args:
        policy: whom this server may ask; the same rules hold for fetching pictures.
        resolve: how host names become addresses; by default as the system knows them.
        tls: whom to trust; by default the usual certificate authorities.
        max_bytes: the largest body of one request.
        max_waiting: the most requests in the background at once, with those on their way.
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
        params: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        json: bytes | None = None,
        form: Mapping[str, list[str]] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> httpx.Request:
        """A request, checked as far as that goes without the network.

        Args:
            json: the body in JSON, in place of a form.
            form: fields of a form; sent in parts when there are files.
            files: the contents of files, by the names of their parts.

        Raises:
            RuntimeInputError: the policy forbids it, or a header or the size is not possible.
        """
        import httpx  # noqa: PLC0415 - takes a while, and most servers send nothing

        from engine.guard.addresses import Unreachable, permit  # noqa: PLC0415 - see above

        if self._policy.offline:
            raise RuntimeInputError("This server is offline and sends nothing.")
        try:
            target = permit(url, self._policy)
        except Unreachable as error:
            raise RuntimeInputError(error.message, hint=error.hint) from error
        if params:
            target = target.copy_merge_params(params)
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
            data=form or None,
            files={name: (name, content) for name, content in files.items()} if files else None,
        )
        if len(request.read()) > self._max_bytes:
            raise RuntimeInputError(f"The request has more than {self._max_bytes} bytes.")
        return request

    def send(self, request: httpx.Request, timeout: float) -> Outcome:
        """Send a request and wait for the answer, for so many seconds in all.

        It is sent up to ATTEMPTS times, with growing pauses, while no connection can be made or the receiver answers
        with one of NOT_TAKEN. A certificate that is not valid and a name that is not known end it at once, and so does
        whatever goes wrong on a connection, since the receiver may have got the request.
        """
        from engine.guard.connection import Deadline  # noqa: PLC0415 - see `prepare`

        deadline = Deadline(timeout)
        for attempt in range(1, ATTEMPTS + 1):
            outcome = self._attempt(request, deadline)
            pause = FIRST_PAUSE * 2 ** (attempt - 1)
            if not outcome.again or attempt == ATTEMPTS or not deadline.allows(pause):
                break
            time.sleep(pause)
        return outcome

    def send_later(self, request: httpx.Request, timeout: float) -> bool:
        """Send a request in the background, where failures are logged; False when too many are waiting already."""
        if not self._places.acquire(blocking=False):
            return False
        try:
            self._pool.submit(self._send_and_log, request, timeout)
        except RuntimeError:  # closed
            self._places.release()
            return False
        return True

    def close(self) -> None:
        """Wait for what is on its way, and drop what has not started."""
        self._pool.shutdown(cancel_futures=True)

    def _send_and_log(self, request: httpx.Request, timeout: float) -> None:
        try:
            outcome = self.send(request, timeout)
            if not outcome.delivered:
                log.warning("A request in the background failed: %s", outcome.message)
        except Exception:
            log.exception("A request in the background failed.")
        finally:
            self._places.release()

    def _attempt(self, request: httpx.Request, deadline: Deadline) -> Outcome:
        from engine.guard.addresses import Unreachable, host_of  # noqa: PLC0415 - see `prepare`
        from engine.guard.connection import exchange  # noqa: PLC0415 - see `prepare`

        try:
            with exchange(request, self._policy, deadline, self._resolve, self._tls) as response:
                status = response.status
        except Unreachable as error:
            return Outcome(False, error.message, error.again)
        return Outcome(
            200 <= status < 300, f"{host_of(request.url)} answers with status {status}.", status in NOT_TAKEN
        )


def _headers(given: Mapping[str, str]) -> dict[bytes, bytes]:
    for name, value in given.items():
        if not HEADER_NAME.fullmatch(name) or name.lower() in OURS or not HEADER_VALUE.fullmatch(value):
            raise RuntimeInputError(
                f"The header {name!r} cannot be sent.",
                hint=f"Names have no spaces, values no line breaks, and {', '.join(OURS)} are not yours to set.",
            )
    return {name.lower().encode("ascii"): value.encode() for name, value in given.items()}

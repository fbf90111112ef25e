"""Send one request to a host that a stranger names, without lending out our place in the network or our time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpcore
import httpx
from typing_extensions import override

from engine.guard.addresses import Refused, Unreachable, host_of, is_public
from engine.guard.limits import SourcePolicy

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host, to be asked at a port; OSError when it has none."""

PORTS = {"http": 80, "https": 443}
WRITE_BYTES = 16_384


class Deadline:
    """A moment in time: so many seconds from when this object is made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then; TimeoutError after it."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def allows(self, seconds: float) -> bool:
        """Whether more than so many seconds are left."""
        return self._end - time.monotonic() > seconds


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host that the system knows."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@contextmanager
def exchange(
    request: httpx.Request,
    policy: SourcePolicy,
    deadline: Deadline,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[httpcore.Response]:
    """Send a request and yield its answer. Its body is still to be read, inside of the `with` block.

    The connection goes to the addresses that were checked. Neither proxies nor credentials are taken from the
    environment. The deadline holds for everything in the block, however slowly bytes drip; only the look-up of a name
    lasts until the system gives it up.

    Args:
        request: to a URL that `permit` has passed.
        resolve: how host names become addresses; by default `look_up`.
        tls: whom to trust; by default the usual certificate authorities.

    Raises:
        Refused: the host has an address that the policy forbids.
        Unreachable: there is no such host, or no proper answer in time. Again makes sense if there was no connection.
    """
    target, host = request.url, host_of(request.url)
    port = PORTS[target.scheme] if target.port is None else target.port
    url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=port, target=target.raw_path)
    backend = Pinned(_permitted_addresses(host, port, policy, resolve or look_up), deadline)
    try:
        with (
            httpcore.HTTPConnection(url.origin, ssl_context=tls or _usual_tls(), network_backend=backend) as connection,
            connection.stream(
                request.method, url, headers=request.headers.raw, content=request.content or None
            ) as response,
        ):
            yield response
    except (httpcore.TimeoutException, TimeoutError):
        raise Unreachable(f"{host} took longer than {deadline.seconds:g} seconds.") from None
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            raise Unreachable(f"{host} shows a certificate that is not valid for it.") from None
        raise Unreachable(f"{host} cannot be reached.", again=True) from None
    except httpcore.NetworkError:
        raise Unreachable(f"{host} broke off the transfer.") from None
    except httpcore.ProtocolError:
        raise Unreachable(f"{host} does not answer in proper HTTP.") from None


def _permitted_addresses(host: str, port: int, policy: SourcePolicy, resolve: Resolve) -> Sequence[str]:
    """The addresses of a host, all of which the policy allows; raises as `exchange` does."""
    try:
        addresses = resolve(host, port)
    except OSError:
        raise Unreachable(f"{host} is not known.", hint="Check the host name.") from None
    if not policy.allow_private_addresses and not all(map(is_public, addresses)):
        raise Refused(f"{host} is not on the public internet.")
    return addresses


@cache
def _usual_tls() -> ssl.SSLContext:
    """Trust in the usual certificate authorities; reading them takes a while."""
    return httpx.create_ssl_context()


class Pinned(httpcore.NetworkBackend):
    """Connects to given addresses, whatever the host is called, and lets no connection outlast a deadline."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError()
        for tried, address in enumerate(self._addresses):
            seconds = self._deadline.left() / (len(self._addresses) - tried)  # leaves as much to each of the others
            try:
                return _Timed(self._network.connect_tcp(address, port, seconds), self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Timed(httpcore.NetworkStream):
    """A connection on which all operations together end at a deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_BYTES):  # `write` grants its time to every part that fits the network
            self._stream.write(buffer[start : start + WRITE_BYTES], self._deadline.left())

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

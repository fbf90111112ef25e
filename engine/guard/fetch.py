"""Fetch a picture from an address that a stranger names, without lending the stranger our place in the network."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import httpcore
import httpx
from typing_extensions import override

from engine.errors import ImageSourceRefused, ImageTooLargeError, InputImageLoadError
from engine.guard.addresses import host_of, is_public, permit
from engine.guard.limits import Limits, SourcePolicy
from engine.version import VERSION

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host; OSError when it has none."""

ACCEPT = "image/jpeg, image/png, image/webp, image/*;q=0.5"
PORTS = {"http": 80, "https": 443}
WRITE_BYTES = 16_384
REDIRECTS = (301, 302, 303, 307, 308)


def look_up(host: str, port: int) -> list[str]:
    """What the system knows about a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str,
    policy: SourcePolicy,
    limits: Limits,
    *,
    accept: str = ACCEPT,
    resolve: Resolve = look_up,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """The body that a URL delivers.

    Host, scheme and addresses have to obey the policy, at every redirect anew, and the connection goes to the addresses
    that were checked. Neither proxies nor credentials are taken from the environment. The time limit holds for the
    whole exchange however slowly bytes drip; only the look-up of a name lasts until the system gives it up.

    Args:
        accept: the media types to ask for.
        resolve: how host names become addresses.
        tls: whom to trust; by default the usual certificate authorities.

    Raises:
        ImageSourceRefused: the policy forbids it.
        ImageTooLargeError: the body is larger than the limit.
        InputImageLoadError: there is no such host, no answer in time, or none with a picture.
    """
    if policy.offline or not policy.allow_urls:
        raise ImageSourceRefused("This server fetches no images.", hint="Send the content as base64.")
    deadline = time.monotonic() + limits.fetch_timeout
    target = permit(url, policy)
    headers = (("Accept", accept), ("Accept-Encoding", "identity"), ("User-Agent", f"penstock/{VERSION}"))
    for _ in range(policy.max_redirects + 1):
        host = host_of(target)
        backend = Pinned(permitted_addresses(target, policy, resolve), deadline)
        try:
            answer = _ask(target, headers, backend, tls or usual_tls(), limits.max_image_bytes)
        except (httpcore.TimeoutException, TimeoutError):
            raise InputImageLoadError(f"{host} took longer than {limits.fetch_timeout:g} seconds.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise InputImageLoadError(f"{host} {fault_of(error)}.") from None
        if isinstance(answer, bytes):
            return answer
        target = permit(answer, policy, base=target)
    raise InputImageLoadError(f"{host} redirects more than {policy.max_redirects} times.")


def permitted_addresses(target: httpx.URL, policy: SourcePolicy, resolve: Resolve) -> Sequence[str]:
    """The addresses of a URL's host, all of which the policy allows; raises as `fetch` does."""
    host = host_of(target)
    try:
        addresses = resolve(host, port_of(target))
    except OSError:
        raise InputImageLoadError(f"{host} is not known.", hint="Check the host name.") from None
    if not policy.allow_private_addresses and not all(map(is_public, addresses)):
        raise ImageSourceRefused(f"{host} is not on the public internet.")
    return addresses


def _ask(
    target: httpx.URL, headers: Iterable[tuple[str, str]], backend: Pinned, tls: ssl.SSLContext, max_bytes: int
) -> bytes | str:
    """One request: the body of its answer, or where it redirects to."""
    url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=port_of(target), target=target.raw_path)
    with (
        httpcore.HTTPConnection(url.origin, ssl_context=tls, network_backend=backend) as connection,
        connection.stream("GET", url, headers=[("Host", target.netloc.decode("ascii")), *headers]) as response,
    ):
        host = host_of(target)
        answered = {name.lower(): value.decode("utf-8", "surrogateescape") for name, value in response.headers}
        if response.status in REDIRECTS and b"location" in answered:
            return answered[b"location"]
        if response.status != 200:
            raise InputImageLoadError(f"{host} answers with status {response.status}.")
        if answered.get(b"content-encoding", "identity").lower() != "identity":
            raise InputImageLoadError(f"{host} compresses what it was asked to send as it is.")
        return _body(response.iter_stream(), host, max_bytes)


def _body(chunks: Iterable[bytes], host: str, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise ImageTooLargeError(f"{host} sends more than {max_bytes} bytes.", hint="Offer a smaller image.")
    return bytes(body)


def port_of(url: httpx.URL) -> int:
    """The port that a URL says or means."""
    return PORTS[url.scheme] if url.port is None else url.port


def fault_of(error: Exception) -> str:
    """What went wrong, without the addresses and paths that the words of an exception may hold."""
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return "shows a certificate that is not valid for it"
    if isinstance(error, httpcore.ConnectError):
        return "cannot be reached"
    if isinstance(error, httpcore.ProtocolError):
        return "does not answer in proper HTTP"
    return "broke off the transfer"


@cache
def usual_tls() -> ssl.SSLContext:
    """Trust in the usual certificate authorities; reading them takes a while."""
    return httpx.create_ssl_context()


class Pinned(httpcore.NetworkBackend):
    """Connects to given addresses, whatever the host is called, and lets nothing last beyond a moment in time."""

    def __init__(self, addresses: Sequence[str], deadline: float) -> None:
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
        for untried in range(len(self._addresses), 0, -1):
            seconds = _left(self._deadline) / untried
            try:
                stream = self._network.connect_tcp(self._addresses[-untried], port, seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if untried == 1:
                    raise
            else:
                return _Timed(stream, self._deadline)
        raise httpcore.ConnectError


class _Timed(httpcore.NetworkStream):
    """A connection on which all operations together end at a moment in time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), WRITE_BYTES):  # `write` grants its time to every part that fits the network
            self._stream.write(buffer[start : start + WRITE_BYTES], _left(self._deadline))

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Seconds until a moment in time; TimeoutError after it."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds

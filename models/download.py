"""Download one file over HTTPS: bounded in bytes and time, and in place all at once or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.errors import ModelDownloadError

if TYPE_CHECKING:
    import httpx

Progress = Callable[[int, int | None], None]
"""Told how many bytes have come, and how many there will be if the other side says so."""

MAX_REDIRECTS = 5


def download(
    url: str,
    target: Path,
    *,
    max_bytes: int,
    sha256: str | None = None,
    progress: Progress | None = None,
    timeout: float = 30.0,
    deadline: float = 1800.0,
    trusted_origin: str | None = None,
    ca_file: str | None = None,
) -> str:
    """Write what `url` delivers to `target`, and return the address that delivered it, after redirects.

    Proxies and certificate authorities come from the environment, as is usual for HTTP clients.

    Args:
        url: where to ask; it and every redirect have to be https.
        target: in a folder that exists; replaced at once when all bytes are there, else left as it is.
        max_bytes: no more is read.
        sha256: what the bytes have to hash to, in hexadecimal.
        progress: called after every piece.
        timeout: seconds that the other side may stay silent.
        deadline: seconds that the whole transfer may take.
        trusted_origin: an address of the user's own choice: its scheme, host and port may be asked without TLS, and
            they, and nobody else, get the name and password in it.
        ca_file: certificate authorities to trust in place of those from the environment.

    Raises:
        ModelDownloadError: with the host and the reason.
        OSError: the target cannot be written.
    """
    import httpx  # noqa: PLC0415 - most starts download nothing

    end = time.monotonic() + deadline
    try:
        trusted = httpx.URL(trusted_origin or "")
        # Addresses are logged by httpx and returned from here, so no password may stay in them.
        source = httpx.URL(url).copy_with(userinfo=b"")
        auth = (trusted.username, trusted.password) if trusted.userinfo and _same_origin(source, trusted) else None
        with _client(timeout, trusted, ca_file) as client, client.stream("GET", source, auth=auth) as response:
            response.raise_for_status()
            land(_pieces(response, progress, end), target, source.host, max_bytes=max_bytes, sha256=sha256)
            return str(response.url)
    except httpx.InvalidURL as error:
        raise ModelDownloadError(f"That is no address: {error}.") from None
    except httpx.HTTPStatusError as error:
        reason = f"answered {error.response.status_code} {error.response.reason_phrase}"
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
    raise ModelDownloadError(f"{source.host}: {reason}.")


def land(chunks: Iterable[bytes], target: Path, source: str, *, max_bytes: int, sha256: str | None = None) -> None:
    """Write `chunks` to `target` if they are at most `max_bytes` that hash to `sha256`; else raise, naming `source`."""
    digest = hashlib.sha256()
    size = 0
    with _landing(target) as file:
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise ModelDownloadError(f"{source}: delivered more than {max_bytes} bytes.")
            digest.update(chunk)
            file.write(chunk)
        if sha256 is not None and digest.hexdigest() != sha256:
            raise ModelDownloadError(
                f"{source}: delivered other bytes than expected: {size}, sha256 {digest.hexdigest()}."
            )


@contextmanager
def _landing(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target` that takes its place when the block ends well, and vanishes otherwise."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _client(timeout: float, trusted: httpx.URL, ca_file: str | None) -> httpx.Client:
    """A client that refuses, before it connects, whatever is neither https nor the trusted origin."""
    import httpx  # noqa: PLC0415 - see above

    def refuse_cleartext(request: httpx.Request) -> None:
        if request.url.scheme != "https" and not _same_origin(request.url, trusted):
            raise ModelDownloadError(f"{request.url.host}: refused, since {request.url.scheme} is not https.")

    try:
        context = True if ca_file is None else ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ModelDownloadError(f"The certificate authorities in {ca_file} cannot be read: {error}.") from None
    return httpx.Client(
        verify=context,
        timeout=timeout,
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        event_hooks={"request": [refuse_cleartext]},
        # Bytes are counted and hashed as they travel, so they must travel as they are.
        headers={"Accept-Encoding": "identity"},
    )


def _pieces(response: httpx.Response, progress: Progress | None, end: float) -> Iterator[bytes]:
    length = response.headers.get("Content-Length")
    total = None if length is None else int(length)
    done = 0
    for piece in response.iter_raw():
        if time.monotonic() > end:
            raise ModelDownloadError(f"{response.url.host}: was too slow, with {done} bytes so far.")
        yield piece
        done += len(piece)
        if progress is not None:
            progress(done, total)


def _same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)

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
"""Is told how many bytes have come, and how many there will be, or None where the other side does not say so."""

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
        max_bytes: the largest size that is taken.
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
        address, trusted = httpx.URL(url), httpx.URL(trusted_origin or "")
        with _client(timeout, ca_file) as client:
            for _ in range(MAX_REDIRECTS + 1):
                # Addresses are logged by httpx and returned from here, so no password may stay in them.
                address = address.copy_with(userinfo=b"")
                with client.stream("GET", address, auth=_login(address, trusted)) as response:
                    if response.next_request is None:
                        response.raise_for_status()
                        land(_pieces(response, progress, end), target, address.host, max_bytes=max_bytes, sha256=sha256)
                        return str(address)
                    address = response.next_request.url
        reason = f"redirects more than {MAX_REDIRECTS} times"
    except httpx.InvalidURL as error:
        raise ModelDownloadError(f"That is no address: {error}.") from None
    except httpx.HTTPStatusError as error:
        reason = f"answered {error.response.status_code} {error.response.reason_phrase}"
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
    raise ModelDownloadError(f"{address.host}: {reason}.")


def land(chunks: Iterable[bytes], target: Path, source: str, *, max_bytes: int, sha256: str | None = None) -> None:
    """Write the bytes that come in `chunks` to `target`, all at once when they are complete.

    Args:
        target: in a folder that exists; left as it is when anything goes wrong.
        source: where the bytes come from, for messages.
        max_bytes: the largest size that is taken.
        sha256: what the bytes have to hash to, in hexadecimal.

    Raises:
        ModelDownloadError: they are too many, or hash to something else.
        OSError: the target cannot be written.
    """
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


def _client(timeout: float, ca_file: str | None) -> httpx.Client:
    """A client that follows no redirects, since httpx would take passwords along from http to https."""
    import httpx  # noqa: PLC0415 - see `download`

    try:
        context = True if ca_file is None else ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ModelDownloadError(f"The certificate authorities in {ca_file} cannot be read: {error}.") from None
    # Bytes are counted and hashed as they travel, so they must travel as they are.
    return httpx.Client(verify=context, timeout=timeout, headers={"Accept-Encoding": "identity"})


def _login(address: httpx.URL, trusted: httpx.URL) -> tuple[str, str] | None:
    """The name and password for an address; ModelDownloadError if it is neither https nor the trusted origin."""
    if (address.scheme, address.host, address.port) == (trusted.scheme, trusted.host, trusted.port):
        return (trusted.username, trusted.password) if trusted.userinfo else None
    if address.scheme != "https":
        raise ModelDownloadError(f"{address.host}: refused, since {address.scheme} is not https.")
    return None


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

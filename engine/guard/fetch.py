"""Fetch a picture from a URL that a stranger names."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpcore
import httpx

from engine.errors import ImageSourceRefused, ImageTooLargeError, InputImageLoadError
from engine.guard.addresses import Refused, Unreachable, host_of, permit
from engine.guard.connection import Deadline, Resolve, exchange
from engine.guard.limits import Limits, SourcePolicy
from engine.version import VERSION

ACCEPT = "image/jpeg, image/png, image/webp, image/*;q=0.5"
REDIRECTS = (301, 302, 303, 307, 308)
WAY_OUT = "Send the content as base64."


def fetch(
    url: str,
    policy: SourcePolicy,
    limits: Limits,
    *,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """The body that a URL delivers.

    Host, scheme and addresses have to obey the policy, at every redirect anew. The time limit holds for all redirects
    together; see `exchange` for what else holds for each.

    Args:
        resolve: how host names become addresses; by default as the system knows them.
        tls: whom to trust; by default the usual certificate authorities.

    Raises:
        ImageSourceRefused: the policy forbids it.
        ImageTooLargeError: the body is larger than the limit.
        InputImageLoadError: there is no such host, no answer in time, or none with a picture.
    """
    if policy.offline or not policy.allow_urls:
        raise ImageSourceRefused("This server fetches no images.", hint=WAY_OUT)
    deadline = Deadline(limits.fetch_timeout)
    headers = {"Accept": ACCEPT, "Accept-Encoding": "identity", "User-Agent": f"penstock/{VERSION}"}
    try:
        target = permit(url, policy)
        for _ in range(policy.max_redirects + 1):
            host = host_of(target)
            with exchange(httpx.Request("GET", target, headers=headers), policy, deadline, resolve, tls) as response:
                answered = _headers(response)
                if response.status not in REDIRECTS or b"location" not in answered:
                    return _body(response, answered, host, limits.max_image_bytes)
            target = permit(answered[b"location"], policy, base=target)
    except Refused as error:
        raise ImageSourceRefused(error.message, hint=error.hint or WAY_OUT) from error
    except Unreachable as error:
        raise InputImageLoadError(error.message, hint=error.hint) from error
    raise InputImageLoadError(f"{host} redirects more than {policy.max_redirects} times.")


def _headers(response: httpcore.Response) -> dict[bytes, str]:
    """The headers of an answer by their names in lower case."""
    return {name.lower(): value.decode("utf-8", "surrogateescape") for name, value in response.headers}


def _body(response: httpcore.Response, answered: Mapping[bytes, str], host: str, max_bytes: int) -> bytes:
    """The body of an answer, if that is what was asked for: complete, not compressed and not too large."""
    if response.status != 200:
        raise InputImageLoadError(f"{host} answers with status {response.status}.")
    if answered.get(b"content-encoding", "identity").lower() != "identity":
        raise InputImageLoadError(f"{host} compresses what it was asked to send as it is.")
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise ImageTooLargeError(f"{host} sends more than {max_bytes} bytes.", hint="Offer a smaller image.")
    return bytes(body)

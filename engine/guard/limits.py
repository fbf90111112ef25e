"""How much a picture may cost, and where it may come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what strangers send.

    Attributes:
        max_image_bytes: of an encoded picture.
        max_image_pixels: width times height of a decoded one.
        fetch_timeout: seconds for getting a picture from a URL, with all redirects.
    """

    max_image_bytes: int = 32 * 2**20
    max_image_pixels: int = 80_000_000
    fetch_timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """Where pictures may come from. The defaults let nobody reach what only this machine can reach.

    Attributes:
        allow_urls: fetch pictures at all.
        allow_http: without TLS, too.
        allow_hosts_without_fqdn: also from IP addresses and from names without a dot.
        allow_private_addresses: also when the host has an address that is not public.
        allowed_hosts: only from these hosts, whole names without port; None for all.
        denied_hosts: never from these.
        max_redirects: each has to obey all rules again; 0 follows none.
        offline: ask the network for nothing.
        allow_numpy: take pictures in .npy form, on the plain routes; workflows take URLs and base64 only.
        file_roots: folders that paths may lead into, on the plain routes; none by default, so that no local file is
            read.
    """

    allow_urls: bool = True
    allow_http: bool = False
    allow_hosts_without_fqdn: bool = False
    allow_private_addresses: bool = False
    allowed_hosts: frozenset[str] | None = None
    denied_hosts: frozenset[str] = frozenset()
    max_redirects: int = 5
    offline: bool = False
    allow_numpy: bool = False
    file_roots: tuple[Path, ...] = ()

"""Which URLs may be asked, and which network addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from engine.guard.limits import SourcePolicy

MAX_URL_LENGTH = 8192

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
HOST_NAME = re.compile(rf"(?!.{{254}}){LABEL}(?:\.{LABEL})*")
NUMBER_AT_END = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")
"""A host like this is an IPv4 address in one of its spellings: 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1."""

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
METADATA_SERVICES = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
"""Where clouds hand secrets to their machines: some versions of Python take these addresses for public ones."""


class Unreachable(Exception):
    """Nothing comes from a URL: it is none, nobody answers there, or the answer breaks off.

    Attributes:
        message: what is wrong, without what stands behind the host.
        hint: how to mend it.
        again: whether nobody has got the request yet, and another attempt may succeed.
    """

    def __init__(self, message: str, *, hint: str | None = None, again: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.again = again


class Refused(Unreachable):
    """The policy does not let this server ask there."""


def permit(url: str, policy: SourcePolicy, *, base: httpx.URL | None = None) -> httpx.URL:
    """The URL, parsed, if the policy lets this server ask it.

    Connections are made from the result, so that the text is not parsed a second time and differently.

    Args:
        base: for a redirect, the URL that redirects to `url`.

    Raises:
        Unreachable: the text is no URL.
        Refused: the policy forbids it.
    """
    if len(url) > MAX_URL_LENGTH:
        raise Unreachable(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    try:
        parsed = httpx.URL(url) if base is None else base.join(url)
    except (httpx.InvalidURL, ValueError):
        raise Unreachable("The URL cannot be read.") from None
    if parsed.userinfo:
        raise Refused("The URL has a name or a password before its host.")
    if parsed.port is not None and not 0 < parsed.port < 2**16:
        raise Unreachable("The URL has no proper port.")
    _check_scheme(parsed, policy, base)
    _check_host(host_of(parsed), policy)
    return parsed


def host_of(url: httpx.URL) -> str:
    """The host in lower-case ASCII, an IPv6 address without brackets."""
    return url.raw_host.decode("ascii")


def _check_scheme(url: httpx.URL, policy: SourcePolicy, base: httpx.URL | None) -> None:
    if url.scheme not in ("https", "http"):
        raise Refused("The URL is neither https nor http.")
    if url.scheme == "http" and not policy.allow_http:
        raise Refused("The URL is not https.", hint="Use https.")
    if url.scheme == "http" and base is not None and base.scheme == "https":
        raise Refused(f"{host_of(base)} redirects from https to http.")


def _check_host(host: str, policy: SourcePolicy) -> None:
    named = HOST_NAME.fullmatch(host) is not None
    if not named and ":" not in host:
        raise Refused("The URL has no proper host name.")
    qualified = named and "." in host and not NUMBER_AT_END.fullmatch(host)
    if not qualified and not policy.allow_hosts_without_fqdn:
        raise Refused(f"{host} is not a full domain name.", hint="Name a host such as images.example.com.")
    if policy.allowed_hosts is not None and host not in _normalised(policy.allowed_hosts):
        raise Refused(f"{host} is not among the hosts that this server asks.")
    if host in _normalised(policy.denied_hosts):
        raise Refused(f"{host} is among the hosts that this server does not ask.")


def _normalised(names: Iterable[str]) -> set[str]:
    """Names of hosts in the spelling of `host_of`, without those that cannot be the host of a URL."""
    normalised = set()
    for name in names:
        try:
            normalised.add(host_of(httpx.URL(scheme="https", host=name)))
        except httpx.InvalidURL:
            continue
    return normalised


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet can reach, so that asking it opens no door."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None and ip not in NAT64:
            return ip in GLOBAL_UNICAST and ip.is_global and ip.sixtofour is None
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in METADATA_SERVICES)

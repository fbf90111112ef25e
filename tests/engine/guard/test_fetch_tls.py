"""Fetching over TLS: who answers is verified, and the time limit holds there too."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ImageSourceRefused, InputImageLoadError
from engine.guard.fetch import fetch
from engine.guard.limits import Limits
from tests.engine.guard.servers import (
    CONTENT,
    HOST,
    HTTP,
    LIMITS,
    PUBLIC,
    Internet,
    Site,
    body,
    get,
    raw,
    redirect,
    serving,
)


@pytest.fixture
def secure_site(internet: Internet, certificate: Path) -> Iterator[Site]:
    """A public server with that certificate, which also redirects to http, and drips."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    slow = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000, pause=lambda: time.sleep(0.02))
    with serving({"/cat": body(CONTENT), "/down": redirect(f"http://{HOST}/cat"), "/slow": slow}, tls) as site:
        internet.ports[PUBLIC] = site.port
        yield site


def test_https_is_verified_against_the_name_of_the_host(
    internet: Internet, secure_site: Site, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)

    def ask(url: str, tls: ssl.SSLContext | None = trusting) -> bytes:
        return fetch(url, HTTP, LIMITS, resolve=internet.resolve, tls=tls)

    assert ask(f"https://{HOST}/cat") == CONTENT
    assert secure_site.seen[0][1]["host"] == HOST
    with pytest.raises(InputImageLoadError, match=r"^other\.example\.com shows a certificate that is not valid"):
        ask("https://other.example.com/cat")
    with pytest.raises(InputImageLoadError, match="certificate"):
        ask(f"https://{HOST}/cat", tls=None)
    with pytest.raises(ImageSourceRefused, match="from https to http"):
        ask(f"https://{HOST}/down")


def test_https_ends_with_the_time_limit(internet: Internet, secure_site: Site, certificate: Path) -> None:
    tls, limits = ssl.create_default_context(cafile=certificate), Limits(fetch_timeout=0.3)
    started = time.monotonic()
    with pytest.raises(InputImageLoadError, match="took longer"):
        fetch(f"https://{HOST}/slow", HTTP, limits, resolve=internet.resolve, tls=tls)
    assert time.monotonic() - started < 2


def test_a_handshake_that_never_ends_ends(internet: Internet) -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        internet.ports[PUBLIC] = silent.getsockname()[1]
        with pytest.raises(InputImageLoadError, match="took longer"):
            get(internet, f"https://{HOST}/", limits=Limits(fetch_timeout=0.3))
    assert time.monotonic() - started < 2

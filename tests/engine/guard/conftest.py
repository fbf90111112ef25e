"""An internet for tests, and public servers in it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.engine.guard.servers import HOSTS, PUBLIC, Answer, Internet, Serve, Site, serving


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Names lead where `HOSTS` says, and a public address leads to the server of the test."""
    internet = Internet(HOSTS)
    monkeypatch.setattr(socket, "create_connection", internet.connect)
    return internet


@pytest.fixture
def serve(internet: Internet) -> Iterator[Serve]:
    """Public servers that last as long as the test."""
    with ExitStack() as stack:

        def start(**answers: Answer) -> Site:
            site = stack.enter_context(serving({f"/{name}": answer for name, answer in answers.items()}))
            internet.ports[PUBLIC] = site.port
            return site

        yield start

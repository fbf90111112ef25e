"""Heads of requests that are too large, or never come to their end."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api import heads
from api.heads import MAX_HEAD_BYTES
from tests.api.serving import serving

MOST_SENT = 8 * 2**20


@pytest.fixture
def client(null_models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """Of a server that waits for heads less long than it would."""
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.4)
    with serving(MODELS_DIR=null_models) as made:
        yield made


def connection(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=10)


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET /info HTTP/1.1\r\nHost: me\r\nX: ", b"a" * 4096),
        (b"GET /info HTTP/1.1\r\nHost: me\r\n", b"X: a\r\n" * 1000),
        (b"GET /", b"a" * 4096),
        (b"", b"\r\n" * 2048),
        (b"POST /model/add HTTP/1.1\r\nHost: me\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a" * 4096),
    ],
    ids=["value", "many", "path", "nothing", "trailer"],
)
def test_an_endless_head_is_refused(client: httpx.Client, start: bytes, more: bytes) -> None:
    count = 0
    with connection(client) as wire:
        wire.sendall(start)
        try:
            while count < MOST_SENT:
                wire.sendall(more)
                count += len(more)
                time.sleep(0.001)
        except OSError:
            pass
    assert count < MOST_SENT
    assert client.get("/info").status_code == 200


def test_it_is_said_why(client: httpx.Client) -> None:
    with connection(client) as wire:
        wire.sendall(b"GET /info HTTP/1.1\r\nHost: me\r\nX: ")
        time.sleep(0.05)
        wire.sendall(b"a" * (MAX_HEAD_BYTES + 1))
        answer = wire.recv(65536)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert str(MAX_HEAD_BYTES).encode() in answer


@pytest.mark.parametrize("start", [b"", b"GET /info HTTP/1.1\r\nHost: me\r\n", b"\r\n"])
@pytest.mark.parametrize("after", ["nothing", "an answer"])
def test_a_head_that_does_not_come_is_given_up(client: httpx.Client, start: bytes, after: str) -> None:
    with connection(client) as wire:
        if after == "an answer":
            wire.sendall(b"GET /info HTTP/1.1\r\nHost: me\r\n\r\n")
            assert b"200" in wire.recv(65536)
        started = time.monotonic()
        wire.sendall(start)
        while wire.recv(65536):
            pass
        # Where nothing comes after an answer, it is an idle connection, which is kept for longer.
        assert time.monotonic() - started < (2 if start or after == "nothing" else 10)


def test_large_bodies_and_many_requests_of_one_connection_are_none_of_it(client: httpx.Client) -> None:
    for size in (0, 1000, 3 * MAX_HEAD_BYTES):
        for _ in range(3):
            assert client.post("/model/remove", json={"model_id": "a", "x": "a" * size}).status_code == 200
            chunks = (part for part in (b'{"model_id": "a", "x": "', b"a" * size, b'"}') if part)
            assert client.post("/model/remove", content=chunks).status_code == 200


def test_requests_that_come_at_once_are_answered_in_turn(client: httpx.Client) -> None:
    head = b"GET /info HTTP/1.1\r\nHost: me\r\n\r\n"
    with connection(client) as wire:
        wire.sendall(head * 20 + head[:10])
        time.sleep(0.1)
        wire.sendall(head[10:])
        wire.settimeout(0.3)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 21:
            answers += wire.recv(65536)

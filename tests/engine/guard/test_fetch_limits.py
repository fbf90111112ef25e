"""Fetching takes no longer and no more than the limits, whatever the other side does."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler

import httpcore
import pytest

from engine.errors import ImageTooLargeError, InputImageLoadError
from engine.guard.connection import Deadline, Pinned
from engine.guard.fetch import fetch
from engine.guard.limits import Limits
from tests.engine.guard.servers import (
    CONTENT,
    HOST,
    HTTP,
    LIMITS,
    PUBLIC,
    Answer,
    Internet,
    Serve,
    body,
    get,
    raw,
    redirect,
)


@pytest.mark.parametrize(("size", "fits"), [(LIMITS.max_image_bytes, True), (LIMITS.max_image_bytes + 1, False)])
def test_bodies_are_limited(internet: Internet, serve: Serve, size: int, fits: bool) -> None:
    serve(cat=body(bytes(size)))
    if fits:
        assert len(get(internet, f"http://{HOST}/cat")) == size
    else:
        with pytest.raises(ImageTooLargeError, match="more than 100000 bytes"):
            get(internet, f"http://{HOST}/cat")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_an_endless_body_is_cut_off(internet: Internet, serve: Serve, head: bytes) -> None:
    gone = threading.Event()
    piece = bytes(10_000) if b"chunked" not in head else b"2710\r\n" + bytes(10_000) + b"\r\n"

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        try:
            while True:
                handler.wfile.write(piece)
        except OSError:
            gone.set()

    serve(cat=endless)
    with pytest.raises(ImageTooLargeError):
        get(internet, f"http://{HOST}/cat")
    assert gone.wait(5)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nfew"), id="fewer bytes than announced"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), id="half a chunk"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), id="a length that is no number"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), id="two lengths"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), id="another protocol"),
        pytest.param(raw(), id="nothing"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), id="an endless header"),
        pytest.param(raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), id="an upgrade"),
    ],
)
def test_broken_answers_are_refused(internet: Internet, serve: Serve, answer: Answer) -> None:
    serve(cat=answer)
    with pytest.raises(InputImageLoadError, match=f"^{HOST} "):
        get(internet, f"http://{HOST}/cat")


def test_more_bytes_than_announced_are_not_read(internet: Internet, serve: Serve) -> None:
    serve(cat=raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ncat and more"))
    assert get(internet, f"http://{HOST}/cat") == b"cat"


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "GZIP"])
def test_compressed_bodies_are_refused_unread(internet: Internet, serve: Serve, coding: str) -> None:
    serve(
        cat=body(gzip.compress(bytes(10**7)), Content_Encoding=coding), dog=body(CONTENT, Content_Encoding="identity")
    )
    with pytest.raises(InputImageLoadError, match="compresses"):
        get(internet, f"http://{HOST}/cat")
    assert get(internet, f"http://{HOST}/dog") == CONTENT


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000], id="body"),
        pytest.param([b"HTTP/1.1 200 OK\r\n", *[b"X: x\r\n"] * 1000], id="header"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n"] * 1000, id="provisional answers"),
        pytest.param([b"", *[b""] * 1000], id="silence"),
    ],
)
def test_slow_answers_end_with_the_time_limit(internet: Internet, serve: Serve, pieces: list[bytes]) -> None:
    over = threading.Event()
    serve(cat=raw(*pieces, pause=lambda: over.wait(0.02)))
    started = time.monotonic()
    with pytest.raises(InputImageLoadError, match=f"^{HOST} took longer than 0.3 seconds"):
        get(internet, f"http://{HOST}/cat", limits=Limits(fetch_timeout=0.3))
    over.set()
    assert time.monotonic() - started < 2


def test_slow_redirects_share_the_time_limit(internet: Internet, serve: Serve) -> None:
    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        redirect("/cat")(handler)

    serve(cat=slowly)
    with pytest.raises(InputImageLoadError, match="took longer"):
        get(internet, f"http://{HOST}/cat", limits=Limits(fetch_timeout=0.5))


def test_a_slow_look_up_counts(internet: Internet) -> None:
    def resolve(host: str, port: int) -> list[str]:
        time.sleep(0.2)
        return [PUBLIC]

    with pytest.raises(InputImageLoadError, match="took longer"):
        fetch(f"http://{HOST}/", HTTP, Limits(fetch_timeout=0.1), resolve=resolve)
    assert internet.reached == []


def test_writing_to_a_slow_reader_ends_with_the_time_limit() -> None:
    over = threading.Event()

    def drink(listener: socket.socket) -> None:
        connection = listener.accept()[0]
        with connection:
            while not over.wait(0.01) and connection.recv(300_000):
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = threading.Thread(target=drink, args=(listener,))
        reader.start()
        started = time.monotonic()
        stream = Pinned(["127.0.0.1"], Deadline(0.3)).connect_tcp(HOST, listener.getsockname()[1])
        try:
            with pytest.raises((TimeoutError, httpcore.WriteTimeout)):
                stream.write(bytes(100_000_000))
            assert time.monotonic() - started < 2
        finally:
            over.set()
            stream.close()
            reader.join()

"""Web servers on this machine, and an internet that leads to them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any, Protocol

from engine.guard.fetch import fetch
from engine.guard.limits import Limits, SourcePolicy

PUBLIC, OTHER_PUBLIC = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
"""Addresses that anybody may ask; in tests, they lead to a server on this machine."""

HOST = "images.example.com"
HOSTS = {
    "private.example.com": ["10.0.0.7"],
    "loopback.example.com": ["127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "mixed.example.com": [PUBLIC, "192.168.1.1"],
    "mixed-too.example.com": ["::1", PUBLIC],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "nat64.example.com": ["64:ff9b::a00:1"],
    "multicast.example.com": ["224.0.0.1"],
    "nowhere.example.com": [],
}
"""Names with addresses of their own; all others are public."""

HTTP = SourcePolicy(allow_http=True)
LIMITS = Limits(max_image_bytes=100_000, fetch_timeout=5.0)
CONTENT = b"the picture"

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A web server, and the requests that it has seen."""

    port: int
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class Serve(Protocol):
    """Starts a public server: its paths are given by name."""

    def __call__(self, **answers: Answer) -> Site: ...


@contextmanager
def serving(answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve what `answers` says for each path, on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.close_connection = True
            try:
                answers[self.path](self)
            except OSError:
                self.log_message("the client has left")

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            """A client that hangs up is what some tests want."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site = Site(server.server_address[1])
    with running(server):
        yield site


@contextmanager
def running(server: BaseServer) -> Iterator[None]:
    """A server that answers in a thread of its own until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def body(content: bytes, **headers: str) -> Answer:
    """Answer with content; headers are named in Python's way: Content_Type."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    """Answer that it is elsewhere."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def raw(*pieces: bytes, pause: Callable[[], Any] = lambda: None) -> Answer:
    """Answer with these very bytes, piece by piece."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            pause()

    return answer


class Internet:
    """What host names resolve to, and what was connected to."""

    def __init__(self, hosts: Mapping[str, list[str]]) -> None:
        self.hosts = hosts
        self.asked: list[str] = []
        self.reached: list[str] = []
        self.patience: list[float] = []
        self.ports: dict[str, int] = {}
        self._connect = socket.create_connection

    def resolve(self, host: str, port: int) -> list[str]:
        """As a name server does; unknown hosts are public, so that only the rules can refuse them."""
        self.asked.append(host)
        return self.hosts.get(host, [PUBLIC])

    def connect(self, address: tuple[str, int], timeout: float, *args: Any, **more: Any) -> socket.socket:
        """In place of `socket.create_connection`: leads from public addresses to this machine."""
        self.reached.append(address[0])
        self.patience.append(timeout)
        if address[0] not in self.ports:
            raise TimeoutError
        return self._connect(("127.0.0.1", self.ports[address[0]]), timeout, *args, **more)


def get(internet: Internet, url: str, policy: SourcePolicy = HTTP, limits: Limits = LIMITS) -> bytes:
    """Fetch from that internet."""
    return fetch(url, policy, limits, resolve=internet.resolve)

"""A host on the loopback that answers as a test wants it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.engine.guard.servers import running

Answer = bytes | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Host:
    """A running host: where it is, and the paths that it was asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def hosting(answers: Mapping[str, Answer]) -> Iterator[Host]:
    """A host that answers to each path with these bytes, or as this function does, and to others with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(self.path)
            answer = answers.get(self.path)
            if answer is None:
                self.send_error(404)
            elif isinstance(answer, bytes):
                start(self, len(answer))
                self.wfile.write(answer)
            else:
                answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Clients that hang up early are what some tests are about.
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    server.daemon_threads = True
    host = Host(f"http://127.0.0.1:{server.server_port}")
    with running(server):
        yield host


def start(handler: BaseHTTPRequestHandler, length: int | None) -> None:
    """Begin a good answer that promises so many bytes, or does not say."""
    handler.send_response(200)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


def redirect(to: str) -> Answer:
    """Send the client elsewhere."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer

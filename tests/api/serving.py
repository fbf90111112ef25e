"""A real server on a socket, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from api.serving import configured
from api.settings import Settings

START_SECONDS = 20


@contextmanager
def serving(**environment: Any) -> Iterator[httpx.Client]:
    """A client of a server with these settings, by their names in the environment."""
    server = uvicorn.Server(configured(Settings(**{"PORT": 0, "LOG_LEVEL": "WARNING", **environment})))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)

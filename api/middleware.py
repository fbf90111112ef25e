"""What is done for every request: it has an id, and an answer whatever fails."""

from __future__ import annotations

import logging
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import unforeseen

log = logging.getLogger("penstock")

REQUEST_ID = "X-Request-ID"
MAX_ID_LENGTH = 128


class RequestId:
    """Sends back the request's own id, or a fresh one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        text = given.decode("latin-1")
        sane = 0 < len(text) <= MAX_ID_LENGTH and text.isascii() and text.isprintable()
        request_id = text if sane else uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self._app(scope, receive, send_with_id)


class Unforeseen:
    """Logs what nobody foresaw and answers with a 500; raised further, it would cut the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            if started or scope["type"] != "http":
                raise
            log.exception("%s %s failed.", scope["method"], scope["path"])
            await unforeseen()(scope, receive, send)

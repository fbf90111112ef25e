"""What is done around every request: it has an id, an answer whatever fails, and no longer a way than it needs."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer_to, unforeseen
from engine.errors import PenstockError

REQUEST_ID = "X-Request-ID"
HEADER = REQUEST_ID.lower().encode()
ORIGIN = b"origin"
MAX_ID_LENGTH = 128

Handler = Callable[[Request], Awaitable[Response]]

log = logging.getLogger("penstock")


class Outermost:
    """Sends back the request's own id, or a fresh one, and a 500 for what nobody foresaw; raised, it would hang up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started = complete = False

        async def send_with_id(message: Message) -> None:
            nonlocal started, complete
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            else:
                complete = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            log.info("%s %r: the client left before its request was read.", scope["method"], scope["path"])
        except Exception:
            if started and not complete:
                raise
            log.exception("%s %r failed.", scope["method"], scope["path"])
            if not started:
                await unforeseen()(scope, receive, send_with_id)


class ShortWay:
    """Calls the handler of a route that a request names exactly; all other requests go the long way, through the app.

    The long way costs half a millisecond: it looks at every route in turn, and passes layers that our handlers, which
    read their body themselves, do not use. Requests of browsers go it, since they ask which origins are welcome.

    Args:
        app: with everything.
        handlers: of the routes, by method and path.
    """

    def __init__(self, app: FastAPI, handlers: Mapping[tuple[str, str], Handler]) -> None:
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        handler = self._handlers.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if handler is None or any(name == ORIGIN for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        try:
            response = await handler(Request(scope, receive))
        except PenstockError as error:
            response = answer_to(error)
        await response(scope, receive, send)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == HEADER and 0 < len(value) <= MAX_ID_LENGTH and all(32 <= byte < 127 for byte in value):
            return bytes(value)
    return os.urandom(16).hex().encode()

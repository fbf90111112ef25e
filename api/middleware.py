"""What is done for every request: it has an id, and an answer whatever fails."""

from __future__ import annotations

import logging
import os

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import unforeseen

REQUEST_ID = "X-Request-ID"
HEADER = REQUEST_ID.lower().encode()
MAX_ID_LENGTH = 128

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
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            if started:
                raise
            log.exception("%s %s failed.", scope["method"], scope["path"])
            await unforeseen()(scope, receive, send_with_id)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == HEADER and 0 < len(value) <= MAX_ID_LENGTH and all(32 <= byte < 127 for byte in value):
            return bytes(value)
    return os.urandom(16).hex().encode()

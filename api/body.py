"""The body of a request: bounded in bytes and time while it arrives, and in parts before it is read as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from engine.errors import RequestTooLargeError, RequestTooSlowError, RequestValidationError, ServerBusyError

DRAINED_BYTES = 2**28
"""How much of a body that is too large is read and thrown away, so that the client gets to read why."""
LARGEST_AT_ONCE = 8
"""How many bodies of the largest size the house has room for."""
MAX_PARTS = 1_000_000
"""Objects, lists and their members in one body: as values they take up a hundred times what they do in JSON."""


@dataclass(slots=True)
class Body:
    """A body as it arrives.

    Attributes:
        size: bytes that it takes up in the house.
    """

    chunks: list[bytes] = field(default_factory=list)
    size: int = 0

    def take(self) -> bytes:
        """All bytes, which the caller alone holds from now on, and so can let go of."""
        content = b"".join(self.chunks)
        self.chunks.clear()
        return content


class Room:
    """Counts the bytes of all bodies that are in the house, from their arrival until they are answered.

    Args:
        most: bytes that one body may have.
        seconds: within which it has to arrive.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._taken = 0

    @asynccontextmanager
    async def body(self, receive: Receive) -> AsyncIterator[Body]:
        """A body that has arrived; what it takes up is given back in the end.

        Raises:
            RequestTooLargeError: it has more bytes than one body may have.
            RequestTooSlowError: it takes longer than it may.
            ServerBusyError: there is no room for it beside the others.
            ClientDisconnect: its client left.
        """
        body = Body()
        try:
            await self._in_time(body, receive)
            yield body
        finally:
            self._taken -= body.size

    async def _in_time(self, body: Body, receive: Receive) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._fill(body, receive)
        except TimeoutError:
            raise RequestTooSlowError(
                f"The body did not arrive within {self._seconds:.0f} seconds.",
                hint="PENSTOCK_BODY_TIMEOUT sets how long the server waits.",
            ) from None

    async def _fill(self, body: Body, receive: Receive) -> None:
        more = True
        while more:
            chunk, more = await _next(receive)
            if body.size + len(chunk) > self._most:
                body.chunks.clear()
                await _drain(receive, more)
                raise RequestTooLargeError(
                    f"The body has more than {self._most} bytes.",
                    hint="Send smaller or fewer pictures, or raise PENSTOCK_MAX_BODY_BYTES on the server.",
                )
            if self._taken + len(chunk) > LARGEST_AT_ONCE * self._most:
                raise ServerBusyError("The server has no room for another body.", hint="Try again in a moment.")
            body.chunks.append(chunk)
            body.size += len(chunk)
            self._taken += len(chunk)


async def _drain(receive: Receive, more: bool) -> None:
    """Read on without keeping anything."""
    size = 0
    while more and size <= DRAINED_BYTES:
        chunk, more = await _next(receive)
        size += len(chunk)


async def _next(receive: Receive) -> tuple[bytes, bool]:
    """The next bytes of a body, and whether more of them come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def parse(content: bytes) -> dict[str, Any]:
    """The body as an object; an empty body is an empty object.

    Raises:
        RequestTooLargeError: it has more parts than a body may have.
        RequestValidationError: it is no JSON, or no object.
    """
    # In fewer bytes there cannot be so many parts, and most bodies have fewer.
    if len(content) > MAX_PARTS and sum(content.count(sign) for sign in (b"[", b"{", b",")) > MAX_PARTS:
        raise RequestTooLargeError(
            f"The body has more than {MAX_PARTS} lists, objects and members of these.",
            hint="Send less at a time, and pictures as base64.",
        )
    try:
        payload = orjson.loads(content) if content.strip() else {}
    except orjson.JSONDecodeError as error:
        detail = {"type": "json_invalid", "loc": ["body", error.pos], "msg": error.msg}
        raise RequestValidationError(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).", details=(detail,)
        ) from None
    if not isinstance(payload, dict):
        detail = {"type": "model_type", "loc": ["body"], "msg": "The body has to be a JSON object"}
        raise RequestValidationError("The body has to be a JSON object.", details=(detail,))
    return payload

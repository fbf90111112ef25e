"""Connections on which the head of a request is bounded, in bytes and in time; uvicorn reads on for ever."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 2**10
HEAD_SECONDS = 10.0

TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
REFUSAL = (
    f"HTTP/1.1 {TOO_LARGE.value} {TOO_LARGE.phrase}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    f'{{"message": "The head of the request has more than {MAX_HEAD_BYTES} bytes.", "error_type": "HTTPException"}}'
).encode()


class BoundedHeads(HttpToolsProtocol):
    """A connection that counts the bytes that are neither of a body nor end a head, and waits for no more of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._steps = 0
        """How often something began, ended or brought a part of a body."""
        self._bytes = 0
        """What came since then, beyond the data with which it did."""
        self._in_head = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; refuse a head, or what follows a body in chunks, that has become too large."""
        before = self._steps
        super().data_received(data)
        if self._steps != before:
            self._bytes = 0
        else:
            self._bytes += len(data)
        if self._bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            if not self._at_work():
                self.transport.write(REFUSAL)
            self.transport.close()
        elif (self._in_head or self._steps == before) and self._deadline is None:
            self._wait()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._steps += 1
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head has come to its end."""
        self._steps += 1
        self._in_head = False
        self._wait_no_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body has come."""
        self._steps += 1
        self._wait_no_more()
        super().on_body(body)

    def _at_work(self) -> bool:
        """Whether an earlier request of this connection has not been answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._at_work():
            self._wait()
        else:
            self.transport.close()

"""The door that every request passes: its key, its size, its form, a worker thread, and the way out as JSON."""

from __future__ import annotations

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from api.server import Server
from api.threads import Threads
from engine.control import Control
from engine.errors import (
    MissingApiKeyError,
    RequestTooLargeError,
    RequestTooSlowError,
    RequestValidationError,
    ServerBusyError,
)

Schema = TypeVar("Schema", bound=BaseModel)

PATIENCE = 0.25
"""Seconds between two looks at a run that is not done."""

NO_KEY = ("", "None", "null")
"""What clients send in the place of a key that they do not have."""

DRAINED_BYTES = 2**28
"""How much of a body that is too large is read and thrown away, so that the client gets to read why."""


class Doorkeeper:
    """Counts who is in the house and owns the threads that work for them."""

    def __init__(self, threads: int, most: int) -> None:
        self.threads = Threads(threads)
        self._most = most
        self._inside = 0

    def __enter__(self) -> None:
        if self._inside >= self._most:
            raise ServerBusyError(f"{self._inside} requests are waiting already.", hint="Try again in a moment.")
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._inside -= 1


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a run, and the control over it.

    Attributes:
        key: in the query or the header; a key may stand in the body, too.
    """

    key: str | None
    control: Control


async def answer_run(
    request: Request, schema: type[Schema], handle: Callable[[Server, Schema, Caller], Any]
) -> Response:
    """Answer a request that runs a workflow, as `answer` does, while the client waits and the run is in time.

    Raises:
        RunTimeoutError: the run took too long; it ends when the block that is at work lets go.
    """
    settings = request.app.state.server.settings
    caller = Caller(_key_of(request), Control(settings.run_timeout, settings.step_timeout, settings.max_run_bytes))
    return await _answer(request, schema, lambda server, body: handle(server, body, caller), caller.key, caller.control)


async def answer(request: Request, schema: type[Schema], handle: Callable[[Server, Schema], Any]) -> Response:
    """Answer a request: check it, and have `handle` work on it in a thread.

    Args:
        schema: the form of the body; of an empty object where a route takes none.
        handle: gets the server and the body; returns what goes out as JSON, or a `Response` as it is.
    """
    return await _answer(request, schema, handle, _key_of(request), None)


async def answer_at_once(request: Request, handle: Callable[[Server], Any]) -> Response:
    """Answer a request that asks for no work, without a key, however many others are waiting: no thread is asked."""
    started = time.perf_counter()
    return _response(handle(request.app.state.server), started)


async def _answer(
    request: Request,
    schema: type[Schema],
    handle: Callable[[Server, Schema], Any],
    key: str | None,
    control: Control | None,
) -> Response:
    server: Server = request.app.state.server
    keeper: Doorkeeper = request.app.state.keeper
    with keeper:
        content = await _read(request, server)
        work = keeper.threads.submit(_work, server, content, key, schema, handle)
        return await work if control is None else await _watched(request, control, work)


async def _watched(request: Request, control: Control, work: asyncio.Future[Response]) -> Response:
    """The answer of a run, or the error that it had to stop for. Watching begins late, since most runs take no time."""
    watches: list[asyncio.Task[None]] = []
    timer = asyncio.get_running_loop().call_later(
        PATIENCE, lambda: watches.append(asyncio.create_task(_watch(request, control, work)))
    )
    try:
        return await work
    except asyncio.CancelledError:
        verdict = control.verdict()
        if verdict is None:
            raise
        raise verdict from None
    finally:
        timer.cancel()
        for watch in watches:
            watch.cancel()


async def _watch(request: Request, control: Control, work: asyncio.Future[Response]) -> None:
    """Give up on a run as soon as its client has left, or it takes too long."""
    left = asyncio.ensure_future(request.receive())
    try:
        while not work.done():
            await asyncio.wait((left, work), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                control.cancel()
            if control.verdict() is not None:
                work.cancel()
                return
    finally:
        left.cancel()


def _work(
    server: Server,
    content: bytes,
    key: str | None,
    schema: type[Schema],
    handle: Callable[[Server, Schema], Any],
) -> Response:
    """Everything that takes time; runs in a thread of its own."""
    started = time.perf_counter()
    payload = _parse(content)
    _admit(server, key or payload.get("api_key"))
    try:
        request = schema.model_validate(payload)
    except ValidationError as error:
        raise _malformed(error) from None
    return _response(handle(server, request), started)


def _response(result: Any, started: float) -> Response:
    """What goes out for a result, and how long it took."""
    response = result if isinstance(result, Response) else json_response(result)
    response.headers["X-Processing-Time"] = f"{time.perf_counter() - started:.6f}"
    return response


def json_response(content: Any) -> Response:
    """JSON as today's clients expect it: arrays as lists, bytes as base64, any scalar as a key."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return Response(orjson.dumps(content, default=_plain, option=options), media_type="application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return str(value)


async def _read(request: Request, server: Server) -> bytes:
    """The body, bounded in bytes and in time."""
    most = server.settings.max_body_bytes
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(server.settings.body_timeout):
            more = True
            while more and size <= most + DRAINED_BYTES:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunk, more = message.get("body", b""), message.get("more_body", False)
                size += len(chunk)
                if size <= most:
                    chunks.append(chunk)
                else:
                    chunks.clear()
    except TimeoutError:
        raise RequestTooSlowError(
            f"The body did not arrive within {server.settings.body_timeout:.0f} seconds.",
            hint="PENSTOCK_BODY_TIMEOUT sets how long the server waits.",
        ) from None
    if size > most:
        raise RequestTooLargeError(
            f"The body has more than {most} bytes.",
            hint="Send smaller or fewer pictures, or raise PENSTOCK_MAX_BODY_BYTES on the server.",
        )
    return b"".join(chunks)


def _parse(content: bytes) -> dict[str, Any]:
    """The body as an object; an empty body is an empty object."""
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


def _malformed(error: ValidationError) -> RequestValidationError:
    details = tuple(
        {"type": item["type"], "loc": ["body", *item["loc"]], "msg": item["msg"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )
    place = ".".join(str(part) for part in details[0]["loc"][1:])
    return RequestValidationError(f"The body is not valid: {place}: {details[0]['msg']}.", details=details)


def _key_of(request: Request) -> str | None:
    """The key in the query, else in the header."""
    key = request.query_params.get("api_key")
    if key and key not in NO_KEY:
        return key
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() not in NO_KEY else None


def _admit(server: Server, key: object) -> None:
    """Raise MissingApiKeyError unless the server asks for no key, or this is one of its keys."""
    keys = server.settings.api_keys
    if not keys:
        return
    given = key.encode() if isinstance(key, str) else b""
    if sum(hmac.compare_digest(given, known.encode()) for known in keys) == 0:
        raise MissingApiKeyError(
            "This server asks for a key.",
            hint="Send one as 'Authorization: Bearer KEY', as ?api_key=KEY, or as api_key in the body.",
        )

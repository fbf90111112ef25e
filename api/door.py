"""The door that every request passes: its key, its size, its form, a worker thread, and the way out as JSON."""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from api.body import Body, Room, parse
from api.errors import answer_to, forget, unforeseen
from api.keys import admit, key_of
from api.server import Server
from api.settings import Settings
from api.threads import Threads
from engine.control import Control
from engine.errors import PenstockError, RequestValidationError, ServerBusyError

Schema = TypeVar("Schema", bound=BaseModel)

PATIENCE = 0.25
"""Seconds between two looks at a run that is not done."""

log = logging.getLogger("penstock")


class Doorkeeper:
    """Knows who is in the house, and has the threads that work for them.

    Attributes:
        room: for the bodies of requests.
        threads: that work on requests; a request has a seat from the arrival of its body until a thread is done.
    """

    def __init__(self, settings: Settings) -> None:
        self.room = Room(settings.max_body_bytes, settings.body_timeout)
        self.threads = Threads(settings.threads)
        self._seats = settings.max_waiting

    def find_seat(self) -> None:
        """Raise ServerBusyError when there is no seat."""
        if self.threads.load >= self._seats:
            raise ServerBusyError(f"{self._seats} requests are waiting already.", hint="Try again in a moment.")


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

    A run that takes too long is answered in time, and ends when the block that is at work lets go.
    """
    settings = request.app.state.server.settings
    caller = Caller(key_of(request), Control(settings.run_timeout, settings.step_timeout, settings.max_run_bytes))

    def begin(server: Server, body: Schema) -> Any:
        caller.control.start()
        return handle(server, body, caller)

    return await _answer(request, schema, begin, caller.key, caller.control)


async def answer(request: Request, schema: type[Schema], handle: Callable[[Server, Schema], Any]) -> Response:
    """Answer a request: check it, and have `handle` work on it in a thread.

    Args:
        schema: the form of the body; of an empty object where a route takes none.
        handle: gets the server and the body; returns what goes out as JSON, or a `Response` as it is.
    """
    return await _answer(request, schema, handle, key_of(request), None)


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
    if key is not None:
        admit(server.settings.api_keys, key)
    keeper.find_seat()
    async with keeper.room.body(request.receive) as body:
        keeper.find_seat()
        what = f"{request.scope['method']} {request.scope['path']!r}"
        work = keeper.threads.submit(_work, server, what, body, key, schema, handle)
        return await work if control is None else await _watched(request, control, work)


async def _watched(request: Request, control: Control, work: asyncio.Future[Response]) -> Response:
    """The answer of a run, or why it had to stop. Watching begins late, since most runs take no time."""
    watches: list[asyncio.Task[None]] = []
    timer = asyncio.get_running_loop().call_later(
        PATIENCE, lambda: watches.append(asyncio.create_task(_watch(request, control, work)))
    )
    try:
        return await work
    except asyncio.CancelledError:
        verdict = control.verdict()
        if verdict is None:  # the server stops
            control.cancel()
            raise
        return answer_to(verdict)
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
    what: str,
    body: Body,
    key: str | None,
    schema: type[Schema],
    handle: Callable[[Server, Schema], Any],
) -> Response:
    """Everything that takes time; runs in a thread of its own, and answers whatever fails.

    An error that left this thread would hold all that its frames hold, pictures too, for as long as the collector
    of garbage has no time.
    """
    started = time.perf_counter()
    try:
        payload = parse(body.take())
        if key is None:
            admit(server.settings.api_keys, payload.get("api_key"))
        return _response(handle(server, _checked(schema, payload)), started)
    except PenstockError as error:
        response = answer_to(error)
        forget(error)
    except Exception as error:
        log.exception("%s failed.", what)
        response = unforeseen()
        forget(error)
    return response


def _checked(schema: type[Schema], payload: dict[str, Any]) -> Schema:
    """A body in the form that a route takes; RequestValidationError says what is wrong with another one."""
    try:
        return schema.model_validate(payload)
    except ValidationError as error:
        raise _malformed(error) from None


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


def _malformed(error: ValidationError) -> RequestValidationError:
    details = tuple(
        {"type": item["type"], "loc": ["body", *item["loc"]], "msg": item["msg"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )
    place = ".".join(str(part) for part in details[0]["loc"][1:])
    return RequestValidationError(f"The body is not valid: {place}: {details[0]['msg']}.", details=details)

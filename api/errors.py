"""Errors become answers: one table from fault to status, one form of body."""

from __future__ import annotations

import logging
import traceback
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from engine.errors import PenstockError, RequestValidationError, WorkflowError
from engine.fault import Fault

log = logging.getLogger("penstock")

STATUS = {
    Fault.CALLER: HTTPStatus.BAD_REQUEST,
    Fault.MALFORMED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Fault.UNSIGNED: HTTPStatus.UNAUTHORIZED,
    Fault.DENIED: HTTPStatus.FORBIDDEN,
    Fault.MISSING: HTTPStatus.NOT_FOUND,
    Fault.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Fault.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Fault.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault.UPSTREAM: HTTPStatus.BAD_GATEWAY,
    Fault.UNABLE: HTTPStatus.NOT_IMPLEMENTED,
    Fault.OURS: HTTPStatus.INTERNAL_SERVER_ERROR,
}
RETRY_AFTER = {"Retry-After": "1"}
MAX_DETAILS = 100
"""How many findings an answer lists; whoever mends these asks again."""


def register(app: FastAPI) -> None:
    """Make every error of the app an answer in our form."""
    app.add_exception_handler(PenstockError, _penstock_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unforeseen_error)


def body(error: PenstockError) -> dict[str, Any]:
    """What an error says on the wire. It never holds paths, stack traces or keys."""
    content: dict[str, Any] = {"message": str(error), "error_type": type(error).__name__}
    if isinstance(error, WorkflowError):
        cause = error.__cause__
        known = cause if isinstance(cause, PenstockError) else None
        content |= {
            "context": error.context,
            "inner_error_type": type(cause).__name__ if cause else None,
            "inner_error_message": known.message if known else None,
            "blocks_errors": [asdict(block) for block in error.blocks[:MAX_DETAILS]],
        }
    if isinstance(error, RequestValidationError):
        content["detail"] = error.details[:MAX_DETAILS]
    return content


def status(error: PenstockError) -> int:
    """The HTTP status of an error."""
    return int(STATUS[error.fault])


def _answer(status_code: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content, default=str), status_code, headers, "application/json")


def unforeseen() -> Response:
    """The answer where something failed that we did not foresee."""
    content = {
        "message": "Something went wrong inside the server; its log has the details.",
        "error_type": "InternalServerError",
    }
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, content)


def answer_to(error: PenstockError) -> Response:
    """The answer where something failed that we did foresee; what is our fault is logged."""
    if error.fault is Fault.OURS:
        log.error("%s: %s", type(error).__name__, error, exc_info=error)
    return _answer(status(error), body(error), RETRY_AFTER if error.fault is Fault.BUSY else None)


def forget(error: BaseException) -> None:
    """Let go of what the frames of an answered error, and of those that led to it, hold: bodies and pictures."""
    following: BaseException | None = error
    while following is not None and following.__traceback__ is not None:
        traceback.clear_frames(following.__traceback__)
        following.__traceback__ = None
        following = following.__cause__ or following.__context__


async def _penstock_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, PenstockError)  # noqa: S101 - registered for nothing else
    return answer_to(error)


async def _unforeseen_error(_request: Request, _error: Exception) -> Response:
    return unforeseen()


async def _http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    content = {"message": error.detail, "error_type": "HTTPException", "detail": error.detail}
    return _answer(error.status_code, content, dict(error.headers or {}))

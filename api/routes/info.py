"""Say who and how the server is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from api.door import answer_at_once, json_response
from api.openapi import operation_id
from api.server import Server
from engine.version import VERSION

router = APIRouter(tags=["server"], generate_unique_id_function=operation_id)


@router.get("/info")
async def info(request: Request) -> Response:
    """Name, version and identity of the server."""
    return await answer_at_once(request, _info)


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """Whether the server can answer at all."""
    return await answer_at_once(request, lambda _: {"status": "healthy"})


@router.get("/readiness")
async def readiness(request: Request) -> Response:
    """Whether the models that should be loaded at start have been tried."""
    return await answer_at_once(request, _readiness)


def _info(server: Server) -> dict[str, Any]:
    # The name is part of the wire: clients of today's servers may look for it.
    return {"name": "Roboflow Inference Server", "version": VERSION, "uuid": server.settings.server_uuid}


def _readiness(server: Server) -> Response:
    response = json_response({"status": "ready" if server.ready else "not ready"})
    response.status_code = HTTPStatus.OK if server.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return response

"""Run, check and describe workflows."""

from __future__ import annotations

import gzip
from typing import Any

from fastapi import APIRouter, Request, Response

from api.door import answer, json_response
from api.openapi import takes
from api.schemas.workflows import DescribeRequest, RunRequest, ValidateRequest
from api.server import Server
from engine.describe import describe

router = APIRouter(tags=["workflows"])


@router.post("/workflows/run", **takes(RunRequest))
@router.post("/workflows/specification/infer", **takes(RunRequest))
@router.post("/infer/workflows", **takes(RunRequest))
async def run(request: Request) -> Response:
    """Run a workflow that comes with the request."""
    return await answer(request, RunRequest, _run)


@router.post("/workflows/validate", **takes(ValidateRequest))
async def validate(request: Request) -> Response:
    """Compile a workflow without running it."""
    return await answer(request, ValidateRequest, _validate)


@router.get("/workflows/blocks/describe")
@router.post("/workflows/blocks/describe", **takes(DescribeRequest))
async def describe_blocks(request: Request) -> Response:
    """All blocks with their schemas, the kinds, and what connects to what."""
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    return await answer(request, DescribeRequest, lambda server, _: _described(server, zipped))


def _run(server: Server, body: RunRequest) -> Response:
    plan = server.engine.plan(body.specification)
    outputs = server.engine.run(plan, body.inputs, wire=True, excluded=frozenset(body.excluded_fields or ()))
    response = json_response({"outputs": outputs, "profiler_trace": []})
    if body.workflow_id and body.workflow_id.isascii() and body.workflow_id.isprintable():
        response.headers["X-Workflow-Id"] = body.workflow_id[:200]
    return response


def _validate(server: Server, body: ValidateRequest) -> dict[str, Any]:
    server.engine.plan(body.model_extra)
    return {"status": "ok"}


def _described(server: Server, zipped: bool) -> Response:
    response = json_response(describe(server.engine.registry))
    if zipped:
        content = gzip.compress(response.body, compresslevel=5)
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(content, headers=headers, media_type="application/json")
    return response

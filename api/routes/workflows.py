"""Run, check and describe workflows."""

from __future__ import annotations

import gzip
import re
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from api.describe.blocks import definition_json_schema, describe, describe_outputs
from api.describe.interface import describe_interface, explain, warn
from api.door import Caller, answer, answer_run, json_response
from api.openapi import operation_id, takes
from api.schemas.models import Nothing
from api.schemas.workflows import DescribeRequest, InterfaceRequest, RunRequest, ValidateRequest
from api.server import Server
from engine.registry import Registry
from engine.report import Report
from engine.state import Memory
from engine.version import ENGINE_VERSION

router = APIRouter(tags=["workflows"], generate_unique_id_function=operation_id)

_VERSION = ".".join(str(part) for part in ENGINE_VERSION)


@router.post("/workflows/run", **takes(RunRequest))
@router.post("/workflows/specification/infer", **takes(RunRequest))
@router.post("/infer/workflows", **takes(RunRequest))
async def run(request: Request) -> Response:
    """Run a workflow that comes with the request."""
    return await answer_run(request, RunRequest, run_workflow)


@router.post("/workflows/validate", **takes(ValidateRequest))
async def validate(request: Request) -> Response:
    """Compile a workflow without running it."""
    return await answer(request, ValidateRequest, _validate)


@router.get("/workflows/blocks/describe")
@router.post("/workflows/blocks/describe", **takes(DescribeRequest))
async def describe_blocks(request: Request) -> Response:
    """All blocks with their schemas, the kinds, and what connects to what."""
    return await answer(request, DescribeRequest, partial(_described, zipped=_takes_gzip(request)))


@router.get("/workflows/definition/schema")
async def definition_schema(request: Request) -> Response:
    """The JSON schema of a workflow definition, with every block."""
    return await answer(request, Nothing, partial(_definition_schema, zipped=_takes_gzip(request)))


@router.get("/workflows/execution_engine/versions")
async def versions(request: Request) -> Response:
    """The versions of the engine that documents may ask for."""
    return await answer(request, Nothing, lambda _server, _body: {"versions": [_VERSION]})


@router.post("/workflows/blocks/dynamic_outputs", **takes(ValidateRequest))
async def dynamic_outputs(request: Request) -> Response:
    """The outputs that one step has, given how it is configured."""
    return await answer(request, ValidateRequest, _dynamic_outputs)


@router.post("/workflows/describe_interface", **takes(InterfaceRequest))
async def interface(request: Request) -> Response:
    """The kinds of a workflow's inputs and outputs."""
    return await answer(request, InterfaceRequest, _interface)


@router.post("/workflows/explain", **takes(InterfaceRequest))
async def explanation(request: Request) -> Response:
    """How every step would run: on which level of nesting, behind which gates. Nothing is run."""
    return await answer(request, InterfaceRequest, _explain)


def _dynamic_outputs(server: Server, body: ValidateRequest) -> list[dict[str, Any]]:
    return describe_outputs(server.engine.outputs_of(body.model_extra or {}))


def _interface(server: Server, body: InterfaceRequest) -> dict[str, Any]:
    return describe_interface(server.engine.plan(body.specification))


def _explain(server: Server, body: InterfaceRequest) -> dict[str, Any]:
    return {"steps": explain(server.engine.plan(body.specification))}


def run_workflow(server: Server, body: RunRequest, caller: Caller) -> Response:
    """Run the workflow of a request, as far as it was asked in the light of earlier requests of its session."""
    report = Report(profile=server.settings.profiling and bool(body.enable_profiling), debug=bool(body.debug))
    with report.time("compile", "workflow_compilation"):
        plan = server.engine.plan(body.specification)
    with _memory(server, body, caller) as memory:
        outputs = server.engine.run(
            plan,
            body.inputs,
            wire=True,
            excluded=frozenset(body.excluded_fields or ()),
            memory=memory,
            control=caller.control,
            report=report,
            muted=bool(body.disable_sinks),
        )
    content: dict[str, Any] = {"outputs": outputs, "profiler_trace": report.events}
    if body.debug:
        content["debug_trace"] = report.skipped
        if printed := report.console.streams():
            content["python_blocks_output_streams"] = printed
    response = json_response(content)
    if body.workflow_id and body.workflow_id.isascii() and body.workflow_id.isprintable():
        response.headers["X-Workflow-Id"] = body.workflow_id[:200]
    return response


def _memory(server: Server, body: RunRequest, caller: Caller) -> AbstractContextManager[Memory | None]:
    """What the workflow of a request remembers: nothing, unless it names a session. Sessions of two keys never meet."""
    if body.session_id is None:
        return nullcontext()
    name = (body.session_id, server.engine.fingerprint(body.specification))
    return server.sessions.memory(caller.key or body.api_key, name, caller.control)


def _validate(server: Server, body: ValidateRequest) -> dict[str, Any]:
    definition = body.model_extra or {}
    server.engine.plan(definition)
    warnings = warn(definition)
    return {"status": "ok", "warnings": warnings} if warnings else {"status": "ok"}


def _described(server: Server, body: DescribeRequest, zipped: bool) -> Response:
    registry = server.engine.registry
    if body.dynamic_blocks_definitions:
        dynamic = registry.dynamic(body.dynamic_blocks_definitions).values()
        registry = Registry(iter((*registry.blocks, *dynamic)))
    return _zipped(describe(registry), zipped)


def _definition_schema(server: Server, _: Nothing, zipped: bool) -> Response:
    return _zipped({"schema": definition_json_schema(server.engine.registry)}, zipped)


def _takes_gzip(request: Request) -> bool:
    """Whether a client takes gzip: it names it, with a weight above zero where it gives one."""
    for offer in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return not re.fullmatch(r"0(\.0*)?", weight)
    return False


def _zipped(content: dict[str, Any], zipped: bool) -> Response:
    """JSON, made smaller where the client takes that."""
    response = json_response(content)
    if zipped:
        response = Response(gzip.compress(response.body, compresslevel=5), media_type="application/json")
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response

"""Run and describe workflows that are stored on the server, by workspace and id."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from api.describe.interface import describe_interface
from api.door import Caller, answer, answer_run
from api.openapi import operation_id, takes
from api.routes.workflows import run_workflow
from api.schemas.workspaces import NamedRunRequest, StoredInterfaceRequest, StoredRunRequest
from api.server import Server

router = APIRouter(tags=["stored workflows"], generate_unique_id_function=operation_id)

PATH = ("workspace", "workflow_id")


# The more particular paths come first: a path is of the first route that it fits.
@router.post("/workflows/predefined/infer", **takes(NamedRunRequest))
async def run_named(request: Request) -> Response:
    """Run a stored workflow that the body names."""
    return await answer_run(request, NamedRunRequest, _run_named)


@router.post("/infer/workflows/{workspace}/{workflow_id}", **takes(StoredRunRequest, *PATH))
@router.post("/{workspace}/workflows/{workflow_id}", **takes(StoredRunRequest, *PATH))
async def run(request: Request) -> Response:
    """Run a stored workflow."""
    return await answer_run(request, StoredRunRequest, partial(_run, **request.path_params))


@router.post("/{workspace}/workflows/{workflow_id}/describe_interface", **takes(StoredInterfaceRequest, *PATH))
async def interface(request: Request) -> Response:
    """The kinds of a stored workflow's inputs and outputs."""
    return await answer(request, StoredInterfaceRequest, partial(_interface, **request.path_params))


def _run_named(server: Server, body: NamedRunRequest, caller: Caller) -> Response:
    return _run(server, body, caller, body.workspace_name, body.workflow_id)


def _run(server: Server, body: StoredRunRequest, caller: Caller, workspace: str, workflow_id: str) -> Response:
    stored = {"specification": server.workflows.read(workspace, workflow_id), "workflow_id": workflow_id}
    return run_workflow(server, body.model_copy(update=stored), caller)


def _interface(server: Server, _: StoredInterfaceRequest, workspace: str, workflow_id: str) -> dict[str, Any]:
    return describe_interface(server.engine.plan(server.workflows.read(workspace, workflow_id)))

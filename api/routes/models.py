"""Load, unload and list models."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from api.door import answer
from api.openapi import operation_id, takes
from api.schemas.models import ClearModelsRequest, ModelRequest, Nothing
from api.server import Server

router = APIRouter(tags=["models"], generate_unique_id_function=operation_id)


@router.get("/model/registry")
async def registry(request: Request) -> Response:
    """The models in memory."""
    return await answer(request, Nothing, _registry)


@router.post("/model/add", **takes(ModelRequest))
async def add(request: Request) -> Response:
    """Load a model, fetching its weights when it has to."""
    return await answer(request, ModelRequest, _add)


@router.post("/model/remove", **takes(ModelRequest))
async def remove(request: Request) -> Response:
    """Unload a model; one that is not loaded is no error."""
    return await answer(request, ModelRequest, _remove)


@router.post("/model/clear", **takes(ClearModelsRequest))
async def clear(request: Request) -> Response:
    """Unload all models, or the one that the body names."""
    return await answer(request, ClearModelsRequest, _clear)


def _add(server: Server, body: ModelRequest) -> dict[str, Any]:
    server.models.add(body.model_id)
    return _registry(server)


def _remove(server: Server, body: ModelRequest) -> dict[str, Any]:
    server.models.remove(body.model_id)
    return _registry(server)


def _clear(server: Server, body: ClearModelsRequest) -> dict[str, Any]:
    if body.model_id is None:
        server.models.clear()
    else:
        server.models.remove(body.model_id)
    return _registry(server)


def _registry(server: Server, _: Nothing | None = None) -> dict[str, Any]:
    """What is in memory; keys that today's clients read are there even where nothing is known."""
    models: list[dict[str, Any]] = [
        {
            "model_id": model.id,
            "task_type": model.task,
            "batch_size": model.batch_size,
            "input_height": model.input_height,
            "input_width": model.input_width,
            "vram_bytes": None,
            "request_aliases": [],
            "request_paths": [],
            "device": model.device,
            "device_reason": model.reason,
            "weights_bytes": model.bytes,
            "load_seconds": model.load_seconds,
            "uses": model.uses,
        }
        for model in server.models.describe()
    ]
    return {
        "models": models,
        "total_vram_bytes": None,
        "gpu_memory_used": None,
        "gpu_memory_total": None,
        "torch_cuda_allocated": None,
        "torch_cuda_reserved": None,
        "torch_cuda_allocator_cache": None,
        "non_torch_gpu_memory": None,
    }

"""The FastAPI application: routes, middleware, errors, and what happens at start and stop."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api import errors, openapi
from api.docs import serve_docs
from api.door import Doorkeeper
from api.middleware import REQUEST_ID, Outermost, ShortWay
from api.routes import inference, info, models, workflows, workspaces
from api.schemas.inference import ClassificationRequest, ObjectDetectionRequest
from api.schemas.models import ClearModelsRequest, ModelRequest
from api.schemas.workflows import DescribeRequest, InterfaceRequest, RunRequest, ValidateRequest
from api.schemas.workspaces import NamedRunRequest, StoredInterfaceRequest, StoredRunRequest
from api.server import Server, build
from api.settings import Settings
from engine.version import VERSION

ROUTERS = (info.router, models.router, inference.router, workflows.router, workspaces.router)
SCHEMAS = (
    ObjectDetectionRequest,
    ClassificationRequest,
    ModelRequest,
    ClearModelsRequest,
    RunRequest,
    ValidateRequest,
    InterfaceRequest,
    DescribeRequest,
    StoredRunRequest,
    NamedRunRequest,
    StoredInterfaceRequest,
)
EXPOSED_HEADERS = (REQUEST_ID, "X-Processing-Time", "X-Workflow-Id")


def create_app(settings: Settings) -> ASGIApp:
    """An application over a server built as the settings say."""
    app = FastAPI(title="Penstock", version=VERSION, lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.server = build(settings)
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    for route in routes:
        # The handlers take the bare request and read it at the door, so there is nothing for FastAPI to solve, and a
        # third of what a request costs is saved; it describes them all the same.
        app.add_route(route.path, route.endpoint, sorted(route.methods or ()), include_in_schema=False)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allow_origins),
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=list(EXPOSED_HEADERS),
    )
    errors.register(app)
    openapi.document(app, routes, SCHEMAS)
    serve_docs(app)
    fixed = [route for route in routes if not route.param_convertors]
    handlers = {(method, route.path): route.endpoint for route in fixed for method in route.methods or ()}
    return Outermost(ShortWay(app, handlers))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the door, preload in the background, and let those who are inside finish before the end."""
    server: Server = app.state.server
    app.state.keeper = keeper = Doorkeeper(server.settings)
    gc.collect()
    gc.freeze()  # what is here now stays; looking through it again and again would cost every request
    # Nobody waits for it: a download may take longer than whoever stops the server does.
    Thread(target=server.preload, name="preload", daemon=True).start()
    yield
    keeper.threads.close()
    server.close()

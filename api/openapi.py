"""The OpenAPI document of routes that read their body at the door rather than through FastAPI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

REFERENCE = "#/components/schemas/{model}"
ERROR = {
    "description": "What went wrong, and how to mend it.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["message", "error_type"],
                "properties": {"message": {"type": "string"}, "error_type": {"type": "string"}},
            }
        }
    },
}


def operation_id(route: APIRoute) -> str:
    """A name for a route that no other has: some answer under several paths."""
    return re.sub(r"[^a-z_-]", "_", f"{min(route.methods or ()).lower()}{route.path_format}")


def takes(schema: type[BaseModel], *path: str) -> dict[str, Any]:
    """What a route says of itself when its body has this form, and its path these parts that a request fills in."""
    reference = {"$ref": REFERENCE.format(model=schema.__name__)}
    body = {"required": True, "content": {"application/json": {"schema": reference}}}
    parts = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in path]
    return {"openapi_extra": {"requestBody": body, "parameters": parts}, "responses": {"4XX": ERROR}}


def document(app: FastAPI, routes: Sequence[APIRoute], schemas: Sequence[type[BaseModel]]) -> None:
    """Make the app's OpenAPI document describe these routes and hold these schemas."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, routes=routes)
            _, definitions = models_json_schema([(schema, "validation") for schema in schemas], ref_template=REFERENCE)
            found.setdefault("components", {}).setdefault("schemas", {}).update(definitions["$defs"])
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the way FastAPI documents

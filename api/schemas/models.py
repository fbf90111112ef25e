"""Bodies of requests that manage models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Nothing(BaseModel):
    """A body of which nothing is read."""


class ModelRequest(BaseModel):
    """Load or unload a model."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    api_key: str | None = None


class ClearModelsRequest(BaseModel):
    """Unload one model, or all of them."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str | None = None
    api_key: str | None = None

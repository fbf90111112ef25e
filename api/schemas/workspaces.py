"""Bodies of requests about workflows that are stored on the server."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from api.schemas.workflows import RunRequest


class StoredRunRequest(RunRequest):
    """Run a workflow that is stored on the server."""

    specification: SkipJsonSchema[Any] = None  # comes from the store, whatever the body says
    use_cache: bool = Field(True, description="Has no effect: a workflow that has changed is never served stale.")
    workflow_version_id: str | None = Field(None, description="Has no effect: what is stored here has no versions.")


class NamedRunRequest(StoredRunRequest):
    """Run a workflow that is stored on the server, and say in the body which."""

    workspace_name: str = Field(description="`local`.")
    workflow_id: str = Field(description="The id of the workflow.")


class StoredInterfaceRequest(BaseModel):
    """Ask about a workflow that is stored on the server."""

    api_key: str | None = None
    use_cache: bool = Field(True, description="Has no effect: a workflow that has changed is never served stale.")
    workflow_version_id: str | None = Field(None, description="Has no effect: what is stored here has no versions.")

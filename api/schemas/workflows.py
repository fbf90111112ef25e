"""Bodies of requests that run, check and describe workflows."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RunRequest(BaseModel):
    """Run a workflow that comes with the request."""

    api_key: str | None = None
    specification: dict[str, Any] = Field(description="The workflow: version, inputs, steps, outputs.")
    inputs: dict[str, Any] = Field(description="Values by the names of the workflow's inputs.")
    excluded_fields: list[str] | None = Field(None, description="Outputs to leave out.")
    debug: bool = Field(False, description="Return what Python blocks print.")
    workflow_id: str | None = Field(None, description="A label; comes back as X-Workflow-Id.")


class ValidateRequest(BaseModel):
    """A workflow, bare."""

    model_config = ConfigDict(extra="allow")


class InterfaceRequest(BaseModel):
    """Ask about a workflow that comes with the request."""

    api_key: str | None = None
    specification: dict[str, Any] = Field(description="The workflow: version, inputs, steps, outputs.")


class DescribeRequest(BaseModel):
    """Ask what blocks there are."""

    api_key: str | None = None

"""Bodies of requests that run, check and describe workflows."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from engine.document import MAX_DYNAMIC_BLOCKS, MAX_OUTPUTS

PythonBlocks = Annotated[list[Any], Field(max_length=MAX_DYNAMIC_BLOCKS)]
OutputNames = Annotated[list[str], Field(max_length=MAX_OUTPUTS, fail_fast=True)]


class RunRequest(BaseModel):
    """Run a workflow that comes with the request."""

    api_key: str | None = None
    specification: dict[str, Any] = Field(description="The workflow: version, inputs, steps, outputs.")
    inputs: dict[str, Any] = Field(description="Values by the names of the workflow's inputs.")
    excluded_fields: OutputNames | None = Field(None, description="Outputs to leave out.")
    workflow_id: str | None = Field(None, description="A label; comes back as X-Workflow-Id.")
    session_id: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Requests of the same session and workflow share what its steps remember.",
    )
    enable_profiling: bool | None = Field(None, description="Send `profiler_trace`, in the Trace Event Format.")
    debug: bool | None = Field(None, description="Also say why steps were skipped, and what Python blocks print.")
    disable_sinks: bool | None = Field(None, description="Write no files and send no messages.")


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
    dynamic_blocks_definitions: PythonBlocks | None = Field(None, description="Python blocks to describe, too.")

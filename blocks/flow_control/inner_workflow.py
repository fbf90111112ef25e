"""A workflow as a step of another one."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from engine.block import block
from engine.compiler.embed import INNER_TYPE
from engine.errors import InvalidBlockBehaviourError
from engine.kinds import Anything
from engine.values.shape import Fixed

Outputs = TypedDict("Outputs", {"*": Anything})


@block(INNER_TYPE)
def inner_workflow(
    workflow_definition: Annotated[
        Fixed[dict[str, Any] | None], Doc("The workflow; or name it by workspace and id.")
    ] = None,
    workflow_workspace_id: Annotated[Fixed[str | None], Doc("The workspace of a stored workflow.")] = None,
    workflow_id: Annotated[Fixed[str | None], Doc("The id of a stored workflow.")] = None,
    workflow_version_id: Annotated[
        Fixed[str | None], Doc("Has no effect: what is stored here has no versions.")
    ] = None,
    parameter_bindings: Annotated[dict[str, Anything], Doc("Values for the inputs of the workflow.")] = {},
) -> Outputs:
    """Run a workflow as a step; its outputs are those of the workflow."""
    raise InvalidBlockBehaviourError("An inner workflow is compiled into the workflow around it and never called.")

"""A workflow as a step: how it is described, and the example, on a real photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.describe.blocks import definition_json_schema, describe
from blocks.flow_control.inner_workflow import inner_workflow
from engine.errors import InvalidBlockBehaviourError
from engine.registry import Registry, blocks_under
from tests.api.serving import serving

EXAMPLE = Path(__file__).parents[3] / "examples" / "workflows" / "inner_workflow.json"
TYPE = "roboflow_core/inner_workflow@v1"


def test_editors_are_told_of_it() -> None:
    registry = Registry(blocks_under("blocks.flow_control"))
    (described,) = [block for block in describe(registry)["blocks"] if block["manifest_type_identifier"] == TYPE]
    assert described["outputs_manifest"][0]["name"] == "*"
    schema = described["block_schema"]
    assert schema["required"] == ["type", "name"]
    assert schema["block_type"] == "flow_control"
    assert schema["properties"].keys() == {
        "type",
        "name",
        "workflow_definition",
        "workflow_workspace_id",
        "workflow_id",
        "workflow_version_id",
        "parameter_bindings",
    }
    assert schema in definition_json_schema(registry)["properties"]["steps"]["items"]["oneOf"]


def test_it_is_never_called() -> None:
    with pytest.raises(InvalidBlockBehaviourError):
        inner_workflow()


def test_the_example(starter_models: Path, wire: Callable[[str], dict[str, Any]]) -> None:
    specification = orjson.loads(EXAMPLE.read_bytes())
    with serving(MODELS_DIR=starter_models) as client:
        body = {"specification": specification, "inputs": {"image": wire("astronaut")}}
        response = client.post("/workflows/run", json=body)
    assert response.status_code == 200, response.text
    (output,) = response.json()["outputs"]
    found = output["counted"]["found"]["predictions"]
    assert "person" in [row["class"] for row in found]
    assert output["counted"]["count"] == len(found)
    assert output["annotated"]["type"] == "base64"

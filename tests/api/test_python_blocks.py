"""Python blocks over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.serving import serving
from tests.blocks.python.samples import definition, taken, written
from tests.blocks.python.test_workers import gone
from tests.engine.arithmetic import step, workflow

Wire = Callable[[str], dict[str, Any]]

BRIGHTNESS = definition(
    "brightness",
    """
    def run(self, image: WorkflowImageData, scale: float):
        print("looking at", image.parent_metadata.parent_id)
        return {"mean": float(image.numpy_image.mean()) / scale, "dark": image.copy_and_replace(
            origin_image_data=image, numpy_image=image.numpy_image // 2
        ), "process": os.getpid()}
    """,
    {"image": taken("input_image"), "scale": written("float", has_default_value=True, default_value=255.0)},
    ("mean", "dark", "process"),
)
OUTPUTS = {name: f"$steps.s.{name}" for name in ("mean", "dark", "process")}
PHOTO = {"type": "WorkflowImage", "name": "image"}


def document(block: dict[str, Any] = BRIGHTNESS, **arguments: Any) -> dict[str, Any]:
    steps = [step("brightness", "s", image="$inputs.image", **arguments)]
    return workflow([PHOTO], steps, OUTPUTS, dynamic_blocks_definitions=[block])


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    settings = {"ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS": True, "PENSTOCK_PYTHON_TIMEOUT": 10}
    with serving(OFFLINE_MODE=True, **settings) as client:
        yield client


def run(client: httpx.Client, specification: dict[str, Any], images: Any, **more: Any) -> httpx.Response:
    body = {"specification": specification, "inputs": {"image": images}, **more}
    return client.post("/workflows/run", json=body)


def test_a_block_that_comes_with_the_request(client: httpx.Client, wire: Wire) -> None:
    response = run(client, document(), [wire("coffee"), wire("astronaut")])
    assert response.status_code == 200, response.text
    coffee, astronaut = response.json()["outputs"]
    assert 0.2 < coffee["mean"] < 0.6
    assert coffee["mean"] != astronaut["mean"]
    assert coffee["process"] == astronaut["process"]
    halved = run(client, document(), coffee["dark"]).json()["outputs"][0]
    assert halved["mean"] == pytest.approx(coffee["mean"] / 2, abs=0.01)
    assert "python_blocks_output_streams" not in response.json()


def test_what_was_printed_comes_back_when_asked_for(client: httpx.Client, wire: Wire) -> None:
    response = run(client, document(scale=1.0), [wire("coffee"), wire("coffee")], debug=True)
    assert response.json()["python_blocks_output_streams"] == {
        "s": [{"stdout": f"looking at image.[{index}]\n", "stderr": None} for index in range(2)]
    }
    silent = {"version": "1.0", "inputs": [PHOTO], "steps": [], "outputs": []}
    assert "python_blocks_output_streams" not in run(client, silent, wire("coffee"), debug=True).json()


def test_an_error_says_where(client: httpx.Client, wire: Wire) -> None:
    run_code = "def run(self, image, scale):\n    print('so far')\n    return 1 / 0"
    block = {**BRIGHTNESS, "code": {"type": "PythonCode", "run_function_code": run_code}}
    response = run(client, document(block), wire("coffee"))
    said = response.json()
    assert (response.status_code, said["error_type"]) == (400, "DynamicBlockCodeError")
    assert said["context"] == "dynamic_block_code_execution"
    (found,) = said["blocks_errors"]
    assert (found["block_id"], found["block_traceback"]["error_line"]) == ("s", 3)
    assert ">    3 |     return 1 / 0" in found["block_traceback"]["code_snippet"]
    assert found["block_traceback"]["stdout"] == "so far\n"


def test_validation_finds_code_that_does_not_compile(client: httpx.Client) -> None:
    block = {**BRIGHTNESS, "code": {"type": "PythonCode", "run_function_code": "def run(:"}}
    said = client.post("/workflows/validate", json=document(block))
    assert (said.status_code, said.json()["error_type"]) == (400, "DynamicBlockCodeError")
    assert client.post("/workflows/validate", json=document()).json() == {"status": "ok"}
    schema = client.get("/workflows/blocks/describe").json()["dynamic_block_definition_schema"]
    assert schema["required"] == ["type", "manifest", "code"]


def test_off_by_default(wire: Wire) -> None:
    with serving(OFFLINE_MODE=True) as client:
        response = run(client, document(), wire("coffee"))
    said = response.json()
    assert (response.status_code, said["error_type"]) == (403, "WorkflowEnvironmentConfigurationError")
    assert "ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS" in said["message"]


def test_workers_end_with_the_server(wire: Wire) -> None:
    with serving(OFFLINE_MODE=True, ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS=True) as client:
        process = run(client, document(), wire("coffee")).json()["outputs"][0]["process"]
    assert gone(process)


def test_they_are_described_beside_the_others(client: httpx.Client, null_models: Path) -> None:
    asked = {"dynamic_blocks_definitions": [BRIGHTNESS]}
    described = client.post("/workflows/blocks/describe", json=asked).json()["blocks"]
    found = {block["manifest_type_identifier"]: block for block in described}
    assert {output["name"] for output in found["test/brightness@v1"]["outputs_manifest"]} == OUTPUTS.keys()
    plain = client.post("/workflows/blocks/describe", json={}).json()["blocks"]
    assert len(described) == len(plain) + 1
    with serving(MODELS_DIR=null_models) as other:
        assert other.post("/workflows/blocks/describe", json=asked).status_code == 403

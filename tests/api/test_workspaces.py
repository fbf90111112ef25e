"""Stored workflows over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.serving import serving

Wire = Callable[[str], dict[str, Any]]

DOUBLE = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowParameter", "name": "words", "kind": ["list_of_values"]}],
    "steps": [
        {
            "type": "roboflow_core/property_definition@v1",
            "name": "count",
            "data": "$inputs.words",
            "operations": [{"type": "SequenceLength"}],
        }
    ],
    "outputs": [
        {"type": "JsonField", "name": "count", "selector": "$steps.count.output"},
        {"type": "JsonField", "name": "words", "selector": "$inputs.words"},
    ],
}
LABELS = {"inputs": {"words": ["a", "b"]}, "use_cache": False, "workflow_version_id": "7", "enable_profiling": False}
DETECT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": [{"type": "ObjectDetectionModel", "name": "model", "image": "$inputs.image", "model_id": "null"}],
    "outputs": [{"type": "JsonField", "name": "found", "selector": "$steps.model.predictions"}],
}


def refers(id: str, workspace: str = "local") -> dict[str, Any]:
    """A workflow that has a stored one in it."""
    return {
        **DOUBLE,
        "steps": [
            {
                "type": "roboflow_core/inner_workflow@v1",
                "name": "inner",
                "workflow_workspace_id": workspace,
                "workflow_id": id,
                "parameter_bindings": {"words": "$inputs.words"},
            }
        ],
        "outputs": [{"type": "JsonField", "name": "all", "selector": "$steps.inner.*"}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of stored workflows."""
    found = tmp_path / "workflows"
    found.mkdir()
    for name, document in {
        "words": DOUBLE,
        "detect": DETECT,
        "around": refers("words"),
        "ring": refers("ring"),
        "describe_interface": DOUBLE,
    }.items():
        (found / f"{name}.json").write_text(json.dumps(document))
    (found / "broken.json").write_text("{")
    (tmp_path / "secret.json").write_text(json.dumps(DOUBLE))
    return found


@pytest.fixture
def client(folder: Path, null_models: Path) -> Iterator[httpx.Client]:
    """A client of a server with that folder."""
    saved = null_models / "workflow" / "local"
    saved.mkdir(parents=True)
    config = json.dumps({"specification": DOUBLE})
    content = json.dumps({"id": "saved", "config": config})
    (saved / f"{sha256(b'saved').hexdigest()}.json").write_text(content)
    with serving(MODELS_DIR=null_models, PENSTOCK_WORKFLOWS_DIR=folder) as found:
        yield found


@pytest.mark.parametrize("id", ["words", "saved", "describe_interface"])
@pytest.mark.parametrize("path", ["/local/workflows/{}", "/infer/workflows/local/{}", "/workflows/predefined/infer"])
def test_stored_workflows_run(client: httpx.Client, path: str, id: str) -> None:
    named = {"workspace_name": "local", "workflow_id": id} if path.endswith("/infer") else {}
    response = client.post(path.format(id), json={**LABELS, **named, "excluded_fields": ["words"]})
    assert response.status_code == 200, response.text
    assert response.json()["outputs"] == [{"count": 2}]
    assert response.json()["profiler_trace"] == []
    assert response.headers["X-Workflow-Id"] == id


def test_a_specification_in_the_body_changes_nothing(client: httpx.Client) -> None:
    for specification in (DETECT, 3, None):
        response = client.post("/local/workflows/words", json={**LABELS, "specification": specification})
        assert response.json()["outputs"] == [{"count": 2, "words": ["a", "b"]}]


def test_pictures(client: httpx.Client, wire: Wire) -> None:
    images = [wire("coffee"), wire("astronaut")]
    outputs = client.post("/local/workflows/detect", json={"inputs": {"image": images}}).json()["outputs"]
    assert [len(output["found"]["predictions"]) for output in outputs] == [1, 1]


def test_interfaces(client: httpx.Client) -> None:
    stored = client.post("/local/workflows/detect/describe_interface", json={"use_cache": True})
    sent = client.post("/workflows/describe_interface", json={"specification": DETECT})
    assert stored.status_code == 200, stored.text
    assert stored.json() == sent.json()
    assert stored.json()["inputs"] == {"image": ["image"]}
    assert stored.json()["kinds_schemas"].keys() == {"image", "object_detection_prediction"}
    assert stored.json()["kinds_schemas"]["image"]["properties"]["value"]["type"] == "string"
    around = client.post("/local/workflows/around/describe_interface").json()
    assert around["outputs"] == {"all": {"count": ["*"], "words": ["list_of_values"]}}
    assert around["kinds_schemas"] == {}


def test_stored_workflows_in_workflows(client: httpx.Client, folder: Path) -> None:
    expected = [{"all": {"count": 2, "words": ["a", "b"]}}]
    body = {"specification": refers("words"), "inputs": LABELS["inputs"]}
    assert client.post("/local/workflows/around", json=LABELS).json()["outputs"] == expected
    assert client.post("/workflows/run", json=body).json()["outputs"] == expected
    assert client.post("/workflows/validate", json=refers("saved")).json() == {"status": "ok"}
    (step,) = client.post("/workflows/explain", json={"specification": refers("words")}).json()["steps"]
    assert (step["step"], step["outputs"].keys()) == ("inner.count", {"output"})
    outputs = client.post("/workflows/blocks/dynamic_outputs", json=refers("words")["steps"][0]).json()
    assert [output["name"] for output in outputs] == ["count", "words"]
    # What changes on disk is never served stale.
    (folder / "words.json").write_text(json.dumps({**DOUBLE, "outputs": DOUBLE["outputs"][:1]}))
    assert client.post("/local/workflows/around", json=LABELS).json()["outputs"] == [{"all": {"count": 2}}]
    assert client.post("/workflows/run", json=body).json()["outputs"] == [{"all": {"count": 2}}]


REFUSED: dict[str, tuple[str, dict[str, Any], int, str, str]] = {
    "unknown id": ("/local/workflows/nobody", LABELS, 404, "WorkflowNotFoundError", "'nobody'"),
    "unknown workspace": ("/acme/workflows/words", LABELS, 404, "WorkflowNotFoundError", "knows 'local' only"),
    "a part of another path": ("/infer/workflows/words", LABELS, 404, "WorkflowNotFoundError", "'infer'"),
    "broken": ("/local/workflows/broken", LABELS, 502, "MalformedWorkflowResponseError", "not JSON"),
    "in itself": ("/local/workflows/ring", LABELS, 400, "InnerWorkflowCompositionCycleError", "'ring' -> 'ring'"),
    "no inputs": ("/local/workflows/words", {}, 422, "RequestValidationError", "inputs"),
    "no id": (
        "/workflows/predefined/infer",
        {**LABELS, "workspace_name": "local"},
        422,
        "RequestValidationError",
        "workflow_id",
    ),
    "no interface": ("/local/workflows/nobody/describe_interface", {}, 404, "WorkflowNotFoundError", "'nobody'"),
    "in another": (
        "/workflows/run",
        {"specification": refers("nobody"), "inputs": {}},
        404,
        "WorkflowNotFoundError",
        "The inner workflow 'inner' cannot be had",
    ),
    "another workspace in another": (
        "/workflows/run",
        {"specification": refers("words", "acme"), "inputs": {}},
        404,
        "WorkflowNotFoundError",
        "knows 'local' only",
    ),
    "the pattern itself": (
        "/%7Bworkspace%7D/workflows/%7Bworkflow_id%7D",
        LABELS,
        404,
        "WorkflowNotFoundError",
        "'{workspace}'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(client: httpx.Client, case: str) -> None:
    path, body, status, error, says = REFUSED[case]
    response = client.post(path, json=body)
    assert (response.status_code, response.json()["error_type"]) == (status, error), response.text
    assert says in response.json()["message"]


@pytest.mark.parametrize(
    "id",
    ["../secret", "...", "../../secret", "/etc/passwd", "words\0", "words\n", "w" * 5000, "\uff0e\uff0e/secret", "%2e"],
    ids=lambda trick: ascii(trick)[:30],
)
def test_ids_are_no_paths(client: httpx.Client, id: str) -> None:
    named = {**LABELS, "workspace_name": "local", "workflow_id": id}
    tries = (
        client.post(f"/local/workflows/{quote(id, safe='')}", json=LABELS),
        client.post(f"/infer/workflows/local/{quote(id, safe='')}", json=LABELS),
        client.post("/workflows/predefined/infer", json=named),
        client.post("/workflows/predefined/infer", json={**named, "workspace_name": id, "workflow_id": "words"}),
        client.post("/workflows/run", json={"specification": refers(id), "inputs": LABELS["inputs"]}),
    )
    assert [response.status_code for response in tries] == [404] * len(tries)


def test_keys_are_asked_for(folder: Path, null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PENSTOCK_WORKFLOWS_DIR=folder, PENSTOCK_API_KEYS="k") as client:
        for path in ("/local/workflows/words", "/local/workflows/words/describe_interface"):
            assert client.post(path, json=LABELS).status_code == 401
            assert client.post(path, json={**LABELS, "api_key": "k"}).status_code == 200


def test_other_routes_stay_what_they_are(client: httpx.Client) -> None:
    assert client.post("/workflows/validate", json=DOUBLE).json() == {"status": "ok"}
    assert client.post("/infer/workflows", json={"specification": DOUBLE, **LABELS}).status_code == 200
    assert client.post("/local/workflows", json={}).status_code == 404
    assert client.get("/local/workflows/words").status_code == 405
    assert client.post("/nothing/here/words", json=LABELS).status_code == 404


def test_bounds_on_inner_workflows(folder: Path, null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PENSTOCK_WORKFLOWS_DIR=folder, WORKFLOWS_MAX_INNER_WORKFLOW_DEPTH=0) as client:
        refused = client.post("/local/workflows/around", json=LABELS)
    assert (refused.status_code, refused.json()["error_type"]) == (400, "InnerWorkflowNestingDepthError")
    with serving(MODELS_DIR=null_models, PENSTOCK_WORKFLOWS_DIR=folder, WORKFLOWS_MAX_INNER_WORKFLOW_COUNT=0) as client:
        refused = client.post("/local/workflows/around", json=LABELS)
    assert (refused.status_code, refused.json()["error_type"]) == (400, "InnerWorkflowTotalCountError")


def test_openapi_says_what_the_paths_take(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    run = document["paths"]["/{workspace}/workflows/{workflow_id}"]["post"]
    assert [parameter["name"] for parameter in run["parameters"]] == ["workspace", "workflow_id"]
    stored = document["components"]["schemas"]["StoredRunRequest"]
    assert "specification" not in stored["properties"]
    assert stored["required"] == ["inputs"]

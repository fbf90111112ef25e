"""Workflows over HTTP."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

from tests.api.serving import serving

Wire = Callable[[str], dict[str, Any]]
EXAMPLES = Path(__file__).parents[2] / "examples" / "workflows"

DETECT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": [
        {"type": "ObjectDetectionModel", "name": "model", "image": "$inputs.image", "model_id": "null"},
        {
            "type": "Crop",
            "name": "crop",
            "image": "$inputs.image",
            "predictions": "$steps.model.predictions",
        },
    ],
    "outputs": [
        {"type": "JsonField", "name": "found", "selector": "$steps.model.predictions"},
        {"type": "JsonField", "name": "crops", "selector": "$steps.crop.crops"},
        {"type": "JsonField", "name": "in_root", "selector": "$steps.crop.predictions"},
        {
            "type": "JsonField",
            "name": "in_crop",
            "selector": "$steps.crop.predictions",
            "coordinates_system": "own",
        },
        {"type": "JsonField", "name": "image", "selector": "$inputs.image"},
    ],
}


@pytest.mark.parametrize("path", ["/workflows/run", "/workflows/specification/infer", "/infer/workflows"])
def test_results_on_the_wire(null_models: Path, wire: Wire, path: str) -> None:
    with serving(MODELS_DIR=null_models) as client:
        images = [wire("coffee"), wire("astronaut")]
        body = {"specification": DETECT, "inputs": {"image": images}, "workflow_id": "mine"}
        response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    assert response.headers["X-Workflow-Id"] == "mine"
    assert response.json()["profiler_trace"] == []
    coffee, astronaut = response.json()["outputs"]
    assert coffee["found"]["image"] == {"width": 600, "height": 400}
    row = coffee["found"]["predictions"][0]
    assert (row["parent_id"], row["class"], row["class_id"]) == ("image.[0]", "thing", 0)
    assert astronaut["found"]["predictions"][0]["parent_id"] == "image.[1]"
    # What came in untouched goes out as it came.
    assert coffee["image"]["value"] == images[0]["value"]
    assert coffee["image"]["video_metadata"]["video_identifier"] == "image.[0]"
    # The crop knows where it was cut, and its pixels are those of the picture there.
    crop = coffee["crops"][0]
    assert crop["parent_id"] == row["detection_id"]
    left, top = crop["parent_origin"]["offset_x"], crop["parent_origin"]["offset_y"]
    assert (left + row["width"] / 2, top + row["height"] / 2) == (row["x"], row["y"])
    assert crop["root_parent_id"] == "image.[0]"
    pixels, original = _pixels(crop["value"]), _pixels(images[0]["value"])
    there = original[top : top + pixels.shape[0], left : left + pixels.shape[1]]
    assert np.abs(pixels.astype(int) - there).mean() < 4
    # Coordinates are those of the whole picture, unless the crop's own are asked for.
    in_root, in_crop = coffee["in_root"][0]["predictions"][0], coffee["in_crop"][0]["predictions"][0]
    assert (in_root["x"], in_root["y"]) == (row["x"], row["y"])
    assert (in_crop["x"], in_crop["y"]) == (row["width"] / 2, row["height"] / 2)
    assert coffee["in_root"][0]["image"] == {"width": 600, "height": 400}
    assert in_crop["root_parent_id"] == "image.[0]"


def test_nothing_detected(null_models: Path, wire: Wire) -> None:
    definition = json.loads(json.dumps(DETECT))
    definition["steps"][0]["confidence"] = 1.0
    with serving(MODELS_DIR=null_models) as client:
        body = {"specification": definition, "inputs": {"image": wire("coffee")}, "excluded_fields": ["image"]}
        output = client.post("/workflows/run", json=body).json()["outputs"][0]
    nothing = {"image": {"width": 600, "height": 400}, "predictions": []}
    assert output == {"found": nothing, "crops": [], "in_root": [], "in_crop": []}


BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown block": ({"steps": [{"type": "X", "name": "s"}]}, "WorkflowSyntaxError", "s"),
    "unknown selector": (
        {"outputs": [{"type": "JsonField", "name": "o", "selector": "$steps.x.y"}]},
        "InvalidReferenceTargetError",
        "o",
    ),
    "wrong literal": (
        {"steps": [{**DETECT["steps"][0], "confidence": "much"}]},  # type: ignore[dict-item]
        "WorkflowSyntaxError",
        "model",
    ),
}


def test_names_that_nothing_can_refer_to_are_told(null_models: Path) -> None:
    inner = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowParameter", "name": "a b", "default_value": 1}],
        "steps": [],
        "outputs": [],
    }
    steps = [{"type": "roboflow_core/inner_workflow@v1", "name": "w", "workflow_definition": inner}]
    definition = {"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "x.y"}], "steps": steps, "outputs": []}
    with serving(MODELS_DIR=null_models) as client:
        answer = client.post("/workflows/validate", json=definition).json()
    assert answer["status"] == "ok"
    assert [warning.partition(":")[0] for warning in answer["warnings"]] == [
        "Nothing can refer to the input 'x.y'",
        "Nothing can refer to the input 'w.a b'",
    ]


@pytest.mark.parametrize("case", BROKEN)
def test_broken_definitions(null_models: Path, case: str) -> None:
    change, error, block = BROKEN[case]
    with serving(MODELS_DIR=null_models) as client:
        definition = {**DETECT, "outputs": [], **change}
        checked = client.post("/workflows/validate", json=definition)
        ran = client.post("/workflows/run", json={"specification": definition, "inputs": {}})
        assert client.post("/workflows/validate", json=DETECT).json() == {"status": "ok"}
    assert checked.status_code == ran.status_code == 400
    assert checked.json() == ran.json()
    content = checked.json()
    assert content["error_type"] == error
    assert content["blocks_errors"][0]["block_id"] == block
    assert content["context"].startswith("workflow_compilation | ")
    keys = {"message", "error_type", "context", "inner_error_type", "inner_error_message", "blocks_errors"}
    assert content.keys() == keys


def test_inputs_that_do_not_fit(null_models: Path, wire: Wire) -> None:
    two = {**DETECT, "inputs": [*DETECT["inputs"], {"type": "WorkflowImage", "name": "other"}]}
    with serving(MODELS_DIR=null_models) as client:
        attempts: list[dict[str, Any]] = [
            {},
            {"image": [wire("coffee")] * 3, "other": [wire("coffee")] * 2},
            {"image": []},
        ]
        for inputs in attempts:
            response = client.post("/workflows/run", json={"specification": two, "inputs": inputs})
            assert (response.status_code, response.json()["error_type"]) == (400, "RuntimeInputError")
        bad = client.post("/workflows/run", json={"specification": DETECT, "inputs": {"image": "bm90aGluZw=="}})
        assert (bad.status_code, bad.json()["error_type"]) == (400, "InputImageLoadError")


def test_a_step_that_fails_by_the_callers_doing(null_models: Path, wire: Wire) -> None:
    definition = json.loads(json.dumps(DETECT))
    definition["steps"][0]["model_id"] = "nobody/1"
    with serving(MODELS_DIR=null_models) as client:
        response = client.post(
            "/workflows/run", json={"specification": definition, "inputs": {"image": wire("coffee")}}
        )
    content = response.json()
    assert (response.status_code, content["error_type"]) == (404, "ClientCausedStepExecutionError")
    assert content["inner_error_type"] == "ModelNotFoundError"
    assert content["blocks_errors"][0]["block_id"] == "model"
    assert content["context"] == "workflow_execution | step_execution"


def test_blocks_are_described(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models) as client:
        plain = client.get("/workflows/blocks/describe", headers={"Accept-Encoding": "identity"})
        zipped = client.get("/workflows/blocks/describe", headers={"Accept-Encoding": "gzip"})
        posted = client.post("/workflows/blocks/describe", json={})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["content-type"] == "application/json"
    assert plain.json() == zipped.json() == posted.json()
    described = plain.json()
    assert described.keys() == {
        "blocks",
        "declared_kinds",
        "kinds_connections",
        "primitives_connections",
        "universal_query_language_description",
        "dynamic_block_definition_schema",
    }
    assert len(described["declared_kinds"]) == 44
    crop = next(b for b in described["blocks"] if b["manifest_type_identifier"] == "roboflow_core/dynamic_crop@v1")
    assert crop["manifest_type_identifier_aliases"] == ["DynamicCrop", "Crop"]
    assert crop["output_dimensionality_offset"] == 1
    assert [output["name"] for output in crop["outputs_manifest"]] == ["crops", "predictions"]
    assert crop["block_schema"]["required"] == ["type", "name", "images", "predictions"]
    opacity = crop["block_schema"]["properties"]["mask_opacity"]
    assert opacity["default"] == 0.0
    assert {"maximum": 1.0, "minimum": 0.0, "type": "number"}.items() <= opacity["anyOf"][0].items()
    takers = {item["manifest_type_identifier"] for item in described["kinds_connections"]["image"]}
    assert "roboflow_core/dynamic_crop@v1" in takers
    assert gzip.decompress(gzip.compress(plain.content)) == plain.content


@pytest.mark.parametrize("path", ["/workflows/blocks/describe", "/workflows/definition/schema"])
@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0, br", False), ("x-gzip-not", False)],
)
def test_large_descriptions_are_zipped_for_those_who_take_it(
    null_models: Path, path: str, accepted: str, zipped: bool
) -> None:
    with serving(MODELS_DIR=null_models) as client:
        answer = client.get(path, headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") is zipped
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.json()


def test_the_schema_of_definitions_and_versions(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models) as client:
        schema = client.get("/workflows/definition/schema").json()["schema"]
        versions = client.get("/workflows/execution_engine/versions").json()["versions"]
    assert schema["required"] == ["version", "inputs", "steps", "outputs"]
    types = [
        kind for step in schema["properties"]["steps"]["items"]["oneOf"] for kind in step["properties"]["type"]["enum"]
    ]
    assert "DynamicCrop" in types
    assert len(types) == len(set(types))
    assert versions == ["1.15.0"]


def test_outputs_that_depend_on_the_configuration(null_models: Path) -> None:
    step = {"type": "roboflow_core/json_parser@v1", "name": "s", "raw_json": "$inputs.x", "expected_fields": ["a", "b"]}
    with serving(MODELS_DIR=null_models) as client:
        outputs = client.post("/workflows/blocks/dynamic_outputs", json=step).json()
        refused = client.post("/workflows/blocks/dynamic_outputs", json={**step, "type": "nothing"})
        nameless = client.post("/workflows/blocks/dynamic_outputs", json={"type": step["type"]})
    assert {output["name"] for output in outputs} == {"error_status", "a", "b"}
    assert refused.status_code == nameless.status_code == 400


def test_interfaces_and_explanations(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models) as client:
        described = client.post("/workflows/describe_interface", json={"specification": DETECT}).json()
        explained = client.post("/workflows/explain", json={"specification": DETECT}).json()["steps"]
    assert described["inputs"] == {"image": ["image"]}
    assert described["outputs"]["found"] == ["object_detection_prediction"]
    assert described["typing_hints"]["image"] == "dict"
    crop = next(step for step in explained if step["step"] == "crop")
    assert (crop["runs_on"], crop["writes_on"]) == (["input batch"], ["input batch", "crop"])


def test_explanations_know_outputs_that_depend_on_the_configuration(null_models: Path) -> None:
    step = {"type": "roboflow_core/json_parser@v1", "name": "s", "raw_json": "$inputs.x", "expected_fields": ["a"]}
    words = {"type": "WorkflowParameter", "name": "x"}
    definition = {"version": "1.0", "inputs": [words], "steps": [step], "outputs": []}
    with serving(MODELS_DIR=null_models) as client:
        (explained,) = client.post("/workflows/explain", json={"specification": definition}).json()["steps"]
    assert explained["outputs"].keys() == {"error_status", "a"}


EXPECTED = {"detect.json": "person", "detect_filter_draw.json": "person", "detect_crop_classify.json": "person"}


@pytest.mark.parametrize("name", EXPECTED)
def test_examples(starter_models: Path, wire: Wire, name: str) -> None:
    specification = orjson.loads((EXAMPLES / name).read_bytes())
    with serving(MODELS_DIR=starter_models) as client:
        response = client.post(
            "/workflows/run", json={"specification": specification, "inputs": {"image": wire("astronaut")}}
        )
    assert response.status_code == 200, response.text
    (output,) = response.json()["outputs"]
    assert EXPECTED[name] in [row["class"] for row in output["predictions"]["predictions"]]
    drawn, original = _pixels(output["annotated"]["value"]), _pixels(wire("astronaut")["value"])
    assert drawn.shape == original.shape
    assert (np.abs(drawn.astype(int) - original).max(axis=2) > 100).mean() > 0.002
    if "tops" in output:
        assert len(output["tops"]) == len(output["predictions"]["predictions"]) == len(output["crops"])
    if "count" in output:
        assert output["count"] == len(output["predictions"]["predictions"])


def _pixels(value: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    decoded = cv2.imdecode(np.frombuffer(b64decode(value), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.uint8)

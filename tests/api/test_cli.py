"""The command `penstock`, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.running import run_file
from api.server import Server, build
from api.settings import Settings
from engine.errors import ExecutionEngineRuntimeError, RuntimeInputError

WORKFLOW = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}, {"type": "WorkflowParameter", "name": "confidence"}],
    "steps": [
        {
            "type": "ObjectDetectionModel",
            "name": "model",
            "image": "$inputs.image",
            "model_id": "null",
            "confidence": "$inputs.confidence",
        },
        {
            "type": "DynamicCrop",
            "name": "crop",
            "image": "$inputs.image",
            "predictions": "$steps.model.predictions",
        },
    ],
    "outputs": [
        {"type": "JsonField", "name": "found", "selector": "$steps.model.predictions"},
        {"type": "JsonField", "name": "the crops", "selector": "$steps.crop.crops"},
    ],
}


def penstock(*arguments: object, models: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    folder = {"MODELS_DIR": str(models)} if models else {}
    return subprocess.run(
        [sys.executable, "-m", "api", *map(str, arguments)],
        env={**os.environ, "OFFLINE_MODE": "true", **folder, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(WORKFLOW), encoding="utf-8")
    return path


def test_help_names_every_command() -> None:
    shown = penstock("--help").stdout
    assert all(command in shown for command in ("serve", "run", "validate", "models", "blocks", "doctor"))
    assert penstock("--version").stdout.startswith("penstock ")


def test_run_writes_json_and_pictures(
    null_models: Path, workflow: Path, photo: Callable[[str], bytes], tmp_path: Path
) -> None:
    picture = tmp_path / "coffee.png"
    picture.write_bytes(photo("coffee"))
    arguments = ("run", workflow, "--image", f"image={picture}", "--param", "confidence=0.5", "-o", tmp_path / "out")
    done = penstock(*arguments, models=null_models)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert result["found"]["predictions"][0]["class"] == "thing"
    crop = Path(result["the crops"][0]["value"])
    assert crop == tmp_path / "out" / "0-the_crops-0.jpg"
    assert crop.read_bytes()[:2] == b"\xff\xd8"


ECHO = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}, {"type": "WorkflowParameter", "name": "x"}],
    "steps": [
        {"type": "roboflow_core/convert_grayscale@v1", "name": "grey", "image": "$inputs.image"},
        {"type": "roboflow_core/image_blur@v1", "name": "blurred", "image": "$inputs.image"},
    ],
    "outputs": [
        {"type": "JsonField", "name": "a b", "selector": "$steps.grey.image"},
        {"type": "JsonField", "name": "a.b", "selector": "$steps.blurred.image"},
        {"type": "JsonField", "name": "x", "selector": "$inputs.x"},
    ],
}


@pytest.fixture
def server(null_models: Path) -> Iterator[Server]:
    with closing(build(Settings(MODELS_DIR=null_models, PENSTOCK_MAX_RUN_BYTES=64 << 20))) as server:
        yield server


def test_pictures_of_a_run_never_take_each_others_place(
    server: Server, photo: Callable[[str], bytes], tmp_path: Path
) -> None:
    (tmp_path / "echo.json").write_text(json.dumps(ECHO), encoding="utf-8")
    (tmp_path / "coffee.png").write_bytes(photo("coffee"))
    images, out = [("image", str(tmp_path / "coffee.png"))] * 2, tmp_path / "out"
    for given in ('{"type": "base64"}', '{"type": "base64", "value": "no base64!"}', '{"type": "base64", "value": 7}'):
        for _ in range(2):
            results = json.loads(run_file(server, tmp_path / "echo.json", images, [("x", given)], out))
        assert [result["x"] for result in results] == [json.loads(given)] * 2
        files = [result[name]["value"] for result in results for name in ("a b", "a.b")]
        assert files == [f"{out.as_posix()}/{name}.jpg" for name in ("0-a_b", "0-a_b-2", "1-a_b", "1-a_b-2")]
        assert len({Path(file).read_bytes() for file in files}) == 2
        assert len(list(out.iterdir())) == 4


def test_pictures_of_a_batch_have_names_of_their_own(
    server: Server, workflow: Path, photo: Callable[[str], bytes], tmp_path: Path
) -> None:
    (tmp_path / "coffee.png").write_bytes(photo("coffee"))
    images = [("image", str(tmp_path / "coffee.png"))] * 2
    results = json.loads(run_file(server, workflow, images, [("confidence", "0.5")], None))
    parents = [found["parent_id"] for result in results for found in result["found"]["predictions"]]
    assert parents == ["image.[0]", "image.[1]"]


def test_runs_are_bounded_as_those_of_requests_are(
    server: Server, workflow: Path, photo: Callable[[str], bytes], tmp_path: Path
) -> None:
    (tmp_path / "coffee.png").write_bytes(photo("coffee"))
    images = [("image", str(tmp_path / "coffee.png"))] * 100
    with pytest.raises(RuntimeInputError, match="hold more than 67108864 bytes"):
        run_file(server, workflow, images, [("confidence", "0.5")], None)


def test_outputs_that_are_no_json_are_told(server: Server, tmp_path: Path, photo: Callable[[str], bytes]) -> None:
    (tmp_path / "echo.json").write_text(json.dumps(ECHO), encoding="utf-8")
    (tmp_path / "coffee.png").write_bytes(photo("coffee"))
    images = [("image", str(tmp_path / "coffee.png"))]
    with pytest.raises(ExecutionEngineRuntimeError, match="The outputs cannot be written as JSON"):
        run_file(server, tmp_path / "echo.json", images, [("x", "\udcff")], None)
    jpeg = {
        "type": "roboflow_core/property_definition@v1",
        "name": "grey",
        "data": "$inputs.image",
        "operations": [{"type": "ConvertImageToJPEG"}],
    }
    output = {"type": "JsonField", "name": "jpeg", "selector": "$steps.grey.output"}
    (tmp_path / "echo.json").write_text(json.dumps({**ECHO, "steps": [jpeg], "outputs": [output]}), encoding="utf-8")
    (result,) = json.loads(run_file(server, tmp_path / "echo.json", images, [], None))
    assert b64decode(result["jpeg"]).startswith(b"\xff\xd8")


def test_errors_are_one_sentence(null_models: Path, workflow: Path, tmp_path: Path) -> None:
    cases = [
        (("run", workflow, "--image", f"image={tmp_path / 'none.png'}"), "none.png cannot be read"),
        (("run", workflow, "--param", "confidence=0.5"), "needs the input 'image'"),
        (("run", workflow, "--image", "image"), "NAME=VALUE"),
        (("blocks", "dynamic_crop"), "There is no block of the type"),
        (("models", "pull", "nobody/1"), "not in the starter catalogue"),
        (("models", "pull", "fastestdet/1"), "OFFLINE_MODE keeps it from being fetched"),
        (("models", "add", workflow, "--id", "x/1"), "x/1"),
        (("run", workflow, "-o", workflow), f"Pictures cannot be written to {workflow}: File exists."),
        (("run", workflow, "-o", workflow / "out"), "Pictures cannot be written to"),
    ]
    for arguments, says in cases:
        done = penstock(*arguments, models=null_models)
        assert done.returncode != 0, arguments
        assert says in done.stderr.replace("\n", " "), done.stderr
        assert "Traceback" not in done.stderr


def test_settings_that_are_wrong_name_their_variable() -> None:
    done = penstock("doctor", PORT="ninethousand")
    assert done.returncode == 1
    assert "PORT in the environment is not valid" in done.stderr
    loud = penstock("doctor", LOG_LEVEL="loud")
    assert loud.returncode == 1
    assert "LOG_LEVEL in the environment is not valid: a level is one of" in loud.stderr
    assert penstock("doctor", LOG_LEVEL="debug").returncode == 0
    refused = penstock("serve", "--port", 99999)
    assert refused.returncode == 2
    assert "--port" in refused.stderr
    assert "environment is" not in refused.stderr
    refused = penstock("serve", HOST="0.0.0.0")
    assert refused.returncode == 1
    assert "PENSTOCK_API_KEYS" in refused.stderr


def test_validate(workflow: Path) -> None:
    assert "valid workflow: 2 steps" in penstock("validate", workflow).stdout
    broken = {**WORKFLOW, "steps": [{"type": "Crop", "name": "a"}, {"type": "Crop", "name": "b", "images": 1}]}
    workflow.write_text(json.dumps(broken), encoding="utf-8")
    done = penstock("validate", workflow)
    assert done.returncode == 1
    assert "  a: predictions: Field required" in done.stderr
    assert "  b: images: Takes a selector" in done.stderr
    unreachable = {**WORKFLOW, "inputs": [*WORKFLOW["inputs"], {"type": "WorkflowParameter", "name": "my input"}]}
    workflow.write_text(json.dumps(unreachable), encoding="utf-8")
    assert "Warning: Nothing can refer to the input 'my input'" in penstock("validate", workflow).stdout
    workflow.write_text("{", encoding="utf-8")
    assert "is not JSON" in penstock("validate", workflow).stderr


def test_models_are_listed_and_added(null_models: Path, tmp_path: Path) -> None:
    weights = tmp_path / "other.onnx"
    weights.write_bytes((null_models / "null.onnx").read_bytes())
    done = penstock("models", "add", weights, "--id", "mine/1", models=null_models)
    assert done.returncode == 0, done.stderr
    assert "mine/1: yolo, object-detection, 2 classes" in done.stdout
    listed = penstock("models", "list", models=null_models).stdout
    assert all(name in listed for name in ("null", "mine/1", "fastestdet/1"))
    again = penstock("models", "add", weights, "--id", "mine/1", models=null_models)
    assert again.returncode == 1
    assert "--replace" in again.stderr
    assert penstock("models", "add", weights, "--id", "mine/1", "--replace", models=null_models).returncode == 0


def test_blocks() -> None:
    assert "roboflow_core/dynamic_crop@v1" in penstock("blocks").stdout
    shown = penstock("blocks", "Crop").stdout
    assert "mask_opacity" in shown
    assert "one level deeper" in shown


def test_doctor(null_models: Path) -> None:
    shown = penstock("doctor", models=null_models).stdout
    assert "onnxruntime" in shown
    assert "CPUExecutionProvider" in shown
    assert "null" in shown


def test_the_command_line_is_quick() -> None:
    heavy = ("cv2", "supervision", "onnxruntime", "fastapi", "networkx", "matplotlib", "av")
    code = f"import sys, api.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_serving_imports_nothing_that_only_drawing_needs(null_models: Path) -> None:
    heavy = ("supervision", "matplotlib", "onnxruntime", "networkx", "av")
    code = (
        "import sys; from api.settings import Settings; from api.app import create_app; create_app(Settings());"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MODELS_DIR": str(null_models)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

"""The client that users of today's servers have, unchanged, against a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.serving import serving

ROOT = Path(__file__).parents[2]
PINS = ROOT / "requirements" / "sdk.txt"
EXAMPLES = ROOT / "examples" / "workflows"

SCRIPT = """
import json, sys
from inference_sdk import InferenceHTTPClient

url, photo, *workflows = sys.argv[1:]
client = InferenceHTTPClient(api_url=url, api_key=None)
said = {"info": client.get_server_info().to_dict()}
said["before"] = client.list_loaded_models().to_dict()
said["loaded"] = client.load_model("fastestdet/1").to_dict()
said["one"] = client.infer(photo, model_id="fastestdet/1")
said["two"] = client.infer([photo, photo], model_id="fastestdet/1")
said["class"] = client.infer(photo, model_id="squeezenet/1")
for path in workflows:
    with open(path, encoding="utf-8") as file:
        said[path] = client.run_workflow(specification=json.load(file), images={"image": photo})
stored = {"workspace_name": "local", "images": {"image": photo}, "excluded_fields": ["annotated"], "use_cache": False}
said["stored"] = client.run_workflow(workflow_id="detect", workflow_version_id="1", **stored)
said["stored the old way"] = client.infer_from_workflow(workflow_name="detect", **stored)
said["unloaded"] = client.unload_model("fastestdet/1").to_dict()
try:
    client.infer(photo, model_id="nobody/1")
except Exception as error:
    said["refused"] = [type(error).__name__, str(error)]
try:
    client.run_workflow(workspace_name="acme", workflow_id="detect")
except Exception as error:
    said["refused workspace"] = [type(error).__name__, str(error)]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def sdk_python() -> Path:
    """The Python of an environment with the client in it; made once and kept."""
    folder = ROOT / ".penstock" / "sdk"
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    stamp = folder / "installed.txt"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != PINS.read_text(encoding="utf-8"):
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "-r", str(PINS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the client cannot be installed: {done.stderr[-300:]}")
        stamp.write_text(PINS.read_text(encoding="utf-8"), encoding="utf-8")
    return python


@pytest.mark.slow
def test_the_client_works_unchanged(
    sdk_python: Path, starter_models: Path, photo: Callable[[str], bytes], tmp_path: Path
) -> None:
    picture = tmp_path / "astronaut.png"
    picture.write_bytes(photo("astronaut"))
    workflows = [str(EXAMPLES / f"{name}.json") for name in ("detect", "detect_filter_draw", "detect_crop_classify")]
    with serving(MODELS_DIR=starter_models, PENSTOCK_WORKFLOWS_DIR=EXAMPLES) as client:
        url = str(client.base_url).rstrip("/")
        command = [str(sdk_python), "-c", SCRIPT, url, str(picture), *workflows]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["info"]["name"]
    assert said["before"] == {"models": []}
    assert said["loaded"]["models"][0]["model_id"] == "fastestdet/1"
    assert said["one"]["predictions"][0]["class"] == "person"
    assert [item["predictions"][0]["class"] for item in said["two"]] == ["person", "person"]
    assert "top" in said["class"]
    for path in workflows:
        (output,) = said[path]
        assert output["predictions"]["predictions"]
        assert isinstance(output["annotated"], str)
    assert "fastestdet/1" not in [model["model_id"] for model in said["unloaded"]["models"]]
    assert said["refused"][0] == "HTTPCallErrorError"
    assert "nobody/1" in said["refused"][1]
    for call in ("stored", "stored the old way"):
        (output,) = said[call]
        assert output.keys() == {"predictions"}
        assert output["predictions"]["predictions"][0]["class"] == "person"
    assert said["refused workspace"][0] == "HTTPCallErrorError"
    assert "knows 'local' only" in said["refused workspace"][1]

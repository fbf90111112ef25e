"""The example of flow control, on a real photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from tests.api.serving import serving

EXAMPLE = Path(__file__).parents[3] / "examples" / "workflows" / "gates.json"


def test_one_branch_draws(starter_models: Path, wire: Callable[[str], dict[str, Any]]) -> None:
    specification = orjson.loads(EXAMPLE.read_bytes())
    with serving(MODELS_DIR=starter_models) as client:
        inputs = {"image": wire("astronaut"), "mode": "labels"}
        response = client.post("/workflows/run", json={"specification": specification, "inputs": inputs})
    assert response.status_code == 200, response.text
    (output,) = response.json()["outputs"]
    assert output["count"] == output["changed"] > 0
    assert output["boxes"] is None
    assert output["labels"]["type"] == "base64"

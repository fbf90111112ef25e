"""What one request may cost those who are in the house with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.serving import serving

MANY = 200_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/infer/object_detection", {"model_id": "null", "image": "", "class_filter": [1] * MANY}),
        ("/workflows/run", {"specification": {}, "inputs": {}, "excluded_fields": [1] * MANY}),
        ("/workflows/validate", {"version": "1.0", "inputs": [{"type": "X"}] * MANY, "steps": [], "outputs": []}),
        ("/workflows/validate", {"version": "1.0", "inputs": [{"type": "X"}] * 1000, "steps": [], "outputs": []}),
        ("/workflows/validate", {"version": "1.0", "inputs": [], "steps": [], "outputs": [{}] * MANY}),
        (
            "/workflows/validate",
            {
                "version": "1.0",
                "inputs": [{"type": "WorkflowParameter", "name": "a", "kind": [1] * MANY}],
                "steps": [],
                "outputs": [],
            },
        ),
    ],
    ids=["class_filter", "excluded_fields", "inputs", "some inputs", "outputs", "kinds"],
)
def test_an_answer_lists_no_more_findings_than_anybody_reads(
    null_models: Path, path: str, body: dict[str, Any]
) -> None:
    with serving(MODELS_DIR=null_models) as client:
        answer = client.post(path, json=body)
    assert answer.status_code in {400, 422}
    assert 0 < len(answer.json().get("detail") or answer.json()["blocks_errors"]) <= 100
    assert len(answer.content) < 100_000

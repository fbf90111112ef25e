"""The examples of formatters, secrets and sinks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.compiler import compile_workflow
from engine.engine import Engine
from engine.guard.egress import Egress
from engine.guard.folder import Folder
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.wire.read_image import ImageLoader
from tests.blocks.samples import found

EXAMPLES = Path(__file__).parents[2] / "examples" / "workflows"
PACKAGES = ("blocks.formatters", "blocks.secrets_providers", "blocks.sinks")
NAMES = ("report.json", "read_answer.json")


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_examples_compile(name: str) -> None:
    definition = example(name)
    plan = compile_workflow(definition, Registry(blocks_under("blocks")))
    assert [output.name for output in plan.outputs] == [output["name"] for output in definition["outputs"]]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('```json\n{"class_name": "dog", "confidence": 1, "reason": "ears"}\n```', ("dog", "DOG", "ears", False)),
        ('{"class_name": "dog"}', (None, "DOG", None, True)),
        ("I see nothing.", (None, None, None, True)),
    ],
)
def test_reading_an_answer(answer: str, expected: tuple[Any, ...]) -> None:
    images = ImageLoader(Limits(), SourcePolicy())
    engine = Engine(Registry(blocks_under("blocks.formatters")), images, {"clock": None})
    picture = np.zeros((4, 6, 3), np.uint8)
    (result,) = engine.run(engine.plan(example("read_answer.json")), {"image": picture, "answer": answer}, wire=True)
    predictions = result["predictions"]
    top = None if predictions is None else predictions["top"]
    assert (top, result["shouted"], result["reason"], result["unreadable"]) == expected


def test_a_report_without_its_model(tmp_path: Path) -> None:
    definition = example("report.json")
    definition["inputs"][0] = {"type": "WorkflowBatchInput", "name": "found"}
    del definition["steps"][0]
    definition = json.loads(json.dumps(definition).replace("$steps.model.predictions", "$inputs.found"))
    egress = Egress(SourcePolicy(offline=True))
    resources = {
        "clock": lambda: datetime(2024, 5, 1, tzinfo=UTC),
        "folder": Folder(tmp_path),
        "egress": egress,
        "environment": {"HOOK_TOKEN": "s3cret"},
    }
    registry = Registry(chain.from_iterable(map(blocks_under, PACKAGES)))
    engine = Engine(registry, ImageLoader(Limits(), SourcePolicy()), resources)
    plan = engine.plan(definition)
    crowd = found(*[(0, 0, 1, 1)] * 5)
    for _ in range(2):
        first, last = engine.run(plan, {"found": [crowd, found()]}, wire=True)
    egress.close()
    rows = '5,"a, b, a, b, a",crowded,2024-05-01T00:00:00+00:00\n0,,calm,2024-05-01T00:00:00+00:00\n'
    header = "count,classes,verdict,timestamp\n"
    assert (first["table"], first["file"]) == (None, None)
    assert last["table"] == header + rows
    assert [file.read_text() for file in tmp_path.rglob("*.csv")] == [header + rows + rows]
    assert "offline" in first["hook"]
    assert "offline" in last["hook"], "what was never sent starts no cooldown"

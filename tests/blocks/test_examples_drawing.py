"""The examples that track and draw compile, and every step of them is wired to what it needs."""

from __future__ import annotations

import json

import pytest

from engine.compiler import compile_workflow
from engine.errors import ReferenceTypeError
from engine.registry import Registry, blocks_under
from tests.house.rules import ROOT


def example(name: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((ROOT / "examples" / "workflows" / name).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("track_count_draw.json", "model tracker counter timer area traces times counts"),
        ("drawing.json", "blurred masks outlines skeletons joints"),
    ],
)
def test_it_compiles(name: str, steps: str) -> None:
    plan = compile_workflow(example(name), Registry(blocks_under("blocks")))
    assert sorted(step.name for step in plan.steps) == sorted(steps.split())


def test_masks_are_not_drawn_from_boxes() -> None:
    text = json.dumps(example("drawing.json")).replace('["instance_segmentation_prediction"]', '["string"]')
    with pytest.raises(ReferenceTypeError):
        compile_workflow(json.loads(text), Registry(blocks_under("blocks")))

"""The examples of cropping, slicing, fusing and filtering pixels: they compile, and what needs no model runs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine.compiler import compile_workflow
from engine.engine import Engine
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.values.detections import Detections
from engine.wire.read_image import ImageLoader
from tests.blocks.samples import found, picture
from tests.house.rules import ROOT

PACKAGES = ("blocks.transformations", "blocks.classical_cv", "blocks.fusion")


def example(name: str) -> Any:
    return json.loads((ROOT / "examples" / "workflows" / name).read_text(encoding="utf-8"))


def engine() -> Engine:
    """An engine with the blocks that need nothing handed over."""
    registry = Registry(block for package in PACKAGES for block in blocks_under(package))
    return Engine(registry, ImageLoader(Limits(), SourcePolicy()), {})


def run(definition: Any, **inputs: Any) -> list[dict[str, Any]]:
    parts = engine()
    return parts.run(parts.plan(definition), inputs)


@pytest.mark.parametrize(
    "name", ["slice_and_stitch.json", "crop_classify_replace.json", "static_crops.json", "pixels.json"]
)
def test_examples_compile(name: str) -> None:
    assert compile_workflow(example(name), Registry(blocks_under("blocks"))).steps


def test_static_crops_run() -> None:
    small, large = run(example("static_crops.json"), image=[picture(64, 48, "small"), picture(1000, 800, "large")])
    assert (small["pixels"].width, small["pixels"].height) == (24, 13)
    assert (small["middle"].width, small["middle"].height) == (32, 24)
    assert [(tile.width, tile.height) for tile in small["quarters"]] == [(32, 24)]
    assert [(tile.root.x, tile.root.y) for tile in large["quarters"]] == [
        *((250, 200), (450, 200), (650, 200)),
        *((250, 400), (450, 400), (650, 400)),
    ]
    assert large["quarters"][5].root.id == "large"


def test_what_lies_outside_of_the_picture_has_no_slices() -> None:
    (result,) = run(example("static_crops.json"), image=picture(20, 20))
    assert result["pixels"] is None
    assert len(result["quarters"]) == 1


def test_pixels_run() -> None:
    (result,) = run(example("pixels.json"), image=picture(200, 200))
    assert (result["small"].width, result["split"].height) == (160, 120)
    assert set(np.unique(result["split"].pixels)) == {0, 255}


BATCH: dict[str, Any] = {"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]}
TEXTS: dict[str, Any] = {"type": "WorkflowBatchInput", "name": "texts", "kind": ["string"], "dimensionality": 2}


def step(type: str, **settings: Any) -> dict[str, Any]:
    return {"type": f"roboflow_core/{type}@v1", "name": type, **settings}


def test_levels_gathered_for_each_picture() -> None:
    definition = {
        "version": "1.0",
        "inputs": [TEXTS],
        "steps": [
            step("dimension_collapse", data="$inputs.texts"),
            step("first_non_empty_or_default", data=["$steps.dimension_collapse.output"], default="none"),
        ],
        "outputs": [
            {"type": "JsonField", "name": "list", "selector": "$steps.dimension_collapse.output"},
            {"type": "JsonField", "name": "first", "selector": "$steps.first_non_empty_or_default.output"},
        ],
    }
    results = run(definition, texts=[["a", None, "b"], [], [None]])
    assert results == [
        {"list": ["a", "b"], "first": ["a", "b"]},
        {"list": None, "first": "none"},
        {"list": None, "first": "none"},
    ]


def test_texts_keep_their_places() -> None:
    definition = {
        "version": "1.0",
        "inputs": [BATCH, TEXTS],
        "steps": [
            step(
                "detections_classes_replacement",
                object_detection_predictions="$inputs.found",
                classification_predictions="$inputs.texts",
            )
        ],
        "outputs": [
            {"type": "JsonField", "name": "out", "selector": "$steps.detections_classes_replacement.predictions"}
        ],
    }
    detections = [found((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 3, 3)), None, found((0, 0, 1, 1))]
    first, second, third = run(definition, found=detections, texts=[["a", None, "c"], ["d"], []])
    assert isinstance(first["out"], Detections)
    assert first["out"].class_name.tolist() == ["a", "c"]
    assert first["out"].xyxy[:, 2].tolist() == [1, 3]
    assert second["out"] is None
    assert len(third["out"]) == 0


def test_a_consensus_of_two_sources_for_each_picture() -> None:
    definition = {
        "version": "1.0",
        "inputs": [BATCH, BATCH | {"name": "other"}],
        "steps": [
            step("detections_consensus", predictions_batches=["$inputs.found", "$inputs.other"], required_votes=2)
        ],
        "outputs": [{"type": "JsonField", "name": "present", "selector": "$steps.detections_consensus.object_present"}],
    }
    one, none = found((0, 0, 10, 10)), found()
    results = run(definition, found=[one, one, none], other=[one, none, none])
    assert [result["present"] for result in results] == [True, False, False]

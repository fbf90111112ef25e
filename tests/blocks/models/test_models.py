"""The model blocks of all versions, over a real graph in a real pool."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blocks.models.instance_segmentation import instance_segmentation_v3
from blocks.models.keypoint_detection import keypoint_detection_v1
from blocks.models.multi_label_classification import multi_label_classification_v2
from blocks.models.object_detection import object_detection_v1, object_detection_v2, object_detection_v3
from engine.compiler import compile_workflow
from engine.errors import ModelNotFoundError, ModelTaskError
from engine.registry import Registry, blocks_under
from models.pool import ModelPool
from models.providers import installed_providers, loader
from tests.blocks.samples import picture

EXAMPLE = Path(__file__).parents[3] / "examples" / "workflows" / "other_tasks.json"


@pytest.fixture
def models(null_models: Path) -> ModelPool:
    return ModelPool(installed_providers(null_models, offline=True), loader(("CPUExecutionProvider",), (), 8))


def test_detections_know_where_they_come_from(models: ModelPool) -> None:
    images = [picture(name="one"), picture(100, 200, name="two")]
    first, second = object_detection_v2(images, "null", models=models)
    found = second["predictions"]
    assert second["model_id"] == "null"
    assert (found.frame.id, found.frame.width, found.frame.height) == ("two", 100, 200)
    assert found.class_name.tolist() == ["thing"]
    assert found.inference_id == second["inference_id"] != first["inference_id"]
    assert found.detection_id[0] != first["predictions"].detection_id[0]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 1),
        ({"confidence_mode": "custom", "custom_confidence": 0.95}, 0),
        ({"confidence_mode": "best", "custom_confidence": 0.95}, 1),
        ({"class_filter": ["other"]}, 0),
        ({"class_filter": ["thing", "other"]}, 1),
    ],
)
def test_what_is_kept(models: ModelPool, options: dict[str, Any], count: int) -> None:
    (result,) = object_detection_v3([picture()], "null", models=models, **options)
    assert len(result["predictions"]) == count
    assert result["predictions"].frame.width == 64


def test_the_first_version_has_no_model_id(models: ModelPool) -> None:
    (result,) = object_detection_v1([picture()], "null", models=models)
    assert result.keys() == {"inference_id", "predictions"}


TASKS: list[tuple[Callable[..., Any], str]] = [
    (instance_segmentation_v3, "instance-segmentation"),
    (keypoint_detection_v1, "keypoint-detection"),
    (multi_label_classification_v2, "multi-label-classification"),
]


@pytest.mark.parametrize(("block", "task"), TASKS)
def test_tasks_that_no_family_does_yet_say_so(models: ModelPool, block: Callable[..., Any], task: str) -> None:
    with pytest.raises(ModelTaskError, match=f"null is a model for object-detection, not for {task}"):
        block([picture()], "null", models=models)
    with pytest.raises(ModelNotFoundError):
        block([picture()], "nobody/1", models=models)


def test_their_example_compiles() -> None:
    definition = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert len(compile_workflow(definition, Registry(blocks_under("blocks"))).steps) == 3
    assert EXAMPLE.name == "other_tasks.json"

"""Taking properties out of values."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.formatters.property_definition import property_definition
from blocks.query import parse_operations
from engine.engine import Engine
from engine.errors import InvalidInputTypeError
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.wire.read_image import ImageLoader
from tests.blocks.samples import found, picture

CLASSIFIED = {"top": "cat", "confidence": 0.9, "predictions": [{"class": "cat", "class_id": 0, "confidence": 0.9}]}

CASES: list[tuple[Any, list[dict[str, Any]], Any]] = [
    (found((0, 0, 1, 1), (0, 0, 2, 2)), [{"type": "SequenceLength"}], 2),
    (found(), [{"type": "SequenceLength"}], 0),
    (
        found((0, 0, 1, 1), (0, 0, 2, 2)),
        [{"type": "DetectionsPropertyExtract", "property_name": "class_name"}],
        ["a", "b"],
    ),
    (CLASSIFIED, [{"type": "ClassificationPropertyExtract", "property_name": "top_class"}], "cat"),
    (picture(), [{"type": "ExtractImageProperty", "property_name": "width"}], 64),
    ("Cat", [{"type": "StringToLowerCase"}, {"type": "StringMatches", "regex": "^c"}], True),
    ("as it is", [], "as it is"),
]


@pytest.mark.parametrize(("data", "operations", "expected"), CASES)
def test_results(data: Any, operations: list[dict[str, Any]], expected: Any) -> None:
    assert property_definition(data, parse_operations(operations)) == {"output": expected}


def test_in_a_workflow_a_query_that_fails_names_the_step_and_keeps_its_own_context() -> None:
    step = {"type": "PropertyDefinition", "name": "shouted", "data": "$inputs.text"}
    definition = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "text"}],
        "steps": [{**step, "operations": [{"type": "StringToUpperCase"}]}],
        "outputs": [],
    }
    registry = Registry(blocks_under("blocks.formatters.property_definition"))
    engine = Engine(registry, ImageLoader(Limits(), SourcePolicy()), {})
    with pytest.raises(InvalidInputTypeError) as caught:
        engine.run(engine.plan(definition), {"text": [5]})
    assert caught.value.context == "step_execution | roboflow_query_language_evaluation"
    assert [blamed.block_id for blamed in caught.value.blocks] == ["shouted"]

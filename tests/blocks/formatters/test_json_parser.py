"""Taking fields out of JSON in a text."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.formatters.json_parser import json_parser
from engine.values.shape import MISSING

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "alone": ('{"a": 1, "b": [2], "c": 3}', {"error_status": False, "a": 1, "b": [2]}),
    "null is a value": ('{"a": null, "b": {}}', {"error_status": False, "a": None, "b": {}}),
    "fenced": ('So:\n```json\n{"a": 1, "b": 2}\n```\nDone.', {"error_status": False, "a": 1, "b": 2}),
    "first of two": (
        '```JSON {"a": 1, "b": 2}``` ```json {"a": 3, "b": 4}```',
        {"error_status": False, "a": 1, "b": 2},
    ),
    "no end": ('```json\n{"a": 1, "b": 2}', {"error_status": False, "a": 1, "b": 2}),
    "field lacking": ('{"a": 1}', {"error_status": True, "a": 1, "b": MISSING}),
    "no JSON": ("a cat", {"error_status": True, "a": MISSING, "b": MISSING}),
    "no object": ("[1, 2]", {"error_status": True, "a": MISSING, "b": MISSING}),
    "empty": ("", {"error_status": True, "a": MISSING, "b": MISSING}),
    "too deep": ("[" * 100_000, {"error_status": True, "a": MISSING, "b": MISSING}),
}


@pytest.mark.parametrize("case", CASES)
def test_fields(case: str) -> None:
    text, expected = CASES[case]
    assert json_parser(text, ["a", "b"]) == expected


def test_every_field_is_an_output() -> None:
    outputs = json_parser.outputs({"expected_fields": ["a", "b"]})
    assert {name: output.kinds for name, output in outputs.items()} == {
        "error_status": ("boolean",),
        "a": ("*",),
        "b": ("*",),
    }


def test_the_name_of_the_status_is_taken() -> None:
    fields = json_parser.signature.parameters["expected_fields"]
    assert fields.takes(["a"]) == ["a"]
    with pytest.raises(ValueError, match="error_status"):
        fields.takes(["a", "error_status"])
    with pytest.raises(ValueError, match="at least 1"):
        fields.takes([""])

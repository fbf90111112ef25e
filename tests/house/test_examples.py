"""Every example has a test that runs it, and every block stands in an example."""

from __future__ import annotations

import json

from engine.registry import Registry, blocks_under
from tests.house.rules import ROOT

EXAMPLES = sorted((ROOT / "examples" / "workflows").glob("*.json"))


def test_every_example_is_run() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert EXAMPLES
    for example in EXAMPLES:
        assert f'"{example.name}"' in text or f'"{example.stem}"' in text, f"no test runs {example.name}"


def test_every_family_of_blocks_stands_in_an_example() -> None:
    used = {step["type"] for file in EXAMPLES for step in json.loads(file.read_text(encoding="utf-8"))["steps"]}
    for block in Registry(blocks_under("blocks")).blocks:
        stem = block.type.partition("@")[0]
        assert any(kind.partition("@")[0] == stem for kind in used), f"no example uses {block.type}"

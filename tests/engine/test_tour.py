"""The tour of the engine begins with blocks, a document, inputs and results: these blocks run that document so."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import orjson
import pytest

import engine
from engine.engine import Engine
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.wire.read_image import ImageLoader

IMPORTS = """
from typing import TypedDict

from engine.block import block
from engine.values.shape import Each, Fixed, Gathered, NextSteps, Passage
"""


def test_the_example_runs_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.findall(r"\n\n((?: {4}.*\n|\n(?= {4}))+)", engine.__doc__ or "")
    code, document, inputs, results = map(textwrap.dedent, shown)
    (tmp_path / "blocks_of_the_tour.py").write_text(IMPORTS + code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = Engine(Registry(blocks_under("blocks_of_the_tour")), ImageLoader(Limits(), SourcePolicy()), {})
    assert subject.run(subject.plan(orjson.loads(document)), orjson.loads(inputs)) == orjson.loads(results)

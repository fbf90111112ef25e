"""Every snippet of README and docs does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.workflow_store import WorkflowStore
from blocks.python.block import python_blocks
from blocks.python.workers import Workers
from engine.compiler import compile_workflow
from engine.compiler.embed import embed
from engine.engine import Engine
from engine.guard.limits import Limits, SourcePolicy
from engine.registry import Registry, blocks_under
from engine.wire.read_image import ImageLoader
from tests.api.serving import serving
from tests.blocks.samples import found

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN_HERE = {"sh", "json"}
RUN_ELSEWHERE = {
    "make serve": "tests/docs/test_make.py",
    "penstock models add": "tests/api/test_cli.py",
    "from inference_sdk": "tests/sdk/test_sdk.py",
    '"""Count detections': "tests/docs/test_snippets.py",
}
"""Snippets that need more than a shell in the checkout, and the tests that run them."""


def snippets(language: str) -> Iterator[tuple[str, str]]:
    """(page, text) of the fenced blocks in a language."""
    for page in PAGES:
        for spoken, text in re.findall(
            r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            if spoken == language:
                yield page.name, text


def test_every_snippet_is_run_somewhere() -> None:
    languages = {found for page in PAGES for found in re.findall(r"^```(\w+)$", page.read_text(encoding="utf-8"), re.M)}
    assert languages <= RUN_HERE | {"console", "python"}
    for language in ("console", "python"):
        for page, text in snippets(language):
            lines = re.findall(r"^\$ (.*)$", text, re.MULTILINE) if language == "console" else [text]
            for line in lines:
                place = next((place for start, place in RUN_ELSEWHERE.items() if line.startswith(start)), None)
                assert place, f"nothing runs {line!r} of {page}"
                assert (ROOT / place).is_file()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(timeout=30, memory=2**30, most=2)
    yield made
    made.close()


@pytest.mark.parametrize(("page", "text"), list(snippets("json")))
def test_workflows_compile(page: str, text: str, workers: Workers) -> None:
    stored = WorkflowStore(ROOT / "examples" / "workflows", ROOT)
    registry = Registry(blocks_under("blocks"), python_blocks(workers))
    assert compile_workflow(embed(json.loads(text), stored.read), registry).steps


def test_stored_workflows_answer(starter_models: Path, photo: Callable[[str], bytes], tmp_path: Path) -> None:
    picture = tmp_path / "astronaut.png"
    picture.write_bytes(photo("astronaut"))
    (script,) = [text for page, text in snippets("sh") if page == "workflows.md"]
    with serving(MODELS_DIR=starter_models, PENSTOCK_WORKFLOWS_DIR=ROOT / "examples" / "workflows") as client:
        shown = _run(script, client, PHOTO=str(picture))
    interface, ran = _json_values(shown)
    assert interface["outputs"]["predictions"] == ["object_detection_prediction"]
    assert ran["outputs"][0]["predictions"]["predictions"][0]["class"] == "person"


def test_the_python_block_of_the_docs_works(workers: Workers) -> None:
    (text,) = [text for page, text in snippets("json") if page == "python_blocks.md"]
    registry = Registry(iter(()), python_blocks(workers))
    engine = Engine(registry, ImageLoader(Limits(), SourcePolicy()), {})
    image = np.full((4, 6, 3), 102, np.uint8)
    assert engine.run(engine.plan(json.loads(text)), {"image": image}) == [{"mean": 0.4, "bright": True}]


def test_the_block_of_the_docs_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = [text for page, text in snippets("python") if page == "blocks.md"]
    (tmp_path / "block_of_the_docs.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (block,) = blocks_under("block_of_the_docs")
    assert block.type == "mine/count_large@v1"
    assert block(found((0, 0, 64, 48), (0, 0, 2, 2))) == {"count": 1}
    assert block(found((0, 0, 2, 2), (0, 0, 3, 3)), share=0.001) == {"count": 2}


def test_the_readme_word_by_word(starter_models: Path, tmp_path: Path) -> None:
    script = "\n".join(text for page, text in snippets("sh") if page == "README.md")
    script = re.sub(r"-o out\b", f"-o {tmp_path / 'out'}", script)
    if not (ROOT / ".venv").is_dir():  # the environment of the tests stands in for that of a checkout without its own
        script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    with serving(MODELS_DIR=starter_models) as client:
        shown = _run(script, client, MODELS_DIR=str(starter_models))
    plain, rest = _json_values(shown)[0], _json_values(shown)[1:]
    assert plain["predictions"][0]["class"] == "person"
    assert rest[0]["outputs"][0]["predictions"]["predictions"][0]["class"] == "person"
    assert "annotated" not in rest[0]["outputs"][0]
    assert Path(rest[1][0]["annotated"]["value"]).is_file()


def _run(script: str, client: httpx.Client, **environment: str) -> str:
    """What a script prints that talks to the server of a client where it says the default address."""
    script = script.replace("127.0.0.1:9001", f"127.0.0.1:{client.base_url.port}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _json_values(text: str) -> list[Any]:
    """The JSON values that stand one after another in a text."""
    decoder, values, place = json.JSONDecoder(), [], 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        values.append(value)
        while place < len(text) and text[place].isspace():
            place += 1
    return values

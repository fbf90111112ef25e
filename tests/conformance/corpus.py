"""The corpus: definitions, what a compiler said of them, and recorded runs, as they lie beside the project."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[2].parent / "shared" / "conformance"


@dataclass(frozen=True)
class Definition:
    """A workflow and what is expected of compiling it.

    Attributes:
        plugins: the modules under `tests.conformance.stubs` that its blocks come from.
        expected: the content of its file; None when nothing is expected.
    """

    id: str
    document: Any
    plugins: tuple[str, ...]
    expected: dict[str, Any] | None


@dataclass(frozen=True)
class Recording:
    """A run of a workflow: what went in and what came out."""

    id: str
    definition: Definition
    params: dict[str, Any]
    wire: bool
    result: Any
    error_family: tuple[str, ...]


def is_there() -> bool:
    """Whether the corpus is on this machine."""
    return (CORPUS / "index.csv").is_file()


@cache
def definitions() -> dict[str, Definition]:
    """All definitions by the path under which runs name them."""
    with (CORPUS / "index.csv").open(newline="") as file:
        return {row["file"]: _definition(row) for row in csv.DictReader(file)}


def recordings() -> Iterator[Recording]:
    """All runs of workflows that the corpus has."""
    for path in sorted((CORPUS / "runs").glob("*.json")):
        content = json.loads(path.read_bytes())
        definition = definitions().get(content["workflow"])
        if definition is not None:
            family = tuple(content["mro"]) if content["status"] == "error" else ()
            wire, result = bool(content["serialize"]), content.get("result")
            yield Recording(path.stem, definition, content["params"], wire, result, family)


def _definition(row: dict[str, str]) -> Definition:
    said = CORPUS / "expected" / f"{row['id']}.json"
    plugins = tuple(name.rpartition(".")[2] for name in row["plugins"].split(";") if name)
    return Definition(
        row["id"],
        json.loads((CORPUS / row["file"]).read_bytes()),
        plugins,
        json.loads(said.read_bytes()) if said.is_file() else None,
    )

"""What the rules of the house are checked on: the files of the rooms, parsed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "models", "blocks", "streams", "api")
"""From the bottom up: a room may import itself and the rooms before it."""


@dataclass(frozen=True)
class Source:
    """One file of a room."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level folder."""
        return self.path.parts[0]

    def imports(self) -> Iterator[str]:
        """The dotted names that the file imports, wherever in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module


@cache
def sources() -> tuple[Source, ...]:
    """All Python files of the rooms."""
    files = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    return tuple(_read(file) for file in files)


def _read(file: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    return Source(file.relative_to(ROOT), text, ast.parse(text))

"""The main line of the engine, as its tour shows it, does not grow beyond what about an hour is enough to read."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

from tests.house.rules import ROOT

MINUTES = 60
WORDS_A_MINUTE = 180
LINES_A_MINUTE = 32
"""Assumed, not measured: prose and code at the paces of somebody fluent, who skips imports and what errors say."""
SPACE = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def main_line() -> list[Path]:
    """The tour and the files that its numbered parts name."""
    tour = ROOT / "engine/__init__.py"
    docstring = ast.get_docstring(ast.parse(tour.read_text(encoding="utf-8"))) or ""
    parts = docstring.partition("A tour for the first reading.")[2].partition("When it is needed:")[0]
    places = ("engine/{}.py", "engine/compiler/{}.py", "engine/{}/__init__.py")
    found = [[ROOT / place.format(name) for place in places] for name in re.findall(r"`([\w/]+)`", parts)]
    return [tour, *(next(path for path in paths if path.exists()) for paths in found)]


def prose_and_code(source: str) -> tuple[int, int]:
    """How many words of docstrings and comments there are, and how many lines of code to read."""
    words, lines, skipped = 0, set[int](), set[int]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words += len(str(node.value.value).split())
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Raise):
            continue
        skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            words += len(token.string.split()) - 1
        elif token.type not in SPACE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return words, len(lines - skipped)


def test_the_main_line_of_the_engine_stays_short() -> None:
    counts = [prose_and_code(path.read_text(encoding="utf-8")) for path in main_line()]
    words, lines = (sum(count) for count in zip(*counts, strict=True))
    assert len(counts) > 10
    assert words / WORDS_A_MINUTE + lines / LINES_A_MINUTE <= MINUTES, (words, lines)


def test_what_is_counted() -> None:
    lines = [
        '"""One two."""',
        "import os",
        "",
        "# three",
        "x = [",
        "  1,",
        "]",
        "if x:",
        "  raise ValueError(",
        '"four")',
    ]
    assert prose_and_code("\n".join(lines)) == (3, 4)

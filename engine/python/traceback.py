"""Where the code of a Python block failed."""

from __future__ import annotations

from dataclasses import dataclass

LINES_AROUND = 2


@dataclass(frozen=True, slots=True)
class BlockTraceback:
    """Where the code of a Python block failed, and what it printed until then.

    Attributes:
        traceback: the frames of that code alone, and the error.
        error_line: counted from 1 in that code; None where no line is to blame.
        code_snippet: the lines around it.
    """

    traceback: str | None = None
    error_line: int | None = None
    code_snippet: str | None = None
    stdout: str | None = None
    stderr: str | None = None


def snippet(source: str, line: int) -> str | None:
    """The lines of a source around one of them, which is marked; None when there is no such line."""
    lines = source.splitlines()
    if not 1 <= line <= len(lines):
        return None
    shown = range(max(1, line - LINES_AROUND), min(len(lines), line + LINES_AROUND) + 1)
    return "\n".join(f"{'>' if number == line else ' '} {number:>4} | {lines[number - 1]}" for number in shown)

"""What errors say besides their message: whose doing they are, and which step is to blame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Whose doing an error is, and so what the one who sees it can do about it."""

    CALLER = "caller"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    DENIED = "denied"
    MISSING = "missing"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    BUSY = "busy"
    UPSTREAM = "upstream"
    UNABLE = "unable"
    OURS = "ours"


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


@dataclass(frozen=True, slots=True)
class BlockError:
    """What is wrong with one step of a workflow, in the terms of the person who wrote it."""

    block_id: str | None = None
    block_type: str | None = None
    block_details: str | None = None
    property_name: str | None = None
    property_details: str | None = None
    block_traceback: BlockTraceback | None = None

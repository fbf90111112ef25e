"""Whose doing an error is, and which step and property are to blame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.python.traceback import BlockTraceback


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
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class BlockError:
    """What is wrong with one step of a workflow, in the terms of the person who wrote it."""

    block_id: str | None = None
    block_type: str | None = None
    block_details: str | None = None
    property_name: str | None = None
    property_details: str | None = None
    block_traceback: BlockTraceback | None = None

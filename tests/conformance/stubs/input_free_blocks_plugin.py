"""A block without inputs."""

from __future__ import annotations

from typing import TypedDict

from blocks.clock import Clock
from engine.block import block


class Now(TypedDict):
    """A moment."""

    time: str


@block("CurrentTime")
def current_time(*, clock: Clock) -> Now:
    """The time of day."""
    return {"time": clock().isoformat()}

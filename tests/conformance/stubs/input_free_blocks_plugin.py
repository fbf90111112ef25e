"""A block without inputs."""

from __future__ import annotations

from typing import TypedDict

from engine.block import block
from engine.clock import Clock


class Now(TypedDict):
    """A moment."""

    time: str


@block("CurrentTime")
def current_time(*, clock: Clock) -> Now:
    """The time of day."""
    return {"time": clock().isoformat()}

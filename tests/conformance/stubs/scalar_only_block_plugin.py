"""A block for values of the whole run."""

from __future__ import annotations

from typing import TypedDict

from engine.block import block
from engine.kinds import Anything


class Echo(TypedDict):
    """A value."""

    output: Anything


@block("scalar_only_echo")
def scalar_only_echo(value: Anything = "foobar") -> Echo:
    """A value as it came."""
    return {"output": value}

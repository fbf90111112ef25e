"""A block for batches."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from engine.block import block
from engine.kinds import Anything, Kinds
from engine.values.shape import Batch

Items = Annotated[Any, Kinds("list_of_values")]


class Echo(TypedDict):
    """A value."""

    output: Anything


@block("batch_only_echo")
def batch_only_echo(items: Batch[Items | None] = None) -> list[Echo]:  # type: ignore[assignment]
    """Each item as it came."""
    return [{"output": "no_batch" if item is None else item} for item in items]

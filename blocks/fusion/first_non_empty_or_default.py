"""Take the first of several values that is there."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from engine.block import block
from engine.kinds import Anything
from engine.values.shape import Fixed, Wired


class First(TypedDict):
    """The value that was there first, or the default."""

    output: Any


@block("roboflow_core/first_non_empty_or_default@v1", aliases=("FirstNonEmptyOrDefault",))
def first_non_empty_or_default(
    data: Annotated[Wired[list[Anything | None]], Doc("Where to look for a value, in this order.")],
    default: Annotated[Fixed[Any], Doc("The value when none is there.")] = None,
) -> First:
    """Take the first of several values that is there; this joins branches of which only some run."""
    return {"output": next((value for value in data if value is not None), default)}

"""Gather the innermost level of nesting into a list."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from engine.block import block
from engine.kinds import Anything
from engine.values.shape import MISSING, Gathered, Missing, Wired


class Collapsed(TypedDict):
    """The values that are there; missing when none is."""

    output: list[Any] | Missing


@block("roboflow_core/dimension_collapse@v1", aliases=("DimensionCollapse",))
def dimension_collapse(
    data: Annotated[Gathered[Wired[Anything]], Doc("What lies one level deeper than the list will.")],
) -> Collapsed:
    """Gather the innermost level of nesting into a list."""
    values = [value for value in data if value is not None]
    return {"output": values or MISSING}

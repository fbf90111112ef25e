"""Take one property out of a value, with a query."""

from __future__ import annotations

from typing import Annotated, TypedDict

from typing_extensions import Doc

from blocks.query import Query
from engine.block import block
from engine.kinds import Anything
from engine.values.shape import Wired


class Property(TypedDict):
    """What the query came to."""

    output: Anything


@block("roboflow_core/property_definition@v1", aliases=("PropertyDefinition", "PropertyExtraction"))
def property_definition(
    data: Annotated[Wired[Anything], Doc("What to take it from.")],
    operations: Annotated[Query, Doc("Operations, applied one after the other.")],
) -> Property:
    """Take one property out of a value, with a query."""
    return {"output": operations(data, {})}

"""Keep the detections that a query says to keep."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from blocks.query import Query
from engine.block import block
from engine.errors import InvalidInputTypeError
from engine.kinds import AnyDetections, Anything
from engine.values.detections import Detections


class Kept(TypedDict):
    """The detections that are left."""

    predictions: AnyDetections


@block("roboflow_core/detections_filter@v1", aliases=("DetectionsFilter",))
def detections_filter(
    predictions: AnyDetections,
    operations: Annotated[Query, Doc("Operations on the detections, normally one DetectionsFilter.")],
    operations_parameters: Annotated[dict[str, Anything], Doc("Values that the operations name.")] = {},
) -> Kept:
    """Keep the detections that a query says to keep."""
    kept: Any = operations(predictions, operations_parameters)
    if not isinstance(kept, Detections):
        raise InvalidInputTypeError(
            f"The operations of a detections filter have to end in detections; these end in {type(kept).__name__}."
        )
    return {"predictions": kept}

"""Turn detections into others with a query."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from blocks.query import Query
from engine.block import block
from engine.errors import InvalidInputTypeError
from engine.kinds import AnyDetections, Anything
from engine.values.detections import Detections


class Transformed(TypedDict):
    """What the operations made of the detections."""

    predictions: AnyDetections


@block("roboflow_core/detections_transformation@v1", aliases=("DetectionsTransformation",))
def detections_transformation(
    predictions: AnyDetections,
    operations: Annotated[Query, Doc("Operations on the detections, such as DetectionsOffset or DetectionsFilter.")],
    operations_parameters: Annotated[dict[str, Anything], Doc("Values that the operations name.")] = {},
) -> Transformed:
    """Turn detections into others with a query."""
    transformed: Any = operations(predictions, operations_parameters)
    if not isinstance(transformed, Detections):
        raise InvalidInputTypeError(
            "The operations of a detections transformation have to end in detections; "
            f"these end in {type(transformed).__name__}."
        )
    return {"predictions": transformed}

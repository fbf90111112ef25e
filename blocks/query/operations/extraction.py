"""Operations that take properties out of detections and classifications."""

from __future__ import annotations

from typing import Any, Literal

from blocks.query.columns import Column, each
from blocks.query.operation import operation
from blocks.query.properties import DetectionProperty, Row, property_column, property_of
from blocks.query.takes import CLASSIFICATION, DETECTION, DETECTIONS
from engine.errors import OperationError
from engine.kinds import ANY
from engine.values.detections import Detections

ClassificationProperty = Literal[
    "top_class", "top_class_confidence", "top_class_confidence_single", "all_classes", "all_confidences"
]


@operation("DetectionsPropertyExtract", DETECTIONS, gives=("list_of_values",))
def properties(detections: Detections, property_name: DetectionProperty) -> list[Any]:
    """List one property of all detections; points are rounded to whole pixels."""
    if len(detections) == 0:
        return []
    column = property_column(detections, property_name)
    if column is None:
        raise OperationError(
            f"These detections have no {property_name!r}.", hint="A block before this one has to measure it."
        )
    return list(each(column, len(detections)))


def _over_rows(detections: Detections, property_name: DetectionProperty) -> Column:
    column = property_column(detections, property_name)
    return [None] * len(detections) if column is None else column


@operation("ExtractDetectionProperty", DETECTION, gives=(ANY,), column=_over_rows)
def property_value(row: Row, property_name: DetectionProperty) -> Any:
    """Take one property of one detection, nothing where it is not known; points are rounded to whole pixels."""
    return property_of(row, property_name)


@operation("ClassificationPropertyExtract", CLASSIFICATION, gives=("string", "float_zero_to_one", "list_of_values"))
def classification_property(classification: dict[str, Any], property_name: ClassificationProperty) -> Any:
    """Take the best class or all classes of a classification, or their confidences.

    Where a picture has several labels, the best class is the list of those that were found.
    """
    if isinstance(classification["predictions"], dict):
        return _property_of_several(classification, property_name)
    if property_name == "all_classes":
        return [entry["class"] for entry in classification["predictions"]]
    if property_name == "all_confidences":
        return [entry["confidence"] for entry in classification["predictions"]]
    return classification["top" if property_name == "top_class" else "confidence"]


def _property_of_several(classification: dict[str, Any], property_name: ClassificationProperty) -> Any:
    """The same where a picture has several labels; no label found is a confidence of 0 for a single number."""
    confidences = {name: entry["confidence"] for name, entry in classification["predictions"].items()}
    if property_name == "all_classes":
        return list(confidences)
    if property_name == "all_confidences":
        return list(confidences.values())
    if property_name == "top_class":
        return list(classification["predicted_classes"])
    found = [confidences[name] for name in classification["predicted_classes"]]
    return found if property_name == "top_class_confidence" else max(found, default=0.0)

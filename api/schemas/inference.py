"""Bodies of requests that run one model on pictures. Keys that are not listed are ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, BeforeValidator, Field


def _unless_null(default: Any) -> BeforeValidator:
    """Clients send null for what they leave open."""
    return BeforeValidator(lambda value: default if value is None else value)


Confidence = float | Literal["best", "default"]


class InferenceRequest(BaseModel):
    """What all tasks share."""

    id: str = Field(default_factory=lambda: str(uuid4()), description="Comes back as `inference_id`.")
    api_key: str | None = Field(None, description="Where the server asks for one.")
    model_id: str | None = Field(None, description="Such as `fastestdet/1`.")
    image: Any = Field(description='`{"type": "base64" or "url", "value": ...}`, or a list of them.')
    confidence: Annotated[Confidence, _unless_null(0.4)] = Field(0.4, description="Leave out what is less sure.")
    visualize_predictions: Annotated[bool, _unless_null(False)] = Field(
        False, description="Also draw, as a JPEG in `visualization`."
    )
    visualization_stroke_width: Annotated[int, _unless_null(1), Field(ge=1, le=100)] = 1


class ObjectDetectionRequest(InferenceRequest):
    """Find objects."""

    class_agnostic_nms: Annotated[bool, _unless_null(False)] = False
    class_filter: list[str] | None = Field(None, description="Names of the classes to keep.")
    iou_threshold: Annotated[float, _unless_null(0.3), Field(ge=0, le=1)] = 0.3
    max_detections: Annotated[int, _unless_null(300), Field(ge=0)] = 300
    max_candidates: Annotated[int, _unless_null(3000), Field(ge=0)] = 3000
    visualization_labels: Annotated[bool, _unless_null(False)] = False


class ClassificationRequest(InferenceRequest):
    """Say what a picture shows."""

"""Bodies of requests that run one model on pictures. Keys that are not listed are ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from engine.values.detections import fresh_id

MAX_CLASSES = 10_000

Confidence = Annotated[float, Field(allow_inf_nan=False)] | Literal["best", "default"]
ClassNames = Annotated[list[str], Field(max_length=MAX_CLASSES, fail_fast=True)]


class InferenceRequest(BaseModel):
    """What all tasks share."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, body: Any) -> Any:
        """Clients send null for what they leave open."""
        return {key: value for key, value in body.items() if value is not None} if isinstance(body, dict) else body

    id: str = Field(default_factory=fresh_id, description="Comes back as `inference_id`.")
    api_key: str | None = Field(None, description="Where the server asks for one.")
    model_id: str | None = Field(None, description="Such as `fastestdet/1`.")
    image: Any = Field(description='`{"type": "base64" or "url", "value": ...}`, or a list of them.')
    confidence: Confidence = Field(0.4, description="Leave out what is less sure.")
    visualize_predictions: bool = Field(False, description="Also draw, as a JPEG in `visualization`.")
    visualization_stroke_width: Annotated[int, Field(ge=1, le=100)] = 1


class ObjectDetectionRequest(InferenceRequest):
    """Find objects."""

    class_agnostic_nms: bool = False
    class_filter: ClassNames | None = Field(None, description="Names of the classes to keep.")
    iou_threshold: Annotated[float, Field(ge=0, le=1)] = 0.3
    max_detections: Annotated[int, Field(ge=0)] = 300
    max_candidates: Annotated[int, Field(ge=0)] = 3000
    visualization_labels: bool = False


class ClassificationRequest(InferenceRequest):
    """Say what a picture shows."""

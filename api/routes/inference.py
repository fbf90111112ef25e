"""Run one model on pictures."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.door import answer_run
from api.inference import classify, detect
from api.openapi import operation_id, takes
from api.schemas.inference import ClassificationRequest, ObjectDetectionRequest

router = APIRouter(tags=["inference"], generate_unique_id_function=operation_id)


@router.post("/infer/object_detection", **takes(ObjectDetectionRequest))
@router.post("/infer/object-detection", **takes(ObjectDetectionRequest))
async def object_detection(request: Request) -> Response:
    """Find objects in pictures."""
    return await answer_run(request, ObjectDetectionRequest, detect)


@router.post("/infer/classification", **takes(ClassificationRequest))
async def classification(request: Request) -> Response:
    """Say what pictures show."""
    return await answer_run(request, ClassificationRequest, classify)

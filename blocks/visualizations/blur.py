"""Blur what was detected."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.visualizations.supervision import CopyImage, Drawn, canvas, to_supervision
from engine.block import block
from engine.kinds import DrawableDetections, Image


@block("roboflow_core/blur_visualization@v1", aliases=("BlurVisualization",))
def blur_visualization(
    image: Image,
    predictions: DrawableDetections,
    copy_image: CopyImage = True,
    kernel_size: Annotated[int, Ge(1), Le(1000), Doc("Over how many pixels to average; 1 leaves all as it is.")] = 15,
) -> Drawn:
    """Blur the boxes of detections."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    annotator = sv.BlurAnnotator(kernel_size)
    return {"image": image.redrawn(annotator.annotate(canvas(image), to_supervision(predictions)))}

"""Blur what was detected."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.visualizations.supervision import CopyImage, Drawn, canvas, to_supervision
from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import DrawableDetections, Image

MAX_AREA = 4e9
"""Pixels of all boxes together, which take some seconds."""


@block("roboflow_core/blur_visualization@v1", aliases=("BlurVisualization",))
def blur_visualization(
    image: Image,
    predictions: DrawableDetections,
    copy_image: CopyImage = True,
    kernel_size: Annotated[int, Ge(1), Le(1000), Doc("Over how many pixels to average; 1 leaves all as it is.")] = 15,
) -> Drawn:
    """Blur the boxes of detections."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    found = to_supervision(predictions)
    sides = found.xyxy.clip(0, (image.width, image.height) * 2).astype(np.float64)
    area = (sides[:, 2:] - sides[:, :2]).prod(axis=1).sum()
    if area > MAX_AREA:
        raise RuntimeInputError(
            f"The boxes cover {area:.2g} pixels one upon the other; {MAX_AREA:.2g} can be blurred.",
            hint="Blur fewer boxes, or join those that overlap.",
        )
    annotator = sv.BlurAnnotator(kernel_size)
    return {"image": image.redrawn(annotator.annotate(canvas(image), found))}

"""What the blocks that draw masks ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.visualizations.supervision import to_supervision
from engine.errors import RuntimeInputError
from engine.values.detections import Detections
from engine.values.image import Image

if TYPE_CHECKING:
    import supervision as sv


def to_masked(image: Image, detections: Detections) -> sv.Detections:
    """Detections whose masks are of the size of the picture, for supervision; RuntimeInputError when they are not."""
    if detections.mask is not None and detections.mask.shape[1:] != (image.height, image.width):
        height, width = detections.mask.shape[1:]
        raise RuntimeInputError(
            f"The masks are of {width} x {height} pixels, and the picture has {image.width} x {image.height}.",
            hint="Draw on the picture that the predictions come from.",
        )
    return to_supervision(detections)

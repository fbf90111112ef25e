"""Draw boxes around detections."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import Doc

from blocks.visualizations.supervision import (
    ColorAxis,
    CopyImage,
    CustomColors,
    Drawn,
    PaletteName,
    PaletteSize,
    Thickness,
    canvas,
    colors,
    to_supervision,
)
from engine.block import block
from engine.kinds import DrawableDetections, Image, ZeroToOne


@block("roboflow_core/bounding_box_visualization@v1", aliases=("BoundingBoxVisualization",))
def bounding_box_visualization(
    image: Image,
    predictions: DrawableDetections,
    copy_image: CopyImage = True,
    color_palette: PaletteName = "DEFAULT",
    palette_size: PaletteSize = 10,
    custom_colors: CustomColors = [],
    color_axis: ColorAxis = "CLASS",
    thickness: Thickness = 2,
    roundness: Annotated[ZeroToOne, Doc("Of the corners: 0 is square.")] = 0.0,
) -> Drawn:
    """Draw boxes around detections."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    color, lookup = colors(color_palette, palette_size, custom_colors, color_axis, predictions)
    annotator = (
        sv.RoundBoxAnnotator(color, thickness, lookup, roundness)
        if roundness > 0
        else sv.BoxAnnotator(color, thickness, lookup)
    )
    return {"image": image.redrawn(annotator.annotate(canvas(image), to_supervision(predictions)))}

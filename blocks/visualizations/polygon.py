"""Draw the outlines of masks."""

from __future__ import annotations

from typing import Annotated

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
from engine.kinds import INSTANCES, RLE_INSTANCES, Image, Kinds
from engine.values.detections import Detections

Outlined = Annotated[Detections, Kinds(INSTANCES, RLE_INSTANCES)]


@block("roboflow_core/polygon_visualization@v1", aliases=("PolygonVisualization",))
def polygon_visualization(
    image: Image,
    predictions: Outlined,
    copy_image: CopyImage = True,
    color_palette: PaletteName = "DEFAULT",
    palette_size: PaletteSize = 10,
    custom_colors: CustomColors = [],
    color_axis: ColorAxis = "CLASS",
    thickness: Thickness = 2,
) -> Drawn:
    """Draw the outlines of the masks of detections."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    color, lookup = colors(color_palette, palette_size, custom_colors, color_axis, predictions)
    annotator = sv.PolygonAnnotator(color, thickness, lookup)
    return {"image": image.redrawn(annotator.annotate(canvas(image), to_supervision(predictions, masks_on=image)))}

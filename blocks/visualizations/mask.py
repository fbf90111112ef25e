"""Tint what masks cover."""

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
    canvas,
    colors,
    to_supervision,
)
from engine.block import block
from engine.kinds import INSTANCES, RLE_INSTANCES, Image, Kinds, ZeroToOne
from engine.values.detections import Detections

Masked = Annotated[Detections, Kinds(INSTANCES, RLE_INSTANCES, "semantic_segmentation_prediction")]


@block("roboflow_core/mask_visualization@v1", aliases=("MaskVisualization",))
def mask_visualization(
    image: Image,
    predictions: Masked,
    copy_image: CopyImage = True,
    color_palette: PaletteName = "DEFAULT",
    palette_size: PaletteSize = 10,
    custom_colors: CustomColors = [],
    color_axis: ColorAxis = "CLASS",
    opacity: Annotated[ZeroToOne, Doc("Of the tint: 1 hides what is below.")] = 0.5,
) -> Drawn:
    """Tint what the masks of detections cover."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    color, lookup = colors(color_palette, palette_size, custom_colors, color_axis, predictions)
    annotator = sv.MaskAnnotator(color, opacity, lookup)
    return {"image": image.redrawn(annotator.annotate(canvas(image), to_supervision(predictions, masks_on=image)))}

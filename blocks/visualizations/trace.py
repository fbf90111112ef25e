"""Draw the ways that tracked detections have come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.analytics.geometry import points
from blocks.trackers.tracked import tracker_ids
from blocks.visualizations.supervision import (
    ColorAxis,
    CopyImage,
    CustomColors,
    Drawn,
    PaletteName,
    PaletteSize,
    Position,
    Thickness,
    canvas,
    colors,
    to_supervision,
)
from engine.block import block
from engine.kinds import DrawableDetections, Image
from engine.state import State

if TYPE_CHECKING:
    import supervision as sv


@dataclass(slots=True)
class Trail:
    """What is remembered of one video: supervision's annotator holds the points, each the centre of a box."""

    position: Position | None = None
    length: int = 0
    annotator: sv.TraceAnnotator | None = None

    def at(self, position: Position, length: int) -> sv.TraceAnnotator:
        """The annotator of a position and length; others than before begin with no points."""
        import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

        if self.annotator is None or (self.position, self.length) != (position, length):
            self.annotator = sv.TraceAnnotator(position=sv.Position.CENTER, trace_length=length)
            self.position, self.length = position, length
        return self.annotator


@block("roboflow_core/trace_visualization@v1")
def trace_visualization(
    image: Image,
    predictions: DrawableDetections,
    copy_image: CopyImage = True,
    color_palette: PaletteName = "DEFAULT",
    palette_size: PaletteSize = 10,
    custom_colors: CustomColors = [],
    color_axis: ColorAxis = "CLASS",
    position: Annotated[Position, Doc("The point of a detection that draws the trace.")] = "CENTER",
    trace_length: Annotated[int, Ge(1), Le(10_000), Doc("For how many frames points are kept.")] = 30,
    thickness: Thickness = 1,
    *,
    state: State,
) -> Drawn:
    """Draw the ways that tracked detections have come."""
    tracker_ids(predictions)
    found = to_supervision(points(predictions, position))
    annotator = state.of(image.video.source, Trail).at(position, trace_length)
    annotator.color, annotator.color_lookup = colors(
        color_palette, palette_size, custom_colors, color_axis, predictions
    )
    annotator.thickness = thickness
    return {"image": image.redrawn(annotator.annotate(canvas(image), found))}

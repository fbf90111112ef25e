"""Write labels at detections."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.analytics.geometry import points
from blocks.visualizations.supervision import (
    ColorAxis,
    CopyImage,
    CustomColors,
    Drawn,
    PaletteName,
    PaletteSize,
    Position,
    TextPadding,
    TextScale,
    TextThickness,
    canvas,
    colors,
    refuse_long,
    to_supervision,
)
from engine.block import block
from engine.color import Color, parse_color
from engine.kinds import DrawableDetections, Image
from engine.values.detections import Detections

MOST_MOVED = 100
"""Among more labels than these, moving them apart takes longer than it helps: its cost grows with their square."""

Text = Literal[
    "Class",
    "Confidence",
    "Class and Confidence",
    "Index",
    "Dimensions",
    "Area",
    "Area (mask)",
    "Area (converted)",
    "Tracker Id",
    "Time In Zone",
]


@block("roboflow_core/label_visualization@v1", aliases=("LabelVisualization",))
def label_visualization(
    image: Image,
    predictions: DrawableDetections,
    copy_image: CopyImage = True,
    color_palette: PaletteName = "DEFAULT",
    palette_size: PaletteSize = 10,
    custom_colors: CustomColors = [],
    color_axis: ColorAxis = "CLASS",
    text: Annotated[Text, Doc("What to write.")] = "Class",
    text_position: Annotated[Position, Doc("Where at the box.")] = "TOP_LEFT",
    text_color: Annotated[Color, Doc("#RRGGBB, a name, or three numbers.")] = "WHITE",
    text_scale: TextScale = 1.0,
    text_thickness: TextThickness = 1,
    text_padding: TextPadding = 10,
    border_radius: Annotated[int, Ge(0), Le(1000), Doc("Of the corners of the label, in pixels.")] = 0,
) -> Drawn:
    """Write labels at detections."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    color, lookup = colors(color_palette, palette_size, custom_colors, color_axis, predictions)
    annotator = sv.LabelAnnotator(
        color=color,
        color_lookup=lookup,
        text_color=sv.Color(*parse_color(text_color)),
        text_scale=text_scale,
        text_thickness=text_thickness,
        text_padding=text_padding,
        text_position=sv.Position["CENTER" if text_position == "CENTER_OF_MASS" else text_position],
        border_radius=border_radius,
        # Labels that would lie outside of the picture, or on each other, are moved.
        smart_position=len(predictions) <= MOST_MOVED,
    )
    labels = LABELS[text](predictions)
    refuse_long(labels, text_scale)
    found = to_supervision(points(predictions, text_position))
    return {"image": image.redrawn(annotator.annotate(canvas(image), found, labels=labels))}


def _confidences(found: Detections) -> list[str]:
    return [f"{value:.2f}" for value in found.confidence]


def _dimensions(found: Detections) -> list[str]:
    sizes = np.rint(found.xyxy[:, 2:] - found.xyxy[:, :2]).astype(int)
    return [f"{width} x {height}" for width, height in sizes]


def _areas(found: Detections) -> list[str]:
    sizes = found.xyxy[:, 2:] - found.xyxy[:, :2]
    return [f"{area:.0f}" for area in sizes[:, 0] * sizes[:, 1]]


def _mask_areas(found: Detections) -> list[str]:
    if found.mask is None:
        return _areas(found)
    return [str(int(mask.sum())) for mask in found.mask]


def _column(name: str, form: str) -> Callable[[Detections], list[str]]:
    """Labels from the numbers that an earlier step has written into a column; empty where it has not."""

    def labels(found: Detections) -> list[str]:
        column = found.columns.get(name)
        values = [None] * len(found) if column is None else column
        return [form.format(value) if isinstance(value, Real) else "" for value in values]

    return labels


LABELS: MappingProxyType[str, Callable[[Detections], list[str]]] = MappingProxyType(
    {
        "Class": lambda found: [str(name) for name in found.class_name],
        "Confidence": _confidences,
        "Class and Confidence": lambda found: [
            f"{name} {confidence}" for name, confidence in zip(found.class_name, _confidences(found), strict=True)
        ],
        "Index": lambda found: [str(row) for row in range(len(found))],
        "Dimensions": _dimensions,
        "Area": _areas,
        "Area (mask)": _mask_areas,
        "Area (converted)": _column("area_converted", "{:.2f}"),
        "Tracker Id": lambda found: (
            [""] * len(found) if found.tracker_id is None else [str(tracker) for tracker in found.tracker_id]
        ),
        "Time In Zone": _column("time_in_zone", "{:.2f} s"),
    }
)

"""Draw a line and how many have crossed it."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np
from typing_extensions import Doc

from blocks.analytics.geometry import Points, line
from blocks.visualizations.supervision import CopyImage, Drawn, TextScale, TextThickness, Thickness, canvas
from engine.block import block
from engine.color import Color, parse_color
from engine.kinds import Image, ZeroToOne
from engine.values.image import Pixels

FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
BRIGHT = 140
"""From which brightness on text on a colour is black."""


@block("roboflow_core/line_counter_visualization@v1")
def line_counter_visualization(
    image: Image,
    zone: Annotated[list[Any], Doc("The two ends of the line, [[x, y], [x, y]].")],
    copy_image: CopyImage = True,
    color: Annotated[Color, Doc("#RRGGBB, a name, or three numbers.")] = "#5bb573",
    thickness: Thickness = 2,
    text_thickness: TextThickness = 1,
    text_scale: TextScale = 1.0,
    count_in: Annotated[int, Doc("How many have crossed inwards.")] = 0,
    count_out: Annotated[int, Doc("How many have crossed outwards.")] = 0,
    opacity: Annotated[ZeroToOne, Doc("Of the line: 1 hides what is below.")] = 0.3,
) -> Drawn:
    """Draw a line and how many have crossed it."""
    ends = line(zone)
    bgr = parse_color(color)[::-1]
    pixels, lined = canvas(image), canvas(image)
    start, end = np.rint(ends).astype(int).tolist()
    cv2.line(lined, start, end, bgr, thickness, cv2.LINE_AA)
    drawn = cv2.addWeighted(lined, opacity, pixels, 1 - opacity, 0).astype(np.uint8)
    _write(drawn, f"in: {count_in}, out: {count_out}", ends, bgr, text_scale, text_thickness)
    return {"image": image.redrawn(drawn)}


def _write(
    pixels: Pixels, text: str, ends: Points, bgr: tuple[int, ...], text_scale: float, text_thickness: int
) -> None:
    """A label at the middle of the line, moved into the picture as far as it fits."""
    (width, height), below = cv2.getTextSize(text, FONT, text_scale, text_thickness)
    padding = round(height / 2)
    size = np.array([width + 2 * padding, height + below + 2 * padding])
    room = np.array([pixels.shape[1], pixels.shape[0]]) - size
    left, top = np.maximum(np.minimum(ends.mean(axis=0) - size / 2, room), 0).astype(int).tolist()
    right, bottom = left + int(size[0]), top + int(size[1])
    cv2.rectangle(pixels, (left, top), (right - 1, bottom - 1), bgr, cv2.FILLED)
    blue, green, red = bgr
    ink = BLACK if 0.299 * red + 0.587 * green + 0.114 * blue >= BRIGHT else WHITE
    cv2.putText(
        pixels, text, (left + padding, top + padding + height), FONT, text_scale, ink, text_thickness, cv2.LINE_AA
    )

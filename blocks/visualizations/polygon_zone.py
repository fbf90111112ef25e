"""Tint a zone."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np
from typing_extensions import Doc

from blocks.analytics.geometry import areas
from blocks.visualizations.supervision import CopyImage, Drawn, canvas
from engine.block import block
from engine.color import Color, parse_color
from engine.kinds import Image, ZeroToOne


@block("roboflow_core/polygon_zone_visualization@v1")
def polygon_zone_visualization(
    image: Image,
    zone: Annotated[list[Any], Doc("A polygon, [[x, y], ...], or a list of polygons.")],
    copy_image: CopyImage = True,
    color: Annotated[Color, Doc("#RRGGBB, a name, or three numbers.")] = "#5bb573",
    opacity: Annotated[ZeroToOne, Doc("Of the tint: 1 hides what is below.")] = 0.3,
) -> Drawn:
    """Tint the area of a zone."""
    pixels, tinted = canvas(image), canvas(image)
    bgr = parse_color(color)[::-1]
    for polygon in areas(zone):
        cv2.fillPoly(tinted, [np.rint(polygon).astype(np.int32)], bgr)
    return {"image": image.redrawn(cv2.addWeighted(tinted, opacity, pixels, 1 - opacity, 0).astype(np.uint8))}

"""Cut the same area, given as a part of the picture, out of every picture."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import Doc

from blocks.transformations.absolute_static_crop import Crop, cut
from engine.block import block
from engine.kinds import Image, ZeroToOne


@block("roboflow_core/relative_statoic_crop@v1", aliases=("RelativeStaticCrop",))
def relative_static_crop(
    images: Image,
    x_center: Annotated[ZeroToOne, Doc("Where the middle of the area lies; 0 is the left edge, 1 the right one.")],
    y_center: Annotated[ZeroToOne, Doc("Where the middle of the area lies; 0 is the top, 1 the bottom.")],
    width: Annotated[ZeroToOne, Doc("The width of the area as a part of the picture's.")],
    height: Annotated[ZeroToOne, Doc("The height of the area as a part of the picture's.")],
) -> Crop:
    """Cut an area given as a part of the picture out of it; areas that touch give crops that touch."""
    left, right = (round((x_center + side * width / 2) * images.width) for side in (-1, 1))
    top, bottom = (round((y_center + side * height / 2) * images.height) for side in (-1, 1))
    return {"crops": cut("relative_static_crop", images, left, top, right, bottom)}

"""Cut the same area, given in pixels, out of every picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypedDict
from uuid import uuid4

from annotated_types import Ge
from typing_extensions import Doc

from engine.block import block
from engine.kinds import Image
from engine.values.image import Image as Image_
from engine.values.shape import MISSING, Missing


class Crop(TypedDict):
    """The crop; missing when nothing of the area lies in the picture."""

    crops: Image | Missing


@block("roboflow_core/absolute_static_crop@v1", aliases=("AbsoluteStaticCrop",))
def absolute_static_crop(
    images: Image,
    x_center: Annotated[int, Ge(0), Doc("Where the middle of the area lies, in pixels from the left.")],
    y_center: Annotated[int, Ge(0), Doc("Where the middle of the area lies, in pixels from the top.")],
    width: Annotated[int, Ge(0), Doc("The width of the area in pixels.")],
    height: Annotated[int, Ge(0), Doc("The height of the area in pixels.")],
) -> Crop:
    """Cut an area given in pixels out of the picture."""
    left, top = round(x_center - width / 2), round(y_center - height / 2)
    return {"crops": cut("absolute_static_crop", images, left, top, left + width, top + height)}


def cut(name: str, image: Image_, left: int, top: int, right: int, bottom: int) -> Image_ | Missing:
    """What of an area lies in the picture, as a part of the same video; missing when nothing does.

    The area names the video of the crop, so that a block which remembers knows it again in the next frame.
    """
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, image.width), min(bottom, image.height)
    if right <= left or bottom <= top:
        return MISSING
    crop = image.crop(f"{name}.{uuid4()}", left, top, right - left, bottom - top)
    place = f"{image.video.source} | crop: {name}.{left},{top},{right},{bottom}"
    video = replace(image.video, source=place)
    return Image_(crop.pixels, crop.id, parent=crop.parent, root=crop.root, video=video)

"""What the drawing blocks share: our detections for supervision's annotators, and colours.

supervision is heavy to import, and only drawing needs it, so it is imported at the first drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Le
from typing_extensions import Doc

from engine.color import parse_color
from engine.errors import RuntimeInputError
from engine.kinds import Image
from engine.values.detections import Detections
from engine.values.image import Pixels

if TYPE_CHECKING:
    import supervision as sv

CopyImage = Annotated[bool, Doc("Accepted for compatibility; pictures that others may look at are never drawn on.")]
PaletteName = Annotated[str, Doc("DEFAULT, ROBOFLOW, CUSTOM, or Matplotlib and the name of one of its colour maps.")]
PaletteSize = Annotated[int, Ge(1), Le(1024), Doc("How many colours to take from a Matplotlib colour map.")]
CustomColors = Annotated[list[str], Doc("The colours of the CUSTOM palette.")]
Thickness = Annotated[int, Ge(1), Le(100), Doc("Of the lines, in pixels.")]
TextScale = Annotated[float, Gt(0), Le(20), Doc("Size of the letters.")]
TextThickness = Annotated[int, Ge(1), Le(100), Doc("Of the letters, in pixels.")]
TextPadding = Annotated[int, Ge(0), Le(1000), Doc("Around the text, in pixels.")]
ColorAxis = Annotated[Literal["INDEX", "CLASS", "TRACK"], Doc("What decides the colour of a detection.")]
Position = Literal[
    "CENTER",
    "CENTER_LEFT",
    "CENTER_RIGHT",
    "TOP_CENTER",
    "TOP_LEFT",
    "TOP_RIGHT",
    "BOTTOM_LEFT",
    "BOTTOM_CENTER",
    "BOTTOM_RIGHT",
    "CENTER_OF_MASS",
]


FARTHEST = 1_000_000
"""Nothing is drawn farther away, in pixels: OpenCV counts in 32 bits, with some of them behind the point."""
MAX_LETTERS = 2_000_000
"""Letters of the size 1 that are drawn at most, which takes seconds; a letter twice as large counts as four."""


class Drawn(TypedDict):
    """The picture with the drawing on it."""

    image: Image


def to_supervision(detections: Detections, masks_on: Image | None = None) -> sv.Detections:
    """Our detections as supervision takes them: none of them very far away, and no box turned inside out.

    Args:
        masks_on: the picture that the masks are drawn on; RuntimeInputError when they are of another size.
    """
    import supervision as sv  # noqa: PLC0415 - see the top of the file

    if masks_on is not None and detections.mask is not None and len(detections):
        _refuse_other_size(detections.mask, masks_on)
    near, far = np.hsplit(detections.xyxy.clip(-FARTHEST, FARTHEST), 2)
    return sv.Detections(
        xyxy=np.hstack([np.minimum(near, far), np.maximum(near, far)]),
        mask=detections.mask,
        confidence=detections.confidence,
        class_id=detections.class_id,
        tracker_id=detections.tracker_id,
    )


def _refuse_other_size(mask: npt.NDArray[np.bool_], image: Image) -> None:
    height, width = mask.shape[1:]
    if (width, height) != (image.width, image.height):
        raise RuntimeInputError(
            f"The masks are of {width} x {height} pixels, and the picture has {image.width} x {image.height}.",
            hint="Draw on the picture that the predictions come from.",
        )


def canvas(image: Image) -> Pixels:
    """The pixels of a picture, to draw on."""
    return image.pixels.copy()


def refuse_long(texts: Iterable[str], scale: float) -> None:
    """Raise RuntimeInputError when all these texts together take too long to draw."""
    if sum(map(len, texts)) * max(scale, 1) ** 2 > MAX_LETTERS:
        raise RuntimeInputError(
            f"So much text of the size {scale:g} takes too long to draw.",
            hint="Make text_scale smaller, or draw fewer or shorter texts.",
        )


def colors(
    name: str, size: int, custom: Sequence[str], axis: str, detections: Detections
) -> tuple[sv.ColorPalette, sv.ColorLookup]:
    """The colours to draw with, and what decides which of them a detection gets.

    RuntimeInputError when there is no palette of this name, or tracks decide and nothing is tracked.
    """
    import supervision as sv  # noqa: PLC0415 - see the top of the file

    if axis == "TRACK" and detections.tracker_id is None and len(detections):
        raise RuntimeInputError("Colours by TRACK need tracked detections.", hint="Put a tracker before this step.")
    return _palette(name, size, custom), sv.ColorLookup[axis]


def _palette(name: str, size: int, custom: Sequence[str]) -> sv.ColorPalette:
    import supervision as sv  # noqa: PLC0415 - see the top of the file

    if name == "DEFAULT":
        return sv.ColorPalette.DEFAULT
    if name == "ROBOFLOW":
        return sv.ColorPalette.ROBOFLOW
    if name == "CUSTOM":
        if not custom:
            raise RuntimeInputError("The CUSTOM palette needs at least one colour in custom_colors.")
        return sv.ColorPalette([sv.Color(*parse_color(color)) for color in custom])
    return _matplotlib_palette(name, size)


def _matplotlib_palette(name: str, size: int) -> sv.ColorPalette:
    import matplotlib as mpl  # noqa: PLC0415 - see the top of the file
    import supervision as sv  # noqa: PLC0415

    wanted = name.lower().removeprefix("matplotlib").strip()
    found = next((known for known in mpl.colormaps if known.lower() == wanted), None)
    if found is None:
        raise RuntimeInputError(
            f"There is no palette called {name!r}.",
            hint="Use DEFAULT, ROBOFLOW, CUSTOM, or Matplotlib and a colour map, such as 'Matplotlib Viridis'.",
        )
    colors = mpl.colormaps[found](np.linspace(0, 1, size))[:, :3] * 255
    return sv.ColorPalette([sv.Color(*(round(part) for part in color)) for color in colors.tolist()])

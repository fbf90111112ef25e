"""Let boxes grow or shrink."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, TypedDict

import numpy as np
import numpy.typing as npt
from typing_extensions import Doc

from engine.block import block
from engine.kinds import AnyDetections
from engine.values.detections import fresh_ids
from engine.values.shape import Fixed


class Offset(TypedDict):
    """The same detections with other boxes and new ids; each calls the one that it was its parent."""

    predictions: AnyDetections


@block("roboflow_core/detection_offset@v1", aliases=("DetectionOffset",))
def detection_offset(
    predictions: AnyDetections,
    offset_width: Annotated[int, Doc("How much wider a box gets, half of it on each side; less than 0 shrinks.")],
    offset_height: Annotated[int, Doc("How much higher a box gets, half of it on each side; less than 0 shrinks.")],
    units: Annotated[
        Fixed[Literal["Percent (%)", "Pixels"]], Doc("Whether offsets are pixels or parts of the box's own size.")
    ] = "Pixels",
) -> Offset:
    """Let every box grow or shrink about its middle, inside of the picture."""
    lefts, tops, rights, bottoms = predictions.xyxy.T
    frame = predictions.frame
    if units == "Pixels":
        wider, higher = np.float32(offset_width // 2), np.float32(offset_height // 2)
        xs, ys = _moved(lefts, rights, wider, frame.width), _moved(tops, bottoms, higher, frame.height)
    else:
        xs = _moved(lefts, rights, np.trunc((rights - lefts) * (offset_width / 200)), frame.width)
        ys = _moved(tops, bottoms, np.trunc((bottoms - tops) * (offset_height / 200)), frame.height)
    return {
        "predictions": replace(
            predictions,
            xyxy=np.stack([xs[0], ys[0], xs[1], ys[1]], axis=1).astype(np.float32),
            detection_id=fresh_ids(len(predictions)),
            parent_id=predictions.detection_id,
        )
    }


Side = npt.NDArray[np.float32]


def _moved(low: Side, high: Side, offset: Side | np.float32, limit: int) -> tuple[Side, Side]:
    """Both sides moved apart, inside of the picture; sides that would pass each other meet in the middle."""
    middle = (low + high) / 2
    low_moved, high_moved = low - offset, high + offset
    crossed = low_moved > high_moved
    low_moved, high_moved = np.where(crossed, middle, low_moved), np.where(crossed, middle, high_moved)
    return low_moved.clip(0, limit), high_moved.clip(0, limit)

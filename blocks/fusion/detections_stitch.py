"""Bring what was found in the parts of a picture back to the whole of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal, TypedDict

import numpy as np
import numpy.typing as npt
from typing_extensions import Doc

from blocks.fusion.joining import joined, refuse_large_masks, refuse_many
from blocks.fusion.masks import Masks
from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import BoxesOrMasks, Image, ZeroToOne
from engine.values.detections import Detections
from engine.values.frame import Frame, Origin
from engine.values.shape import Gathered
from models.nms import suppress

MAX_ROWS = 20_000
"""Of all parts together; to compare them takes seconds."""
AS_CUT = "Detect on crops or slices of the reference image as they were cut, neither resized nor turned."

Strategy = Annotated[
    Literal["none", "nms", "nmm"],
    Doc("Of detections of one object: keep all, keep the surest, or merge them into one."),
]


class Stitched(TypedDict):
    """All detections in the coordinates of the whole picture."""

    predictions: BoxesOrMasks


@block("roboflow_core/detections_stitch@v1")
def detections_stitch(
    reference_image: Image,
    predictions: Gathered[BoxesOrMasks],
    overlap_filtering_strategy: Strategy = "nms",
    iou_threshold: Annotated[ZeroToOne, Doc("Boxes of a class that overlap more than this show one object.")] = 0.3,
) -> Stitched:
    """Bring what was found in the parts of a picture back to the whole of it."""
    frame = reference_image.frame
    if overlap_filtering_strategy != "none":
        refuse_many(predictions, MAX_ROWS)
    refuse_large_masks(frame, predictions)
    found = joined(frame, [_in_whole(frame, part) for part in predictions])
    if overlap_filtering_strategy == "nms":
        found = found.select(_surest(found, iou_threshold))
    elif overlap_filtering_strategy == "nmm":
        found = _merged(found, iou_threshold)
    return {"predictions": found}


def _in_whole(frame: Frame, part: Detections) -> Detections:
    """Detections in a part of the picture, in the coordinates of the picture."""
    if part.frame.id == frame.id and (part.frame.width, part.frame.height) == (frame.width, frame.height):
        return replace(part, parent_id=None)
    parent, root, whole = part.frame.parent, part.frame.root, frame.outermost()
    if parent is None or root is None:
        raise RuntimeInputError(
            f"These detections were found in {part.frame.id!r}, which is no part of a larger picture, "
            "so their place in it is not known.",
            hint=AS_CUT,
        )
    if root.id == whole.id:
        _refuse_scaled(root, whole)
        x, y = (root.x, root.y) if frame.root is None else (root.x - frame.root.x, root.y - frame.root.y)
    else:
        _refuse_scaled(parent, frame)
        x, y = parent.x, parent.y
    return part.moved(frame, x, y)


def _refuse_scaled(origin: Origin, frame: Frame) -> None:
    """Raise RuntimeInputError when the picture that a part was cut out of has another size than the reference."""
    if (origin.width, origin.height) != (frame.width, frame.height):
        raise RuntimeInputError(
            f"These detections were found in a part of {origin.id!r} when it had {origin.width} x {origin.height} "
            f"pixels; the picture to stitch them onto has {frame.width} x {frame.height}.",
            hint=AS_CUT,
        )


def _surest(found: Detections, iou_threshold: float) -> npt.NDArray[np.intp]:
    """Of rows of a class that overlap, the surest; in the order that they were in."""
    if found.mask is not None:
        return Masks(found.mask, found.confidence, found.class_id).surest(iou_threshold)
    rows = suppress(found.xyxy, found.confidence, found.class_id, iou_threshold, False, len(found))
    return np.sort(rows)


def _merged(found: Detections, iou_threshold: float) -> Detections:
    """Every group of rows of a class that overlap as one row, that of the surest but as large as all of them."""
    if not len(found):
        return found
    groups = _groups(found, iou_threshold)
    ordered = [sorted(group, key=lambda row: -found.confidence[row]) for group in groups]
    ordered.sort(key=lambda group: group[0])
    merged = found.select([group[0] for group in ordered])
    return replace(
        merged,
        xyxy=np.array([_around(found.xyxy[group]) for group in ordered], np.float32),
        confidence=np.array([_mean_confidence(found, group) for group in ordered], np.float32),
        mask=None if found.mask is None else np.array([found.mask[group].any(axis=0) for group in ordered]),
    )


def _groups(found: Detections, iou_threshold: float) -> Iterable[list[int]]:
    """Rows of a class that overlap, by their masks or else by their boxes."""
    if found.mask is not None:
        return Masks(found.mask, found.confidence, found.class_id).groups(iou_threshold)
    import supervision as sv  # noqa: PLC0415 - heavy, and only merging needs it

    table = np.column_stack([found.xyxy, found.confidence, found.class_id]).astype(np.float64)
    return sv.box_non_max_merge(table, iou_threshold)


def _around(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The box around boxes."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _mean_confidence(found: Detections, group: list[int]) -> float:
    """The mean confidence; larger boxes count for more."""
    sizes = np.maximum(found.xyxy[group, 2:] - found.xyxy[group, :2], 0).prod(axis=1)
    return float(np.average(found.confidence[group], weights=sizes if sizes.sum() > 0 else None))

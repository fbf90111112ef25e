"""Several sets of detections of one picture as one set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import RuntimeInputError
from engine.values.detections import Detections, objects, refuse_large
from engine.values.frame import Frame


def refuse_many(sets: Sequence[Detections], most: int) -> None:
    """Raise RuntimeInputError when sets have more than `most` rows, too many to compare each with all others."""
    count = sum(map(len, sets))
    if count > most:
        raise RuntimeInputError(
            f"These are {count} detections of one picture, to be compared with each other; {most} are the limit.",
            hint="Ask the model for less, by a higher confidence or fewer detections.",
        )


def refuse_large_masks(frame: Frame, sets: Sequence[Detections]) -> None:
    """Raise RuntimeInputError when sets with masks among them are too large to be laid over one frame."""
    if any(item.mask is not None for item in sets):
        refuse_large(sum(map(len, sets)), frame)


def joined(frame: Frame, sets: Sequence[Detections]) -> Detections:
    """All rows of sets that lie in `frame`, in order.

    A set without masks among others with masks gets full boxes as masks. A column that one lacks is None in its rows.
    RuntimeInputError when all masks together are too large.
    """
    filled = [item for item in sets if len(item)]
    if not filled:
        return (
            Detections.empty(frame, sets[0].prediction_type, sets[0].inference_id) if sets else Detections.empty(frame)
        )
    if len(filled) == 1:
        return replace(filled[0], frame=frame)
    masked = next((item for item in filled if item.mask is not None), None)
    refuse_large_masks(frame, filled)
    names = dict.fromkeys(name for item in filled for name in item.columns)
    tracked = all(item.tracker_id is not None for item in filled)
    parents = any(item.parent_id is not None for item in filled)
    return Detections(
        frame=frame,
        xyxy=np.concatenate([item.xyxy for item in filled]),
        confidence=np.concatenate([item.confidence for item in filled]),
        class_id=np.concatenate([item.class_id for item in filled]),
        class_name=np.concatenate([item.class_name for item in filled]),
        detection_id=np.concatenate([item.detection_id for item in filled]),
        prediction_type=(masked or filled[0]).prediction_type,
        inference_id=filled[0].inference_id,
        mask=None if masked is None else np.concatenate([masks_of(item) for item in filled]),
        tracker_id=np.concatenate([item.tracker_id for item in filled]) if tracked else None,
        parent_id=np.concatenate([_parents(item) for item in filled]) if parents else None,
        columns={name: _column(name, filled) for name in names},
    )


def masks_of(detections: Detections) -> npt.NDArray[np.bool_]:
    """The masks; full boxes where there are none."""
    if detections.mask is not None:
        return detections.mask
    masks = np.zeros((len(detections), detections.frame.height, detections.frame.width), bool)
    for row, (left, top, right, bottom) in enumerate(np.rint(detections.xyxy).astype(int).clip(0).tolist()):
        masks[row, top:bottom, left:right] = True
    return masks


def _parents(detections: Detections) -> npt.NDArray[np.object_]:
    if detections.parent_id is not None:
        return detections.parent_id
    return np.full(len(detections), detections.frame.id, dtype=object)


def _column(name: str, sets: Sequence[Detections]) -> npt.NDArray[Any]:
    columns = [item.columns.get(name) for item in sets]
    shapes = {None if column is None else (column.dtype, column.shape[1:]) for column in columns}
    if len(shapes) == 1 and None not in shapes:
        return np.concatenate([column for column in columns if column is not None])
    return objects([value for item in sets for value in item.columns.get(name, [None] * len(item))])

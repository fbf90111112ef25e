"""Lines and areas as workflows write them, and the places of detections that are held against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from blocks.visualizations.supervision import FARTHEST, Position, to_supervision
from engine.errors import RuntimeInputError
from engine.values.detections import Detections

Points = npt.NDArray[np.float32]
"""N x 2, x and y in pixels."""
Flags = npt.NDArray[np.bool_]

MAX_POINTS = 10_000
"""Of all polygons of a zone together."""


def line(value: Any) -> Points:
    """The two ends of a line; RuntimeInputError when it is none."""
    ends = _points(value)
    if ends is None or len(ends) != 2 or np.array_equal(ends[0], ends[1]):
        raise RuntimeInputError(
            "A line has two different ends.", hint="Write it as [[x, y], [x, y]], in pixels of the picture."
        )
    return ends


def areas(value: Any) -> list[Points]:
    """The polygons of a zone, which is one polygon or a list of them; RuntimeInputError when it is neither."""
    if isinstance(value, list | tuple | np.ndarray) and len(value) == 0:
        return []
    single = _points(value)
    polygons = [single] if single is not None else [_points(item) for item in value] if _is_list(value) else [None]
    good = [polygon for polygon in polygons if polygon is not None and len(polygon) >= 3]
    if len(good) != len(polygons):
        raise RuntimeInputError(
            "A zone is a polygon of three or more points, or a list of such polygons.",
            hint="Write a polygon as [[x, y], [x, y], [x, y]], in pixels of the picture.",
        )
    if sum(map(len, good)) > MAX_POINTS:
        raise RuntimeInputError(f"A zone has at most {MAX_POINTS} points.", hint="Draw it more simply.")
    return good


def anchors(detections: Detections, position: Position) -> npt.NDArray[np.float64]:
    """The point of each detection that decides where it is, N x 2; an empty mask has its mass amid the box."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing and measuring need it

    if position == "CENTER_OF_MASS" and detections.mask is None and len(detections):
        raise RuntimeInputError(
            "Only masks have a CENTER_OF_MASS, and these detections have none.", hint="Use another anchor, or CENTER."
        )
    if not len(detections):
        return np.zeros((0, 2))
    found = to_supervision(detections)
    places = found.get_anchors_coordinates(sv.Position[position]).astype(np.float64)
    if position == "CENTER_OF_MASS" and detections.mask is not None:
        empty = ~detections.mask.any(axis=(1, 2))
        places[empty] = found.get_anchors_coordinates(sv.Position.CENTER)[empty]
    return places


def points(detections: Detections, position: Position) -> Detections:
    """The detections as boxes without a size, each at its anchor: to draw there, whatever supervision calls so."""
    return replace(detections, xyxy=np.tile(anchors(detections, position), 2).astype(np.float32), mask=None)


def sides(detections: Detections, ends: Points, positions: Sequence[Position]) -> tuple[Flags, Flags]:
    """Which detections are inside, left of a line for who looks from its first end to the second; and which are clear.

    A detection is clear when all these points of it are on one side and beyond neither end, as `sv.LineZone` has it.
    """
    first, second = ends.astype(np.float64)
    along = second - first
    places = np.stack([anchors(detections, position) for position in positions]) - first
    inside = along[0] * places[..., 1] - along[1] * places[..., 0] < 0
    reach = places @ along
    clear = ((reach >= 0) & (reach <= along @ along)).all(axis=0) & (inside == inside[0]).all(axis=0)
    return inside[0], clear


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _points(value: Any) -> Points | None:
    """N x 2 points; None for what are none."""
    if not _is_list(value) or not all(_is_list(point) and len(point) == 2 for point in value):
        return None
    numbers: list[Any] = [number for point in value for number in point]
    if not all(isinstance(number, int | float | np.integer | np.floating) for number in numbers):
        return None
    if not all(-FARTHEST <= number <= FARTHEST for number in numbers):
        return None
    return np.array(numbers, np.float32).reshape(-1, 2)

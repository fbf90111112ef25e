"""Detections of every sort that these tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from hypothesis import strategies as some

from engine.values.detections import Detections, objects, strings
from engine.values.frame import Frame

FRAME = Frame("camera", 24, 16)
CROPPED = Frame("city", 400, 300).cut("street", 100, 50, 120, 90).cut("car", 7, 5, 24, 16)
NAMES = some.text(max_size=5)
NUMBERS = some.floats(allow_infinity=False)
SIXTEENTHS = some.integers(-1000, 1000).map(lambda number: number / 16)

COLUMNS = {
    "time_in_zone": NUMBERS,
    "data": NAMES,
    "speed": some.none() | some.floats(allow_nan=False, allow_infinity=False),
    "velocity": some.tuples(NUMBERS, NUMBERS).map(list),
    "polygon": some.none() | some.lists(some.tuples(SIXTEENTHS, SIXTEENTHS).map(list), min_size=1, max_size=4),
    "rect": some.lists(some.tuples(SIXTEENTHS, SIXTEENTHS).map(list), min_size=4, max_size=4),
    "width": some.none() | SIXTEENTHS,
    "height": SIXTEENTHS,
    "in_out": some.booleans(),
    "area_px": some.integers(-(2**63), 2**63 - 1),
    "notes": some.none() | some.lists(some.dictionaries(NAMES, some.integers(0, 9), max_size=2), max_size=2),
}
"""Values of one row of every column that the tests know."""


def travelled(value: Any) -> Any:
    """A value after it went through JSON."""
    return orjson.loads(orjson.dumps(value))


def boxes(count: int, frame: Frame = FRAME, **fields: Any) -> Detections:
    """As many detections as are wanted, at sixteenths of pixels."""
    corners = np.arange(4 * count, dtype=np.float32).reshape(-1, 4) / np.float32(16)
    corners += np.array([0, 0, 3, 2], np.float32)
    return Detections(
        frame,
        corners,
        np.linspace(0, 1, count, dtype=np.float32),
        np.arange(count),
        strings([f"class {row}" for row in range(count)]),
        strings([f"id {row}" for row in range(count)]),
        **fields,
    )


@some.composite
def sets(draw: some.DrawFn) -> Detections:
    """Sets with any combination of columns; masks are boxes or empty."""
    count = draw(some.integers(0, 4))

    def column(values: some.SearchStrategy[Any]) -> list[Any]:
        return draw(some.lists(values, min_size=count, max_size=count))

    columns = {
        name: objects(column(COLUMNS[name]))
        for name in draw(some.lists(some.sampled_from(sorted(COLUMNS)), unique=True))
    }
    for name in ("time_in_zone", "velocity", "in_out", "area_px"):
        if name in columns and draw(some.booleans()):
            columns[name] = np.array(columns[name].tolist())
    if draw(some.booleans()):
        columns |= keypoints([draw(some.integers(0, 3)) for _ in range(count)])
    return boxes(
        count,
        draw(some.sampled_from((FRAME, CROPPED))),
        mask=masks(count) if draw(some.booleans()) else None,
        tracker_id=np.array(column(some.integers(0, 2**40)), np.int64) if draw(some.booleans()) else None,
        parent_id=strings(column(NAMES)) if draw(some.booleans()) else None,
        columns=columns,
    )


def masks(count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Rectangles that are all different, over the frame."""
    found = np.zeros((count, FRAME.height, FRAME.width), np.bool_)
    for row in range(count):
        found[row, row : row + 5, 2 * row : 3 * row + 4] = True
    return found


def keypoints(counts: list[int]) -> dict[str, Any]:
    """The columns of keypoints of rows that have so many of them each."""
    return {
        "keypoints_class_id": objects([np.arange(count) for count in counts]),
        "keypoints_class_name": objects([strings([f"joint {number}" for number in range(count)]) for count in counts]),
        "keypoints_confidence": objects([np.linspace(0, 1, count, dtype=np.float32) for count in counts]),
        "keypoints_xy": objects([np.arange(2 * count, dtype=np.float32).reshape(-1, 2) / 16 for count in counts]),
    }

"""Masks as they come from outside: outlines or run lengths."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.values.detections import MAX_PIXELS
from engine.wire.rle import read_rle
from engine.wire.unfit import Unfit, in_words
from engine.wire.write_detections import RLE_KEYS

MAX_POINTS = 50_000
"""Of one outline."""
MAX_ALL_POINTS = 500_000
MAX_OUTLINE_COORDINATE = 1_000_000
"""Pixels; an outline may leave the picture, and far beyond this OpenCV would overflow."""
MAX_EFFORT = 10_000_000
"""Of filling all outlines, in what `_effort` counts, up to 80 ns each: a second at most. Real masks are far below."""
MAX_CHARACTERS = 2_000_000
"""Of the run lengths of one mask; in the largest square one, enough for twenty objects in each of 20000 columns."""
MAX_ALL_CHARACTERS = 10_000_000
"""Read in half a second."""

Masks = npt.NDArray[np.bool_]
"""N x height x width."""


def read_masks(rows: list[dict[str, Any]], width: int, height: int) -> Masks | None:
    """The masks of all detections, over a picture of width x height pixels; None when none has one.

    Raises:
        Unfit: not all have one in the same form, one is malformed, or they are too large together.
    """
    key = mask_key(rows)
    if key is None:
        return None
    check_mask_pixels(len(rows), width, height)
    if key == "points":
        return _from_outlines([row.get(key) for row in rows], width, height)
    return _from_run_lengths([row.get(key) for row in rows], width, height, key)


def mask_key(rows: list[dict[str, Any]]) -> str | None:
    """The key under which detections have their masks; None when they have none."""
    return next((key for key in ("points", *RLE_KEYS) if any(row.get(key) is not None for row in rows)), None)


def check_mask_pixels(count: int, width: int, height: int) -> None:
    """Unfit where so many masks of such a size are too large together."""
    if count * width * height > MAX_PIXELS:
        raise Unfit(
            f"{count} masks of {width} x {height} pixels",
            f"at most {MAX_PIXELS} pixels in all masks together",
        )


def _from_outlines(outlines: list[Any], width: int, height: int) -> Masks:
    total = sum(len(points) for points in outlines if isinstance(points, list | tuple))
    if total > MAX_ALL_POINTS:
        raise Unfit(f"{total} points in all outlines together", f"at most {MAX_ALL_POINTS} of them")
    return _filled([_outline(points, index) for index, points in enumerate(outlines)], width, height)


def _outline(points: Any, index: int) -> npt.NDArray[np.int32]:
    """The points of an outline, K x 2, rounded to whole pixels."""
    place = f"predictions.[{index}].points"
    fits = f"a list of at most {MAX_POINTS} objects with the numbers x and y, for every detection where one has it"
    if not isinstance(points, list | tuple) or len(points) > MAX_POINTS:
        raise Unfit(f"{in_words(points)} at {place}", fits)
    pairs: list[tuple[Any, Any]] = [
        (point.get("x"), point.get("y")) if isinstance(point, dict) else (None, None) for point in points
    ]
    if not {type(value) for pair in pairs for value in pair} <= {int, float}:
        raise Unfit(f"a point without two numbers at {place}", fits)
    # Compared before they become floats, since a whole number may be too large for one; NaN is not within.
    if not all(-MAX_OUTLINE_COORDINATE <= value <= MAX_OUTLINE_COORDINATE for pair in pairs for value in pair):
        raise Unfit(f"a coordinate beyond {MAX_OUTLINE_COORDINATE} pixels at {place}", fits)
    return np.rint(np.array(pairs, np.float64).reshape(-1, 2)).astype(np.int32)


def _filled(outlines: list[npt.NDArray[np.int32]], width: int, height: int) -> Masks:
    # Lines alone first, since counting the edges on them takes time, too.
    if len(outlines) * height > MAX_EFFORT or sum(_effort(outline, width, height) for outline in outlines) > MAX_EFFORT:
        raise Unfit("outlines that cross the picture too often", "simpler outlines, or run lengths as `rle_mask`")
    masks = np.zeros((len(outlines), height, width), np.uint8)
    for mask, outline in zip(masks, outlines, strict=True):
        if len(outline):
            cv2.fillPoly(mask, [outline], 1)
    return masks.view(np.bool_)


def _effort(outline: npt.NDArray[np.int32], width: int, height: int) -> float:
    """What filling an outline costs, in operations of OpenCV of much the same duration; see `MAX_EFFORT`."""
    if not len(outline):
        return 0
    # Filling begins at the highest point, even where that lies above the picture, and ends with the picture.
    x = outline[:, 0].clip(0, width).astype(np.int64)
    y = outline[:, 1].clip(max=height).astype(np.int64)
    # Every edge is looked at on each of the lines that it crosses,
    crossings = int(np.abs(y - np.roll(y, 1)).sum())
    # and drawn, by which 16 pixels across cost as much as one crossing.
    drawn = int(np.abs(x - np.roll(x, 1)).sum()) / 16
    # On the line on which an edge begins it is sorted among those that cross that line, past half of them in the mean.
    line = y.clip(min=-1) + 1
    before = np.roll(line, 1)
    begun = np.bincount(np.minimum(line, before), minlength=height + 2)
    ended = np.bincount(np.maximum(line, before), minlength=height + 2)
    sorting = float((begun * np.cumsum(begun - ended)).sum()) / 2
    return crossings + sorting + drawn


def _from_run_lengths(values: list[Any], width: int, height: int, key: str) -> Masks:
    fits = f'{{"size": [{height}, {width}], "counts": "..."}} in COCO\'s compressed form, for every detection'
    for index, value in enumerate(values):
        place = f"predictions.[{index}].{key}"
        if not isinstance(value, dict) or not isinstance(value.get("counts"), str):
            raise Unfit(f"{in_words(value)} at {place}", fits)
        if value.get("size") not in ([height, width], (height, width)):
            raise Unfit(f"run lengths whose `size` is not that of the picture at {place}", fits)
        if len(value["counts"]) > MAX_CHARACTERS:
            raise Unfit(f"{len(value['counts'])} characters at {place}.counts", f"at most {MAX_CHARACTERS} of them")
    total = sum(len(value["counts"]) for value in values)
    if total > MAX_ALL_CHARACTERS:
        raise Unfit(f"{total} characters in all run lengths together", f"at most {MAX_ALL_CHARACTERS} of them")
    masks = np.empty((len(values), height, width), np.bool_)
    for index, value in enumerate(values):
        try:
            masks[index] = read_rle(value["counts"], width, height)
        except ValueError as error:
            raise Unfit(f"run lengths at predictions.[{index}].{key} that cannot be read: {error}", fits) from error
    return masks

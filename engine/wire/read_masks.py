"""Masks as they come from outside: outlines or run lengths."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.wire.rle import read_rle
from engine.wire.unfit import Unfit, shown

MAX_MASK_PIXELS = 400_000_000
"""Width times height times detections, a byte each."""
MAX_POINTS = 50_000
"""Of one outline."""
MAX_ALL_POINTS = 500_000
MAX_COORDINATE = 1_000_000
"""Pixels; an outline may leave the picture, and far beyond this OpenCV would overflow."""
MAX_EFFORT = 10_000_000
"""Of filling all outlines, in what `_effort` counts, tens of nanoseconds each; real masks are far below."""
MAX_CHARACTERS = 2_000_000
"""Of the run lengths of one mask; in the largest square one, enough for twenty objects in each of 20000 columns."""
MAX_ALL_CHARACTERS = 10_000_000
"""Read in half a second."""

RLE_KEYS = ("rle_mask", "rle")
"""As workflows write it, and as models answer."""

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
    check_pixels(len(rows), width, height)
    if key == "points":
        total = sum(len(row["points"]) for row in rows if isinstance(row.get("points"), list))
        if total > MAX_ALL_POINTS:
            raise Unfit(f"{total} points in all outlines together", f"at most {MAX_ALL_POINTS} of them")
        return _filled([_outline(row.get(key), index) for index, row in enumerate(rows)], width, height)
    texts = [
        _run_lengths(row.get(key), width, height, f"predictions.[{index}].{key}") for index, row in enumerate(rows)
    ]
    total = sum(map(len, texts))
    if total > MAX_ALL_CHARACTERS:
        raise Unfit(f"{total} characters in all run lengths together", f"at most {MAX_ALL_CHARACTERS} of them")
    masks = np.empty((len(rows), height, width), np.bool_)
    for index, text in enumerate(texts):
        try:
            masks[index] = read_rle(text, width, height)
        except ValueError as error:
            place = f"predictions.[{index}].{key}"
            raise Unfit(
                f"run lengths at {place} that cannot be read: {error}", _run_lengths_fit(width, height)
            ) from error
    return masks


def mask_key(rows: list[dict[str, Any]]) -> str | None:
    """The key under which detections have their masks; None when they have none."""
    return next((key for key in ("points", *RLE_KEYS) if any(row.get(key) is not None for row in rows)), None)


def check_pixels(count: int, width: int, height: int) -> None:
    """Unfit where so many masks of such a size are too large together."""
    if count * width * height > MAX_MASK_PIXELS:
        raise Unfit(
            f"{count} masks of {width} x {height} pixels",
            f"at most {MAX_MASK_PIXELS} pixels in all masks together",
        )


def _outline(points: Any, index: int) -> npt.NDArray[np.int32]:
    """The points of an outline, K x 2, rounded to whole pixels."""
    place = f"predictions.[{index}].points"
    fits = f"a list of at most {MAX_POINTS} objects with the numbers x and y, for every detection where one has it"
    if not isinstance(points, list | tuple) or len(points) > MAX_POINTS:
        raise Unfit(f"{shown(points)} at {place}", fits)
    pairs: list[tuple[Any, Any]] = [
        (point.get("x"), point.get("y")) if isinstance(point, dict) else (None, None) for point in points
    ]
    if not {type(value) for pair in pairs for value in pair} <= {int, float}:
        raise Unfit(f"a point without two numbers at {place}", fits)
    # Compared before they become floats, since a whole number may be too large for one; NaN is not within.
    if not all(-MAX_COORDINATE <= value <= MAX_COORDINATE for pair in pairs for value in pair):
        raise Unfit(f"a coordinate beyond {MAX_COORDINATE} pixels at {place}", fits)
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
    """What filling an outline costs: the edges on every line, those that each new edge is sorted among, and drawing.

    OpenCV begins at the highest point, even where that lies above the picture.
    """
    if not len(outline):
        return 0
    x = outline[:, 0].clip(0, width).astype(np.int64)
    y = outline[:, 1].clip(max=height).astype(np.int64)
    lines = int(np.abs(y - np.roll(y, 1)).sum())
    across = int(np.abs(x - np.roll(x, 1)).sum())
    line = y.clip(min=-1) + 1
    before = np.roll(line, 1)
    begun = np.bincount(np.minimum(line, before), minlength=height + 2)
    active = np.cumsum(begun - np.bincount(np.maximum(line, before), minlength=height + 2))
    return float(lines + (begun * active).sum() / 2 + across / 16)


def _run_lengths(value: Any, width: int, height: int, place: str) -> str:
    """The text of a mask as run lengths."""
    fits = _run_lengths_fit(width, height)
    if not isinstance(value, dict) or not isinstance(value.get("counts"), str):
        raise Unfit(f"{shown(value)} at {place}", fits)
    if value.get("size") not in ([height, width], (height, width)):
        raise Unfit(f"run lengths whose `size` is not that of the picture at {place}", fits)
    text: str = value["counts"]
    if len(text) > MAX_CHARACTERS:
        raise Unfit(f"run lengths of {len(text)} characters at {place}", f"at most {MAX_CHARACTERS} of them")
    return text


def _run_lengths_fit(width: int, height: int) -> str:
    return f'{{"size": [{height}, {width}], "counts": "..."}} in COCO\'s compressed form, for every detection'

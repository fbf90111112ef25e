"""Operations from detections to detections: choose, sort, move and rename them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from blocks.query.evaluation import Evaluation
from blocks.query.operation import Nested, look_up, operation
from blocks.query.properties import Floats, boxes
from blocks.query.statements import Statement, matching
from blocks.query.takes import DETECTION_KINDS, DETECTIONS
from engine.errors import InvalidInputTypeError
from engine.values.detections import Detections, strings
from engine.wire.bounds import MAX_COORDINATE

Distance = Annotated[float, Ge(-MAX_COORDINATE), Le(MAX_COORDINATE)]
"""In pixels."""
SortMode = Literal["confidence", "x_min", "x_max", "y_min", "y_max", "size", "center_x", "center_y"]


@operation("DetectionsFilter", DETECTIONS, gives=DETECTION_KINDS)
def filtered(
    detections: Detections,
    filter_operation: Annotated[Statement, Nested("statement", takes=("detection",), gives=("boolean",))],
    *,
    evaluation: Evaluation,
) -> Detections:
    """Keep the detections of which a statement is true; it knows the detection that it is asked of as `_`."""
    return detections.select(matching(filter_operation, detections, evaluation))


@operation("DetectionsSelection", DETECTIONS, gives=DETECTION_KINDS)
def selected(
    detections: Detections, mode: Literal["left_most", "right_most", "top_confidence", "first", "last"]
) -> Detections:
    """Keep one detection, if there is any; left and right go by the centres of the boxes."""
    if len(detections) == 0:
        return detections
    if mode == "first":
        return detections.select([0])
    if mode == "last":
        return detections.select([len(detections) - 1])
    if mode == "top_confidence":
        return detections.select([int(detections.confidence.argmax())])
    across, _ = _centres(detections)
    return detections.select([int(across.argmin() if mode == "left_most" else across.argmax())])


@operation("SortDetections", DETECTIONS, gives=DETECTION_KINDS)
def ordered(detections: Detections, mode: SortMode, ascending: bool = True) -> Detections:
    """Sort by a property; detections that are equal in it keep their order."""
    values = _sort_values(detections, mode)
    return detections.select(np.argsort(values if ascending else -values, kind="stable"))


@operation("DetectionsOffset", DETECTIONS, gives=DETECTION_KINDS)
def grown(detections: Detections, offset_x: Distance, offset_y: Distance) -> Detections:
    """Make the boxes wider and higher by some pixels, half of them on either side, even beyond the picture."""
    margin = np.array([-offset_x / 2, -offset_y / 2, offset_x / 2, offset_y / 2], np.float32)
    return replace(detections, xyxy=detections.xyxy + margin)


@operation("DetectionsShift", DETECTIONS, gives=DETECTION_KINDS)
def shifted(detections: Detections, shift_x: Distance, shift_y: Distance) -> Detections:
    """Move the detections, with their masks and points, by some pixels to the right and down."""
    return detections.moved(detections.frame, shift_x, shift_y)


@operation("DetectionsRename", DETECTIONS, gives=DETECTION_KINDS)
def renamed(
    detections: Detections,
    class_map: str | dict[str, str],
    strict: bool | str = True,
    new_classes_id_offset: Annotated[int, Ge(0), Le(1_000_000_000)] = 1024,
    *,
    evaluation: Evaluation,
) -> Detections:
    """Give classes new names and ids. The map and `strict` may be names of parameters of the step.

    Strict: every class has to be in the map, and the ids count through the sorted new names. Otherwise classes that are
    not in the map stay as they are, and names that are new get ids from the offset on.
    """
    names = _class_map(class_map, evaluation)
    everything = look_up(strict, evaluation) if isinstance(strict, str) else strict
    if not isinstance(everything, bool):
        raise InvalidInputTypeError(f"Whether the map is strict is true or false, got {type(everything).__name__}.")
    before, ids_before = detections.class_name.tolist(), detections.class_id.tolist()
    if everything:
        unmapped = sorted(set(before) - names.keys())
        if unmapped:
            raise ValueError(f"the map is strict and has no new name for the class {unmapped[0]!r}")
        ids = {name: rank for rank, name in enumerate(sorted(set(names.values())))}
    else:
        known = dict(zip(before, ids_before, strict=True))
        new = sorted(set(names.values()) - known.keys())
        ids = known | {name: new_classes_id_offset + rank for rank, name in enumerate(new)}
    after = [names.get(name, name) for name in before]
    ids_after = [ids[names[name]] if name in names else old for name, old in zip(before, ids_before, strict=True)]
    return replace(detections, class_name=strings(after), class_id=np.array(ids_after, np.int64))


@operation("PickDetectionsByParentClass", DETECTIONS, gives=DETECTION_KINDS)
def picked(detections: Detections, parent_class: str) -> Detections:
    """Keep all boxes of a class, then the others whose centre lies in one of those or on its edge."""
    is_parent = np.array([name == parent_class for name in detections.class_name], dtype=np.bool_)
    across, down = _centres(detections)
    inside = np.zeros(len(detections), np.bool_)
    for x_min, y_min, x_max, y_max in detections.xyxy[is_parent]:
        inside |= (across >= x_min) & (across <= x_max) & (down >= y_min) & (down <= y_max)
    return detections.select(np.concatenate([np.flatnonzero(is_parent), np.flatnonzero(inside & ~is_parent)]))


def _centres(detections: Detections) -> tuple[Floats, Floats]:
    """Across and down, in pixels, not rounded."""
    x_min, y_min, x_max, y_max = boxes(detections)
    return (x_min + x_max) / 2, (y_min + y_max) / 2


def _sort_values(detections: Detections, mode: SortMode) -> Floats:
    x_min, y_min, x_max, y_max = boxes(detections)
    values: dict[SortMode, Floats] = {
        "confidence": detections.confidence.astype(np.float64),
        "x_min": x_min,
        "x_max": x_max,
        "y_min": y_min,
        "y_max": y_max,
        "size": (x_max - x_min) * (y_max - y_min),
        "center_x": (x_min + x_max) / 2,
        "center_y": (y_min + y_max) / 2,
    }
    return values[mode]


def _class_map(found: str | dict[str, str], parameters: Mapping[str, Any]) -> dict[str, str]:
    """The new name of each class; looked up among the parameters where it is the name of one."""
    names = look_up(found, parameters) if isinstance(found, str) else found
    if not isinstance(names, dict) or not all(isinstance(name, str) for pair in names.items() for name in pair):
        raise InvalidInputTypeError(f"A class map is a dictionary from text to text, got {type(names).__name__}.")
    return names

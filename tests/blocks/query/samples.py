"""Detections, pictures and pieces of queries that these tests share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from engine.values.detections import Detections, strings
from engine.values.frame import Frame, VideoMoment
from engine.values.image import Image

FRAME = Frame("camera", 200, 100)
TAKEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def detections(
    *rows: tuple[str, float, Sequence[float]], columns: dict[str, Any] | None = None, **fields: Any
) -> Detections:
    """Detections of (class, confidence, box); classes have ids in the order of the alphabet, a = 0."""
    classes = [name for name, _, _ in rows]
    return Detections(
        FRAME,
        np.array([box for _, _, box in rows], np.float32).reshape(-1, 4),
        np.array([confidence for _, confidence, _ in rows], np.float32),
        np.array([ord(name[0]) - ord("a") for name in classes], np.int64),
        strings(classes),
        strings([f"id{number}" for number in range(len(rows))]),
        columns={name: _column(values) for name, values in (columns or {}).items()},
        **fields,
    )


def _column(values: Any) -> np.ndarray[Any, np.dtype[Any]]:
    return values if isinstance(values, np.ndarray) else strings(values)


NOTHING = detections()
PAIR = detections(("b", 0.5, (10, 20, 30, 60)), ("a", 0.75, (5, 5, 16, 10)))
"""Areas 800 and 55, centres (20, 40) and (10.5, 7.5)."""

MEASURED = detections(
    ("a", 0.5, (0, 0, 10, 10)),
    ("a", 0.5, (0, 0, 10, 10)),
    tracker_id=np.array([7, 8]),
    columns={
        "in_out": ["in", "out"],
        "path_deviation": np.array([0.5, 1.5]),
        "polygon": [np.array([[0, 0], [1, 0], [1, 1]]), [[2, 2], [3, 2], [3, 3]]],
        "time_in_zone": np.array([1.25, 2.5], np.float32),
        "velocity": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "speed": np.array([2.5, 5.0]),
        "smoothed_velocity": np.array([[0.5, 1.0], [1.5, 2.0]]),
        "smoothed_speed": np.array([1.0, 2.0]),
        "keypoints_xy": [np.array([[1.5, 2.5]]), np.zeros((0, 2))],
        "rect": [[[0, 0], [1, 1]], None],
        "width": np.array([3.0, 4.0]),
        "height": np.array([5, 6]),
        "angle": [np.float64(45.0), None],
        "area_px": np.array([100.0, 200.0]),
        "area_converted": np.array([1.0, 2.0]),
    },
)
"""Two equal boxes that many blocks have worked on."""


def picture(width: int = 4, height: int = 2, video: VideoMoment | None = None) -> Image:
    """A grey picture; of frame 31 of a video of 10 frames a second unless `video` says another."""
    pixels = np.full((height, width, 3), 128, np.uint8)
    return Image(pixels, "camera", video=video or VideoMoment("camera", 31, TAKEN, fps=10.0))


def op(type: str, **parameters: Any) -> dict[str, Any]:
    """An operation."""
    return {"type": type, **parameters}


def static(value: Any, *operations: dict[str, Any]) -> dict[str, Any]:
    """A value written into a statement."""
    return {"type": "StaticOperand", "value": value, "operations": list(operations)}


def dynamic(name: str, *operations: dict[str, Any]) -> dict[str, Any]:
    """A value looked up by its name."""
    return {"type": "DynamicOperand", "operand_name": name, "operations": list(operations)}


def of_row(property_name: str, *operations: dict[str, Any]) -> dict[str, Any]:
    """A property of the detection that a filter is at."""
    return dynamic("_", op("ExtractDetectionProperty", property_name=property_name), *operations)


def binary(left: dict[str, Any], comparator: str, right: dict[str, Any], negate: bool = False) -> dict[str, Any]:
    """A comparison of two operands."""
    return {
        "type": "BinaryStatement",
        "left_operand": left,
        "comparator": {"type": comparator},
        "right_operand": right,
        "negate": negate,
    }


def unary(operand: dict[str, Any], operator: str, negate: bool = False) -> dict[str, Any]:
    """A test of one operand."""
    return {"type": "UnaryStatement", "operand": operand, "operator": {"type": operator}, "negate": negate}


def group(*statements: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    """Statements of which all have to be true, or any."""
    return {"type": "StatementGroup", "operator": operator, "statements": list(statements)}


def keep(*statements: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    """The operation that filters by statements."""
    return op("DetectionsFilter", filter_operation=group(*statements, operator=operator))

"""Arguments for every block: some that work, and for each parameter the most extreme ones that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from api.environment import ClosedEnvironment
from engine.block import AnyBlock
from engine.errors import PenstockError
from engine.guard.egress import Egress
from engine.guard.folder import Folder
from engine.guard.limits import SourcePolicy
from engine.kinds import INSTANCES, KEYPOINTS, OBJECTS
from engine.signature import Parameter
from engine.state import State
from engine.values.detections import Detections, strings
from engine.values.image import Image
from engine.values.shape import Shape
from tests.blocks.samples import found, picture
from tests.blocks.videos import frame

Arguments = dict[str, Any]

TRUE = {"type": "UnaryStatement", "operand": {"type": "StaticOperand", "value": 1}, "operator": {"type": "Exists"}}
WORKING: Arguments = {
    "cases": {"a": "$steps.x"},
    "classes": ["a"],
    "classification_predictions": ["a"],
    "columns_data": {"a": 1},
    "condition_statement": {"type": "StatementGroup", "statements": [TRUE]},
    "content": "a,b\n1,2\n",
    "data": {"a": 1},
    "expected_fields": ["a"],
    "line_segment": [[0, 0], [40, 40]],
    "method": "POST",
    "next_steps": ["$steps.x"],
    "operations": [{"type": "DetectionsSelection", "mode": "first"}],
    "output_mode": "append_log",
    "raw_json": '{"a": 1}',
    "required_votes": 1,
    "switch": {"type": "CasesDefinition", "cases": [], "default": {"type": "StaticCaseResult", "value": 1}},
    "target_directory": "d",
    "task_type": "resize",
    "thresh_value": 10,
    "url": "https://example.com/",
    "value": "a",
    "depends_on": "a",
    "variables_storing_secrets": ["A"],
    "vlm_output": '{"class_name": "a", "confidence": 1}',
    "zone": [[1, 1], [40, 1], [40, 40]],
    "line_counter_visualization@v1.zone": [[0, 0], [40, 40]],
    **dict.fromkeys(("x_center", "y_center", "width", "height"), 1),
    **dict.fromkeys(("offset_width", "offset_height"), 2),
}
"""A value for each parameter that has no default; some are for one block only."""

NUMBERS: tuple[Any, ...] = (-(2**63), -1, 0, 1, 2, 255, 32768, 2**31, 2**63 - 1, -1e308, 1e-308, 0.5, 1e9, 1e38, 1e308)
TEXTS: tuple[Any, ...] = ("", "x" * 5000, "\0", "🙂", "a\nb", "../..", "-1", "1e999")
LISTS: tuple[Any, ...] = (
    [],
    [[]],
    [None],
    [[0, 0], [1e6, 1e6], [1, 2]],
    [[0, 0], [1e308, 0]],
    ["red"] * 5000,
    [[1, 2]] * 3000,
    {"a": 1},
    {},
)
EXTREMES = (*NUMBERS, *TEXTS, *LISTS, True, None)


def things() -> Detections:
    """Detections with everything that blocks look at."""
    masks = np.zeros((3, 48, 64), bool)
    masks[:, 10:20, 10:20] = True
    points, names = np.empty(3, object), np.empty(3, object)
    for row in range(3):
        points[row], names[row] = np.array([[1.0, 2.0], [9.0, 9.0]]), strings(["a", "b"])
    columns = {"keypoints_xy": points, "keypoints_class_name": names}
    boxes = ((0, 0, 12, 10), (4, 5, 16, 15), (8, 10, 20, 20))
    return found(*boxes, mask=masks, tracker_id=np.array([1, 2, 3]), columns=columns)


def odd_things() -> Iterator[Detections]:
    """Detections that can come from outside, and hardly do."""
    usual = things()
    yield usual.select([])
    for far in (1e9, -1e9, 1e30):
        corners = usual.xyxy.copy()
        corners[0], corners[1], corners[2] = [0, 0, far, far], [-far, -far, far, far], [far, far, far + 1, far + 1]
        points = usual.columns["keypoints_xy"].copy()
        points[0] = np.array([[far, far], [-far, 1]])
        yield replace(usual, xyxy=corners, mask=None, columns={**usual.columns, "keypoints_xy": points})
    yield replace(usual, xyxy=usual.xyxy[:, [2, 3, 0, 1]])
    long = strings(["x" * 100_000, "", "a"])
    names = usual.columns["keypoints_class_name"].copy()
    names[0] = long[:2]
    yield replace(usual, class_name=long, columns={**usual.columns, "keypoints_class_name": names})
    yield replace(usual, tracker_id=None, mask=None, columns={})
    yield replace(usual, class_id=np.array([-1, 2**62, 5]), tracker_id=np.array([-1, 2**62, 5]))


def working(block: AnyBlock, folder: Path) -> Arguments:
    """Arguments with which a block works; what it asks the server for reaches nothing outside of `folder`."""
    resources = {
        "state": State(),
        "clock": lambda: datetime(2026, 1, 1, tzinfo=UTC),
        "folder": Folder(folder),
        "egress": Egress(SourcePolicy(offline=True)),
        "environment": ClosedEnvironment(),
        "muted": False,
    }
    given = {name: resources[name] for name in block.signature.resources}
    return given | {p.name: shaped(p, _working(block, p)) for p in block.signature.parameters.values()}


def shaped(parameter: Parameter, value: Any) -> Any:
    """A value, or a list with it where the block takes all of a batch or of a parent."""
    return [value] if parameter.shape in (Shape.BATCH, Shape.GATHERED) else value


def takes_detections(parameter: Parameter) -> bool:
    """Whether a parameter is a set of detections."""
    return not parameter.literal and not {OBJECTS, INSTANCES, KEYPOINTS}.isdisjoint(parameter.kinds)


def _working(block: AnyBlock, parameter: Parameter) -> Any:
    if "image" in parameter.kinds:
        return Image(picture().pixels, "image", video=frame(1).video)
    if takes_detections(parameter) or (block.type.endswith("property_definition@v1") and not parameter.literal):
        return things()
    if not parameter.literal and parameter.element_kinds:
        return [things(), things()]
    value = WORKING.get(f"{block.type.rpartition('/')[2]}.{parameter.name}", WORKING.get(parameter.name))
    return _taken(parameter, value) if parameter.required else parameter.default


def _taken(parameter: Parameter, value: Any) -> Any:
    """A value as the block wants it, of a list one member; ValueError when it does not fit."""
    return parameter.takes([value])[0] if parameter.shape is Shape.GATHERED else parameter.takes(value)


def extremes(parameter: Parameter) -> Iterator[Any]:
    """The most extreme values that a parameter takes."""
    if takes_detections(parameter):
        yield from odd_things()
    elif "image" in parameter.kinds:
        yield from (picture(1, 1), picture(5000, 1), picture(1, 5000))
    elif parameter.literal:
        for value in EXTREMES:
            try:
                yield _taken(parameter, value)
            except (ValueError, PenstockError):
                continue


def largest(parameter: Parameter) -> Iterator[Any]:
    """The largest number that a parameter takes, as far as one of a few is; nothing where it takes none."""
    if parameter.literal:
        for value in (1e308, 2**62, 10_000, 1000, 255, 100, 20, 1):
            try:
                yield _taken(parameter, value)
            except (ValueError, PenstockError):
                continue
            return

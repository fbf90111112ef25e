"""Draw keypoints."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.visualizations.supervision import (
    FARTHEST,
    CopyImage,
    Drawn,
    TextPadding,
    TextScale,
    TextThickness,
    Thickness,
    canvas,
    refuse_long,
)
from engine.block import block
from engine.color import Color, parse_color
from engine.errors import RuntimeInputError
from engine.kinds import Image, KeypointDetections
from engine.values.detections import Detections
from engine.values.image import Pixels
from engine.values.shape import Fixed

if TYPE_CHECKING:
    import supervision as sv

Form = Literal["edge", "vertex", "vertex_label"]

MAX_KEYPOINTS = 10_000


@block("roboflow_core/keypoint_visualization@v1", aliases=("KeypointVisualization",))
def keypoint_visualization(
    image: Image,
    predictions: KeypointDetections,
    copy_image: CopyImage = True,
    annotator_type: Fixed[Annotated[Form, Doc("Lines between the points, dots, or their names.")]] = "edge",
    color: Annotated[Color, Doc("#RRGGBB, a name, or three numbers.")] = "#A351FB",
    text_color: Annotated[Color, Doc("Of the names.")] = "black",
    text_scale: TextScale = 0.5,
    text_thickness: TextThickness = 1,
    text_padding: TextPadding = 10,
    thickness: Thickness = 2,
    radius: Annotated[int, Ge(1), Le(1000), Doc("Of the dots, in pixels.")] = 10,
    edges: Annotated[
        list[Any] | None,
        Doc(
            "Which points to connect: pairs of numbers, counted from 1. When not said, known skeletons are recognised, "
            "and the points of others are drawn as dots."
        ),
    ] = None,
) -> Drawn:
    """Draw the keypoints of detections."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    pixels, ink, pairs = canvas(image), sv.Color(*parse_color(color)), _pairs(edges)
    if annotator_type == "vertex_label":
        labeller = sv.VertexLabelAnnotator(
            color=ink,
            text_color=sv.Color(*parse_color(text_color)),
            text_scale=text_scale,
            text_thickness=text_thickness,
            text_padding=text_padding,
        )
        return {"image": image.redrawn(_labelled(pixels, predictions, labeller))}
    skeletons = _skeletons(predictions)
    dots = annotator_type == "vertex" or not (pairs or _are_known(skeletons))
    annotator = sv.VertexAnnotator(ink, radius) if dots else sv.EdgeAnnotator(ink, thickness, pairs)
    size = max((number for pair in pairs or () for number in pair), default=0)
    for points in skeletons:
        room = np.zeros((1, max(size, len(points)), 2), np.float32)
        room[0, : len(points)] = points
        pixels = annotator.annotate(pixels, sv.KeyPoints(room))
    return {"image": image.redrawn(pixels)}


def _pairs(edges: list[Any] | None) -> list[tuple[int, int]] | None:
    """The edges as pairs of whole numbers; RuntimeInputError when they are none."""
    if not edges:
        return None
    for edge in edges:
        good = isinstance(edge, list | tuple) and len(edge) == 2
        if not good or not all(isinstance(number, int) and 1 <= number <= MAX_KEYPOINTS for number in edge):
            raise RuntimeInputError(
                f"{edge!r} is no edge between two keypoints.",
                hint="Write edges as [[1, 2], [2, 3]], with the keypoints counted from 1.",
            )
    return [(first, second) for first, second in edges]


def _skeletons(found: Detections) -> list[npt.NDArray[np.float32]]:
    """The points of each detection, each at the index of its class and all of one length; (0, 0) is a point not found.

    Models leave out points that they are not sure of, and then the others must not move up.
    """
    if "keypoints_xy" not in found.columns:
        return []
    points = [_points(row) for row in found.columns["keypoints_xy"]]
    places = [np.arange(len(row)) for row in points]
    if "keypoints_class_id" in found.columns:
        ids = [[] if row is None else row for row in found.columns["keypoints_class_id"]]
        classes = [np.asarray(row, np.int64).reshape(-1) for row in ids]
        if all(_are_places(row, len(spots)) for row, spots in zip(classes, points, strict=True)):
            places = classes
    size = max((int(row.max()) + 1 for row in places if len(row)), default=0)
    skeletons = []
    for row, place in zip(points, places, strict=True):
        skeleton = np.zeros((size, 2), np.float32)
        skeleton[place] = row
        skeletons.append(skeleton)
    return skeletons


def _are_known(skeletons: list[npt.NDArray[np.float32]]) -> bool:
    """Whether supervision knows how the points are connected, by their number."""
    from supervision.key_points.skeletons import SKELETONS_BY_VERTEX_COUNT  # noqa: PLC0415 - heavy

    return all(len(points) in SKELETONS_BY_VERTEX_COUNT for points in skeletons)


def _points(row: Any) -> npt.NDArray[np.float32]:
    """The points of one detection, K x 2, none of them very far away."""
    return np.asarray([] if row is None else row, np.float32).reshape(-1, 2).clip(-FARTHEST, FARTHEST)


def _are_places(ids: npt.NDArray[np.int64], count: int) -> bool:
    in_range = bool(np.all((ids >= 0) & (ids < MAX_KEYPOINTS)))
    return len(ids) == count == len(np.unique(ids)) and in_range


def _names(names: Any, count: int) -> list[str]:
    """The names of so many points of one detection, or the numbers of those that have none."""
    given = [] if names is None else [str(name) for name in names[:count]]
    return given + [str(number) for number in range(len(given), count)]


def _labelled(pixels: Pixels, found: Detections, labeller: sv.VertexLabelAnnotator) -> Pixels:
    """Pixels with the names of the keypoints on them, or their numbers where they have no names."""
    import supervision as sv  # noqa: PLC0415 - heavy, and only drawing needs it

    if "keypoints_xy" not in found.columns:
        return pixels
    rows = [_points(row) for row in found.columns["keypoints_xy"]]
    named = found.columns.get("keypoints_class_name", [None] * len(rows))
    labels = [_names(names, len(points)) for names, points in zip(named, rows, strict=True)]
    refuse_long(chain.from_iterable(labels), labeller.text_scale)
    for points, names in zip(rows, labels, strict=True):
        if len(points):
            pixels = labeller.annotate(pixels, sv.KeyPoints(points[None]), names)
    return pixels

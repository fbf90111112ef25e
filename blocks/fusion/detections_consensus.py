"""Let several detectors vote on what a picture shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypedDict

import numpy as np
from annotated_types import Ge
from typing_extensions import Doc

from blocks.fusion.joining import joined, refuse_many
from blocks.fusion.merging import Aggregation, MaskAggregation, aggregated, merged_rows
from engine.block import block
from engine.errors import RuntimeInputError
from engine.kinds import AnyDetections, BoxesOrMasks, Kinds, ZeroToOne
from engine.values.detections import Boxes, Detections
from engine.values.frame import Frame
from engine.values.shape import Fixed, Wired

RequiredObjects = Annotated[int | dict[str, int] | None, Kinds("integer", "dictionary")]
"""How many objects, or how many of each class."""
ANY_OBJECT = "any_object"
MAX_ROWS = 10_000
"""Of all sources together; to compare them takes seconds."""


class Consensus(TypedDict):
    """What enough sources agree on, whether that is enough, and how sure they are: by class, or of any object."""

    predictions: BoxesOrMasks
    object_present: Annotated[bool, Kinds("boolean", "dictionary")]
    presence_confidence: Annotated[dict[str, float], Kinds("dictionary", "float_zero_to_one")]


@block("roboflow_core/detections_consensus@v1", aliases=("DetectionsConsensus",))
def detections_consensus(
    predictions_batches: Annotated[Wired[list[AnyDetections]], Doc("What each detector found in the same picture.")],
    required_votes: Annotated[int, Ge(1), Doc("How many detectors have to find an object.")],
    class_aware: Annotated[bool, Doc("Whether they have to agree on its class too.")] = True,
    iou_threshold: Annotated[ZeroToOne, Doc("Boxes that overlap more than this show one object.")] = 0.3,
    confidence: Annotated[ZeroToOne, Doc("Drop what they together are less sure of than this.")] = 0.0,
    classes_to_consider: Annotated[list[str] | None, Doc("Names of the classes to look at; all when empty.")] = None,
    required_objects: Annotated[RequiredObjects, Doc("How many objects, in all or of each class, are enough.")] = None,
    presence_confidence_aggregation: Fixed[Aggregation] = "max",
    detections_merge_confidence_aggregation: Fixed[Aggregation] = "average",
    detections_merge_coordinates_aggregation: Fixed[Aggregation] = "average",
    detections_merge_mask_aggregation: Fixed[MaskAggregation] = "union",
) -> Consensus:
    """Keep what several detectors agree on, each object once."""
    sources = [_considered(source, classes_to_consider) for source in predictions_batches]
    found, source_of = _together(sources)
    groups = list(_agreements(found, source_of, required_votes, iou_threshold, class_aware))
    merged = merged_rows(
        found,
        groups,
        detections_merge_confidence_aggregation,
        detections_merge_coordinates_aggregation,
        detections_merge_mask_aggregation,
    )
    merged = merged.select(merged.confidence >= confidence)
    presence = _presence(merged, class_aware, required_objects, presence_confidence_aggregation)
    return {"predictions": merged, "object_present": bool(presence), "presence_confidence": presence}


def _considered(source: Detections, classes: Sequence[str] | None) -> Detections:
    if not classes:
        return source
    wanted = set(classes)
    return source.select([row for row, name in enumerate(source.class_name) if name in wanted])


def _together(sources: Sequence[Detections]) -> tuple[Detections, list[int]]:
    """All detections as one set, and the number of the source of each."""
    if not sources:
        raise RuntimeInputError("A consensus needs the detections of at least one source.")
    frames = [source.frame for source in sources if len(source)] or [sources[0].frame]
    other = next((frame for frame in frames if _identity(frame) != _identity(frames[0])), None)
    if other is not None:
        raise RuntimeInputError(
            "The sources of a consensus looked at different pictures: "
            f"{' and '.join('{!r} of {} x {} pixels'.format(*_identity(frame)) for frame in (frames[0], other))}.",
            hint="Wire detectors that all look at the same picture.",
        )
    refuse_many(sources, MAX_ROWS)
    return joined(frames[0], sources), [number for number, source in enumerate(sources) for _ in range(len(source))]


def _identity(frame: Frame) -> tuple[str, int, int]:
    return frame.id, frame.width, frame.height


def _agreements(
    found: Detections, source_of: Sequence[int], votes: int, iou_threshold: float, class_aware: bool
) -> Iterator[list[int]]:
    """Groups of rows that show one object, one row a source, where there are enough; each row is in one at most."""
    numbers, seen = np.array(source_of, np.int64), np.zeros(len(found), bool)
    known = {name: number for number, name in enumerate(dict.fromkeys(found.class_name))}
    classes = np.array([known[name] for name in found.class_name], np.int64)
    for row in range(len(found)):
        if seen[row]:
            continue
        overlaps = _overlaps(found.xyxy[row], found.xyxy)
        fits = (overlaps > iou_threshold) & ~seen & (numbers != numbers[row])
        if class_aware:
            fits &= classes == classes[row]
        partners = np.flatnonzero(fits)
        partners = partners[np.argsort(-overlaps[partners], kind="stable")]
        _, best = np.unique(numbers[partners], return_index=True)
        group = [row, *partners[best].tolist()]
        if len(group) >= votes:
            seen[group] = True
            yield group


def _overlaps(box: Boxes, boxes: Boxes) -> Boxes:
    """Intersection over union of a box with others; 0 where neither has an area."""
    shared = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - shared
    overlaps: Boxes = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return overlaps


def _presence(found: Detections, class_aware: bool, required: Any, aggregation: Aggregation) -> dict[str, float]:
    """How sure the sources are of each class that they see, or of any object; empty when they see too few."""
    names = found.class_name.tolist() if class_aware else [ANY_OBJECT] * len(found)
    confidences: defaultdict[str, list[float]] = defaultdict(list)
    for name, confidence in zip(names, found.confidence.tolist(), strict=True):
        confidences[name].append(confidence)
    if isinstance(required, dict) and class_aware:
        enough = all(len(confidences.get(name, ())) >= count for name, count in required.items())
    else:
        count = sum(required.values()) if isinstance(required, dict) else required or 0
        enough = len(names) >= count
    return {name: aggregated(aggregation, values) for name, values in confidences.items()} if enough else {}

"""ByteTrack: who is who from frame to frame, by overlap with where each was expected.

After Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box" (2022): sure detections are
matched first, then the unsure ones keep alive what nothing sure was found for, since a thing that is half hidden
scores low but does not move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from blocks.trackers import kalman
from blocks.trackers.kalman import Floats

Indices = npt.NDArray[np.intp]

LOWEST_CONFIDENCE = 0.1
"""Detections below are no use to anybody."""
BIRTH_MARGIN = 0.1
"""How far above the activation threshold a detection must be to begin a track."""
UNSURE_MATCH = 0.5
"""The largest distance between a track and an unsure detection."""
UNCONFIRMED_MATCH = 0.7
"""The largest distance between a track that does not count yet and its detection."""
TWIN_OVERLAP = 0.85
"""Two tracks that overlap more are one thing."""
MAX_TRACKS = 4096
UNCONFIRMED = 0
"""The id of a track that has not been seen often enough."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a frame is tracked; may differ from frame to frame.

    Attributes:
        activation: confidence above which a detection is sure.
        patience: for how many frames a lost track is remembered.
        match: the largest distance (1 - overlap x confidence) between a track and its detection.
        confirm: how often in a row a track must be found again before it counts.
    """

    activation: float
    patience: int
    match: float
    confirm: int


class ByteTrack:
    """Follows the things of one video; one call of `update` a frame, also for frames in which nothing was found."""

    def __init__(self) -> None:
        self._frame = 0
        self._last_id = 0
        self._means: Floats = np.zeros((0, 8))
        self._covariances: Floats = np.zeros((0, 8, 8))
        self._ids = np.zeros(0, np.int64)
        self._hits = np.zeros(0, np.int64)
        self._born = np.zeros(0, np.int64)
        self._seen = np.zeros(0, np.int64)

    def update(
        self, xyxy: npt.NDArray[np.float32], confidence: npt.NDArray[np.float32], settings: Settings
    ) -> npt.NDArray[np.int64]:
        """The track id of each detection, from 1 on; `UNCONFIRMED` for one that belongs to no track that counts."""
        self._frame += 1
        self._predict()
        sure = np.flatnonzero(confidence > settings.activation)
        unsure = np.flatnonzero((confidence > LOWEST_CONFIDENCE) & (confidence <= settings.activation))
        confirmed = np.flatnonzero(self._ids != UNCONFIRMED)
        unconfirmed = np.flatnonzero(self._ids == UNCONFIRMED)

        tracks, rows, confirmed, sure = self._match(confirmed, sure, xyxy, confidence, settings.match)
        present = confirmed[self._seen[confirmed] == self._frame - 1]
        more_tracks, more_rows, _, _ = self._match(present, unsure, xyxy, None, UNSURE_MATCH)
        new_tracks, new_rows, unconfirmed, sure = self._match(unconfirmed, sure, xyxy, confidence, UNCONFIRMED_MATCH)
        tracks = np.concatenate([tracks, more_tracks, new_tracks])
        rows = np.concatenate([rows, more_rows, new_rows])

        self._correct(tracks, xyxy[rows], settings)
        ids = np.zeros(len(xyxy), np.int64)
        ids[rows] = self._ids[tracks]
        births = sure[confidence[sure] >= min(settings.activation + BIRTH_MARGIN, 1.0)]
        self._forget(unconfirmed, settings)
        ids[births] = self._begin(xyxy[births], settings)
        return ids

    def _predict(self) -> None:
        lost = self._seen < self._frame - 1
        self._means[lost, 7] = 0
        self._means, self._covariances = kalman.predict(self._means, self._covariances)

    def _match(
        self,
        tracks: Indices,
        rows: Indices,
        xyxy: npt.NDArray[np.float32],
        confidence: npt.NDArray[np.float32] | None,
        limit: float,
    ) -> tuple[Indices, Indices, Indices, Indices]:
        """Pairs of tracks and detections, then the tracks and the detections that are left."""
        from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy

        likeness = overlaps(kalman.boxes(self._means[tracks]), xyxy[rows].astype(np.float64))
        if confidence is not None:
            likeness = likeness * confidence[rows]
        distance = 1 - likeness
        first, second = linear_sum_assignment(np.where(distance <= limit, distance, limit + 1e-4))
        good = distance[first, second] <= limit
        first, second = first[good], second[good]
        return tracks[first], rows[second], np.delete(tracks, first), np.delete(rows, second)

    def _correct(self, tracks: Indices, xyxy: npt.NDArray[np.float32], settings: Settings) -> None:
        self._means[tracks], self._covariances[tracks] = kalman.correct(
            self._means[tracks], self._covariances[tracks], kalman.measurements(xyxy)
        )
        self._hits[tracks] += 1
        self._seen[tracks] = self._frame
        for track in tracks:
            if self._ids[track] == UNCONFIRMED and self._hits[track] >= settings.confirm:
                self._ids[track] = self._next_id()

    def _forget(self, missed: Indices, settings: Settings) -> None:
        """Drop tracks that were not confirmed, those lost for too long, and the younger of twins."""
        keep = self._frame - self._seen <= settings.patience
        keep[missed] = False
        lost, found = np.flatnonzero(self._seen < self._frame), np.flatnonzero(self._seen == self._frame)
        shapes = kalman.boxes(self._means)
        for one, other in np.argwhere(overlaps(shapes[lost], shapes[found]) > TWIN_OVERLAP):
            lost_age = self._seen[lost[one]] - self._born[lost[one]]
            found_age = self._seen[found[other]] - self._born[found[other]]
            keep[lost[one] if found_age >= lost_age else found[other]] = False
        if keep.sum() > MAX_TRACKS:
            newest = np.argsort(-self._seen, kind="stable")
            keep[newest[keep[newest]][MAX_TRACKS:]] = False
        self._means, self._covariances = self._means[keep], self._covariances[keep]
        self._ids, self._hits = self._ids[keep], self._hits[keep]
        self._born, self._seen = self._born[keep], self._seen[keep]

    def _begin(self, xyxy: npt.NDArray[np.float32], settings: Settings) -> npt.NDArray[np.int64]:
        """Tracks for detections that belong to none; they count at once in the first frame of a video."""
        means, covariances = kalman.start(kalman.measurements(xyxy))
        at_once = self._frame == 1 and settings.confirm <= 1
        ids = np.array([self._next_id() if at_once else UNCONFIRMED for _ in xyxy], np.int64)
        self._means = np.concatenate([self._means, means])
        self._covariances = np.concatenate([self._covariances, covariances])
        self._ids = np.concatenate([self._ids, ids])
        self._hits = np.concatenate([self._hits, np.zeros(len(xyxy), np.int64)])
        now = np.full(len(xyxy), self._frame, np.int64)
        self._born = np.concatenate([self._born, now])
        self._seen = np.concatenate([self._seen, now])
        return ids

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


def overlaps(first: Floats, second: Floats) -> Floats:
    """Intersection over union of every box of `first` with every box of `second`."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(opposite - corner, 0), axis=2)
    areas = [np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - shared
    result: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return result

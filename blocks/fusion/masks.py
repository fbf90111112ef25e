"""Masks of one class that overlap: which of them stay, and which are one. As supervision has it, in less time and room.

Masks are compared 64 pixels at a time, and only where they can meet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.errors import RuntimeInputError

WORD = 64
MAX_WORK = 4e9
"""Words that are compared, if each mask meets all others; they take seconds."""
Packed = npt.NDArray[np.uint64]
"""Height x width / 64, a bit per pixel; the last bits of a row belong to none."""
Rows = npt.NDArray[np.intp]


class Masks:
    """The masks of detections, of which only those of one class are compared.

    Args:
        mask: N x height x width.
        confidence: N.
        class_id: N.

    Raises:
        RuntimeInputError: comparing them would take too long.
    """

    def __init__(
        self, mask: npt.NDArray[np.bool_], confidence: npt.NDArray[np.float32], class_id: npt.NDArray[np.int64]
    ) -> None:
        self._packed = _packed(mask)
        self._areas = np.array([_area(packed) for packed in self._packed], np.float32)
        self._windows = np.array([_window(packed) for packed in self._packed], np.intp).reshape(-1, 4)
        tops, bottoms, lefts, rights = self._windows.T
        if len(mask) * ((bottoms - tops) * (rights - lefts)).sum() > MAX_WORK:
            raise RuntimeInputError(
                f"{len(mask)} masks as large as these take too long to compare with each other.",
                hint="Ask the model for less, or give it smaller pictures.",
            )
        self._class_id = class_id
        self._rising = confidence.astype(np.float64).argsort()

    def surest(self, iou_threshold: float) -> Rows:
        """The rows that overlap with no surer one that stays by more than the threshold, in the order given."""
        left, kept = self._rising, []
        while len(left):
            best, left = left[-1], left[:-1]
            kept.append(best)
            twins = left[self._class_id[left] == self._class_id[best]]
            gone = twins[self._overlaps(self._packed[best], twins) > iou_threshold]
            left = left[~np.isin(left, gone)]
        return np.sort(np.array(kept, np.intp))

    def groups(self, iou_threshold: float) -> Iterator[list[int]]:
        """Rows that are one, the surest of them first: each overlaps with those before it, taken together."""
        for class_id in np.unique(self._class_id):
            left = self._rising[self._class_id[self._rising] == class_id]
            while len(left):
                group, whole, left = [int(left[-1])], self._packed[left[-1]], left[:-1]
                while (near := self._overlaps(whole, left) >= iou_threshold).any():
                    whole = whole | np.bitwise_or.reduce(self._packed[left[near]])
                    group += left[near][::-1].tolist()
                    left = left[~near]
                yield group

    def _overlaps(self, one: Packed, rows: Rows) -> npt.NDArray[np.float64]:
        """Intersection over union of one mask with those of some rows; in single precision, as supervision has it."""
        top, bottom, left, right = _window(one)
        tops, bottoms, lefts, rights = self._windows[rows].T
        meet = (tops < bottom) & (bottoms > top) & (lefts < right) & (rights > left)
        shared = np.zeros(len(rows), np.float32)
        parts = self._packed[rows[meet], top:bottom, left:right] & one[top:bottom, left:right]
        shared[meet] = np.bitwise_count(parts).sum(axis=(1, 2), dtype=np.int64)
        union = self._areas[rows] + np.float32(_area(one)) - shared
        ratio: npt.NDArray[np.float32] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
        return ratio.astype(np.float64)


def _packed(mask: npt.NDArray[np.bool_]) -> Packed:
    """Masks, N x height x width, as N x height x words."""
    count, height, width = mask.shape
    bits = np.zeros((count, height, -(-width // WORD) * WORD // 8), np.uint8)
    bits[:, :, : -(-width // 8)] = np.packbits(mask, axis=2)
    return bits.view(np.uint64)


def _area(packed: Packed) -> int:
    """The pixels of a mask."""
    return int(np.bitwise_count(packed).sum(dtype=np.int64))


def _window(packed: Packed) -> tuple[int, int, int, int]:
    """The first row that a mask touches, the row after the last one, and the same for its columns of words."""
    rows, columns = np.flatnonzero(packed.any(axis=1)), np.flatnonzero(packed.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1

"""What models predict, and what a detector may be asked to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """What a detector found in one picture, by falling confidence. N may be 0.

    Attributes:
        xyxy: N x 4 float32: left, top, right, bottom in pixels.
        confidence: N float32, 0..1.
        class_id: N int64.
    """

    xyxy: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.xyxy)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How much a classifier believes in each class: `values` are C float32, 0..1."""

    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DetectionOptions:
    """Which detections to keep.

    Attributes:
        confidence: keep what is surer than this, 0..1.
        iou_threshold: of two boxes of a class whose intersection over union is more than this, the less sure one goes.
        max_detections: keep at most so many.
        max_candidates: only the surest so many go into the comparison of boxes.
        class_agnostic: compare boxes of different classes too.
    """

    confidence: float = 0.4
    iou_threshold: float = 0.3
    max_detections: int = 300
    max_candidates: int = 3000
    class_agnostic: bool = False

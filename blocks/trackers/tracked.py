"""What blocks that need tracked detections ask of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import RuntimeInputError
from engine.values.detections import Detections

MAX_TRACKS = 16384
"""How many tracks of a video blocks remember; those seen least recently are forgotten first."""


def tracker_ids(detections: Detections) -> npt.NDArray[np.int64]:
    """The track of each detection; RuntimeInputError when there are detections and nobody tracked them."""
    if detections.tracker_id is not None:
        return detections.tracker_id
    if len(detections):
        raise RuntimeInputError(
            "These detections are not tracked: they have no tracker_id.",
            hint="Put a tracker, such as roboflow_core/byte_tracker@v3, before this step.",
        )
    return np.zeros(0, np.int64)

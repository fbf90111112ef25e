"""What the tests of detectors share: outputs with anything in them, and what must be true of any boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.prediction import Boxes, DetectionOptions

OPTIONS = st.builds(
    DetectionOptions,
    confidence=st.sampled_from([0.0, 0.4, 0.9]),
    iou_threshold=st.sampled_from([0.0, 0.3, 1.0]),
    max_detections=st.integers(0, 5),
    max_candidates=st.integers(0, 8),
    class_agnostic=st.booleans(),
)


def outputs(*shape: int) -> st.SearchStrategy[npt.NDArray[np.float32]]:
    """Tensors of any numbers, with no numbers and infinities among them."""
    numbers = st.one_of(
        st.floats(0, 1, width=32),
        st.floats(width=32),
        st.sampled_from([np.nan, np.inf, -np.inf, 3e38, -3e38]),
    )
    return arrays(np.float32, shape, elements=numbers, fill=st.just(0.5))


def check(found: Boxes, options: DetectionOptions) -> None:
    """What holds for the boxes of one picture, whatever the network says."""
    assert found.xyxy.shape == (len(found), 4)
    assert found.xyxy.dtype == np.float32
    assert found.confidence.dtype == np.float32
    assert found.class_id.dtype == np.int64
    assert len(found) == len(found.confidence) == len(found.class_id)
    assert len(found) <= min(options.max_detections, options.max_candidates)
    assert np.isfinite(found.xyxy).all()
    assert (found.xyxy[:, :2] <= found.xyxy[:, 2:]).all()
    assert (found.confidence > options.confidence).all()
    assert np.isfinite(found.confidence).all()
    assert (np.diff(found.confidence) <= 0).all()
    assert (found.class_id >= 0).all()

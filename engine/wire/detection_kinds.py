"""The kinds of sets of detections, and what is different about each of them on the wire."""

from __future__ import annotations

from typing import NamedTuple

from engine.kinds import INSTANCES, KEYPOINTS, OBJECTS, RLE_INSTANCES


class DetectionKind(NamedTuple):
    """One kind.

    Attributes:
        prediction_type: what a set from outside is when it does not say that itself.
        rle: whether masks are written as run lengths rather than as outlines; both are read.
    """

    prediction_type: str
    rle: bool = False


DETECTION_KINDS = {
    OBJECTS: DetectionKind("object-detection"),
    INSTANCES: DetectionKind("instance-segmentation"),
    KEYPOINTS: DetectionKind("keypoint-detection"),
    RLE_INSTANCES: DetectionKind("instance-segmentation", rle=True),
    "semantic_segmentation_prediction": DetectionKind("semantic-segmentation", rle=True),
    "qr_code_detection": DetectionKind("qrcode-detection"),
    "bar_code_detection": DetectionKind("barcode-detection"),
}

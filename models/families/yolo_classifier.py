"""YOLO classifiers as Ultralytics exports them, with the softmax in the graph: the output, N x classes, are scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.families import ultralytics
from models.families.family import Classifier, Recognition, head, image_input
from models.manifest import Preprocessing
from models.prediction import Scores
from models.session import Signature, Tensor


def _recognise(signature: Signature) -> Recognition | None:
    port = image_input(signature)
    classes = ultralytics.class_names(signature.metadata)
    if port is None or classes is None or signature.metadata.get("task") != "classify":
        return None
    if not signature.outputs or signature.outputs[0].shape[1:] != (len(classes),):
        return None
    height, width = ultralytics.open_size(signature.metadata, port)
    return Recognition(FAMILY.name, len(classes), classes, Preprocessing(height=height, width=width, resize="crop"))


def _decode(outputs: Sequence[Tensor]) -> list[Scores]:
    values = np.nan_to_num(head(outputs, None, None), nan=0, posinf=1, neginf=0).clip(0, 1)
    return [Scores(row) for row in values.astype(np.float32, copy=False)]


FAMILY = Classifier("yolo_classifier", _recognise, _decode)

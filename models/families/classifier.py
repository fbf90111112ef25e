"""Image classifiers in the manner of ImageNet: logits out, of which the softmax makes scores.

Output: N x classes, or N x classes x 1 x 1. Preprocessing is that of torchvision's and the ONNX model zoo's networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import ModelNotRecognisedError
from models.families.family import Classifier, Recognition, bare_shapes
from models.manifest import Preprocessing
from models.prediction import Scores
from models.session import Signature, Tensor

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
PREPROCESSING = Preprocessing(resize="crop", mean=MEAN, std=DEVIATION)
SUM_TOLERANCE = 1e-3
FURTHEST = 1e30
"""In place of infinite logits, which have no softmax."""


def _recognise(signature: Signature) -> Recognition | None:
    match bare_shapes(signature):
        case (_, _, (_, int(count)) | (_, int(count), 1, 1)) if count > 1:
            return Recognition(FAMILY.name, count, None, PREPROCESSING)
    return None


def _check(output: Tensor) -> None:
    """After a softmax in the graph, a second one would make all classes alike."""
    scores = output.reshape(len(output), -1)
    if (scores >= 0).all() and (np.abs(scores.sum(axis=1) - 1) < SUM_TOLERANCE).all():
        raise ModelNotRecognisedError(
            "The graph gives scores that sum to 1, where this family gives logits.",
            hint="Export it without the softmax at its end.",
        )


def _decode(outputs: Sequence[Tensor]) -> list[Scores]:
    logits = outputs[0].reshape(len(outputs[0]), -1).astype(np.float64)
    logits = np.nan_to_num(logits, nan=-FURTHEST, posinf=FURTHEST, neginf=-FURTHEST)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    values = powers / powers.sum(axis=1, keepdims=True)
    return [Scores(row) for row in values.astype(np.float32)]


FAMILY = Classifier("classifier", _recognise, _decode, check=_check)

"""The floor: decode, resize, session.run, decode boxes, NMS, in a bare loop with nothing around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.session import OrtSession

CONFIDENCE = 0.4
OVERLAP = 0.3


@dataclass(frozen=True)
class Floor:
    """A model and all that a loop over it needs."""

    session: OrtSession
    name: str
    size: int
    bgr: bool

    @classmethod
    def of(cls, weights: Path, size: int, *, bgr: bool) -> Floor:
        """Over the same session settings that the server uses."""
        session = OrtSession(weights)
        return cls(session, session.signature.inputs[0].name, size, bgr)

    def fastestdet(self, data: bytes) -> int:
        """One picture through FastestDet; how many objects it shows."""
        output = self._run(data)[0]
        objectness, boxes, classes = output[0], output[1:5], output[5:]
        best = classes.max(axis=0)
        scores = np.power(np.maximum(objectness, 0), 0.6) * np.power(np.maximum(best, 0), 0.4)
        rows, columns = np.nonzero(scores > CONFIDENCE)
        cx = (columns + np.tanh(boxes[0, rows, columns])) / output.shape[2]
        cy = (rows + np.tanh(boxes[1, rows, columns])) / output.shape[1]
        w, h = 1 / (1 + np.exp(-boxes[2:4, rows, columns]))
        return self._count(
            cx - w / 2, cy - h / 2, w, h, scores[rows, columns], classes[:, rows, columns].argmax(axis=0)
        )

    def yolo(self, data: bytes) -> int:
        """One picture through a v8-style head; how many objects it shows."""
        output = self._run(data)[0]
        best = output[4:].max(axis=0)
        kept = np.nonzero(best > CONFIDENCE)[0]
        cx, cy, w, h = output[:4, kept]
        return self._count(cx - w / 2, cy - h / 2, w, h, best[kept], output[4:, kept].argmax(axis=0))

    def _run(self, data: bytes) -> npt.NDArray[np.float32]:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        blob = cv2.dnn.blobFromImage(pixels, 1 / 255, (self.size, self.size), swapRB=not self.bgr)
        output: npt.NDArray[np.float32] = self.session.run({self.name: blob})[0]
        return output

    @staticmethod
    def _count(x: Any, y: Any, w: Any, h: Any, scores: Any, classes: Any) -> int:
        if not len(scores):
            return 0
        boxes = np.stack([x, y, w, h], axis=1).astype(float)
        return len(cv2.dnn.NMSBoxesBatched(boxes.tolist(), scores.tolist(), classes.tolist(), CONFIDENCE, OVERLAP))

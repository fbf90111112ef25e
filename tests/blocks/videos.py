"""Frames of videos that the tests of blocks with a memory share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from tests.blocks.samples import found

START = datetime(2026, 1, 1, tzinfo=UTC)


def frame(number: int, source: str = "camera", *, fps: float | None = 10.0, from_file: bool | None = None) -> Image:
    """A black frame of a video that was taken at ten frames a second."""
    moment = VideoMoment(source, number, START + timedelta(seconds=number / 10), fps, None, from_file)
    return Image(np.zeros((48, 64, 3), np.uint8), f"{source}.{number}", video=moment)


def tracked(boxes: dict[int, tuple[float, float, float, float]], **columns: Any) -> Detections:
    """One detection a track."""
    return found(*boxes.values(), tracker_id=np.array(list(boxes), np.int64), **columns)


def box_at(x: float, y: float, size: float = 4) -> tuple[float, float, float, float]:
    """A square around a point."""
    return x - size / 2, y - size / 2, x + size / 2, y + size / 2


def interleaved(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    """The members of both in turn."""
    return [item for pair in zip(first, second, strict=True) for item in pair]

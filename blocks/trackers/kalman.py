"""Where boxes will be: a Kalman filter of constant velocity for many boxes at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POSITION_NOISE = 1 / 20
"""Standard deviation of a place, as a part of the height of the box."""
VELOCITY_NOISE = 1 / 160
"""Standard deviation of a velocity, as a part of the height of the box a frame."""
ASPECT_NOISE = 1e-2
ASPECT_VELOCITY_NOISE = 1e-5
MEASURED_ASPECT_NOISE = 1e-1

MOTION = np.eye(8) + np.eye(8, k=4)
MEASURED = 4
"""How many members of a state are measured: centre x, centre y, width / height, height. Their velocities follow."""


def measurements(xyxy: npt.NDArray[np.floating]) -> Floats:
    """Boxes as the filter measures them: N x 4 of centre x, centre y, width / height, height."""
    boxes = xyxy.astype(np.float64)
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3)
    return np.column_stack([(boxes[:, :2] + boxes[:, 2:]) / 2, sizes[:, 0] / sizes[:, 1], sizes[:, 1]])


def boxes(means: Floats) -> Floats:
    """States as N x 4 boxes of left, top, right, bottom."""
    half = np.column_stack([means[:, 2] * means[:, 3], means[:, 3]]) / 2
    return np.hstack([means[:, :2] - half, means[:, :2] + half])


def start(measured: Floats) -> tuple[Floats, Floats]:
    """The means (N x 8) and covariances (N x 8 x 8) of boxes that are seen for the first time."""
    means = np.hstack([measured, np.zeros_like(measured)])
    deviations = _deviations(measured[:, 3], 2 * POSITION_NOISE, ASPECT_NOISE, 10 * VELOCITY_NOISE)
    return means, _diagonals(deviations**2)


def predict(means: Floats, covariances: Floats) -> tuple[Floats, Floats]:
    """The states one frame later."""
    noise = _diagonals(_deviations(means[:, 3], POSITION_NOISE, ASPECT_NOISE, VELOCITY_NOISE) ** 2)
    return means @ MOTION.T, MOTION @ covariances @ MOTION.T + noise


def correct(means: Floats, covariances: Floats, measured: Floats) -> tuple[Floats, Floats]:
    """The states after their boxes were seen."""
    deviations = _deviations(means[:, 3], POSITION_NOISE, MEASURED_ASPECT_NOISE, 0)[:, :MEASURED]
    projected = covariances[:, :MEASURED, :MEASURED] + _diagonals(deviations**2)
    gain = np.linalg.solve(projected, covariances[:, :MEASURED, :]).transpose(0, 2, 1)
    innovation = measured - means[:, :MEASURED]
    corrected = means + (gain @ innovation[:, :, None])[:, :, 0]
    return corrected, covariances - gain @ projected @ gain.transpose(0, 2, 1)


def _deviations(heights: Floats, position: float, aspect: float, velocity: float) -> Floats:
    """Standard deviations of the eight members, N x 8."""
    heights = np.abs(heights)
    place, speed = position * heights, velocity * heights
    same = np.ones_like(heights)
    columns = [place, place, aspect * same, place, speed, speed, ASPECT_VELOCITY_NOISE * same, speed]
    return np.column_stack(columns)


def _diagonals(values: Floats) -> Floats:
    return values[:, :, None] * np.eye(values.shape[1])

"""Masks that overlap: the same ones stay, and the same ones are one, as supervision says."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv

from blocks.fusion.masks import Masks
from engine.errors import RuntimeInputError

Random = tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32], npt.NDArray[np.int64]]


def random_masks(seed: int, count: int = 60, width: int = 150, height: int = 90) -> Random:
    """Masks of two classes, some of them torn, some empty; with their confidences and classes."""
    random = np.random.default_rng(seed)
    masks = np.zeros((count, height, width), bool)
    for mask in masks[: count - 2]:
        x, y = random.integers(0, width - 20), random.integers(0, height - 20)
        mask[y : y + random.integers(5, 40), x : x + random.integers(5, 40)] = True
        np.logical_and(mask, random.random((height, width)) < 0.9, out=mask)
        mask[random.integers(height), random.integers(width)] = True
    return masks, random.uniform(0, 1, count).astype(np.float32), random.integers(0, 2, count)


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_same_ones_as_in_supervision(seed: int, threshold: float) -> None:
    mask, confidence, class_id = random_masks(seed)
    table = np.column_stack([np.zeros((len(mask), 4)), confidence, class_id])
    stay = np.flatnonzero(sv.mask_non_max_suppression(table, mask, threshold))
    assert Masks(mask, confidence, class_id).surest(threshold).tolist() == stay.tolist()
    groups = sv.mask_non_max_merge(table, mask, threshold)
    assert list(Masks(mask, confidence, class_id).groups(threshold)) == groups


def test_none() -> None:
    none = Masks(np.zeros((0, 9, 9), bool), np.zeros(0, np.float32), np.zeros(0, np.int64))
    assert none.surest(0.3).tolist() == []
    assert list(none.groups(0.3)) == []


def test_many_are_compared_in_no_time() -> None:
    found = random_masks(0, 400, 640, 640)
    started = time.process_time()
    Masks(*found).surest(0.3)
    list(Masks(*found).groups(0.3))
    assert time.process_time() - started < 3


def test_too_many_are_refused() -> None:
    whole = np.ones((1000, 500, 640), bool)
    with pytest.raises(RuntimeInputError, match="1000 masks"):
        Masks(whole, np.ones(1000, np.float32), np.zeros(1000, np.int64))

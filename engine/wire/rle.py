"""Masks as run lengths in COCO's compressed text."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
"""Height x width."""
Numbers = npt.NDArray[np.int64]

ZERO = 48
PAYLOAD, SIGN, MORE = 31, 16, 32
BITS = 5
MAX_DIGITS = 7
"""Of one number; enough for the difference of two runs of up to 2**33 pixels."""


def write_rle(mask: Mask) -> str:
    """A mask as the lengths of its runs, column by column from the left and each downwards, unset pixels first.

    From the fourth run on, a run is written as its difference to the last but one, since neighbouring columns are
    alike. A number is written as digits of 5 bits in two's complement, the lowest first, each as the character of its
    value plus 48; all but the last digit have 32 added.
    """
    runs = _runs(mask)
    numbers = runs.copy()
    numbers[3:] -= runs[1:-2]
    shifted = numbers[:, None] >> (BITS * np.arange(MAX_DIGITS))
    digits, rest = shifted & PAYLOAD, shifted >> BITS
    more = np.where(digits & SIGN, rest != -1, rest != 0)
    written = np.ones(more.shape, np.bool_)
    written[:, 1:] = more[:, :-1]
    characters = digits + MORE * more + ZERO
    text: bytes = characters[written].astype(np.uint8).tobytes()
    return text.decode("ascii")


def read_rle(text: str, width: int, height: int) -> Mask:
    """The mask of width x height pixels behind a text that `write_rle` or COCO's tools wrote.

    Raises:
        ValueError: the text is malformed or does not cover the mask exactly; found before the mask is made.
    """
    if len(text) > MAX_DIGITS * (width * height + 2):
        raise ValueError("it has more runs than the mask has pixels")
    runs = _numbers(text)
    np.cumsum(runs[1::2], out=runs[1::2])
    np.cumsum(runs[2::2], out=runs[2::2])
    # Runs are checked one by one before they are added up, so that the sum cannot overflow.
    if np.any((runs < 0) | (runs > width * height)):
        raise ValueError("a run is negative, or longer than the mask")
    covered = int(runs.sum())
    if covered != width * height:
        raise ValueError(f"its runs cover {covered} pixels of {width} x {height}")
    flags = np.zeros(len(runs), np.bool_)
    flags[1::2] = True
    columns = np.repeat(flags, runs).reshape(width, height)
    return cv2.transpose(columns.view(np.uint8)).view(np.bool_) if columns.size else columns.T


def _runs(mask: Mask) -> Numbers:
    """The lengths of the runs of a mask, column by column, the first one of unset pixels and perhaps 0."""
    if mask.size == 0:
        return np.zeros(1, np.int64)
    flat = cv2.transpose(np.ascontiguousarray(mask).view(np.uint8)).reshape(-1)
    borders = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate(([0], borders, [flat.size])).astype(np.int64)
    runs = np.diff(edges)
    return np.concatenate((np.zeros(1, np.int64), runs)) if flat[0] else runs


def _numbers(text: str) -> Numbers:
    """The numbers that a text spells out; a few bytes of memory for each of its characters."""
    try:
        # What lies below the lowest digit wraps around and is far above the highest one.
        digits = np.frombuffer(text.encode("ascii"), np.uint8) - np.uint8(ZERO)
    except UnicodeEncodeError:
        raise ValueError("it has characters that are no digits") from None
    if digits.size == 0:
        raise ValueError("it is empty")
    if np.any(digits >= 2 * MORE):
        raise ValueError("it has characters that are no digits")
    last = np.flatnonzero(digits < MORE)
    if last.size == 0 or last[-1] != digits.size - 1:
        raise ValueError("it breaks off within a number")
    lengths = np.diff(last, prepend=-1)
    longest = int(lengths.max())
    if longest > MAX_DIGITS:
        raise ValueError("a number is too large")
    numbers = digits[last].astype(np.int64)
    numbers -= (numbers & SIGN) * 2
    for place in range(1, longest):
        longer = np.flatnonzero(lengths > place)
        numbers[longer] = (numbers[longer] << BITS) | (digits[last[longer] - place] & PAYLOAD)
    return numbers

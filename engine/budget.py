"""How much the values of one run hold together: a small picture can stand for a large one, and a step make thousands.

Every value of a run stays until its end, so what is counted only grows. Pictures that are not decoded yet count as
though they were, arrays once, however many values are views of them, and small values not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import RuntimeInputError
from engine.values.detections import Detections
from engine.values.image import Image
from engine.values.shape import Missing

MAX_BYTES = 4 * 2**30
SMALL = frozenset({int, float, bool, type(None), Missing})
POINTER = 8
"""Bytes per member of a container."""
COPIES = 2
"""Of what is written: it is held as its own text, and again in the answer."""
MAX_DEPTH = 200
"""Of containers in containers; what is deeper cannot be written out, and Python could not walk through it."""


class Budget:
    """Counts bytes; safe to use from many threads.

    Args:
        most: that the values of a run may hold.
    """

    def __init__(self, most: int = MAX_BYTES) -> None:
        self._most = most
        self._held = 0
        # Kept alive, since Python gives the id of what is gone to something else.
        self._counted: dict[int, Any] = {}
        self._encoded: list[Image] = []
        self._lock = Lock()

    def count(self, values: Iterable[Any]) -> None:
        """Count values that the run holds from now on; RuntimeInputError when they are too much or too deep."""
        large = [value for value in values if type(value) not in SMALL]
        if not large:
            return
        with self._lock:
            self._hold(sum(self._size(value, 0) for value in large))

    def count_written(self, value: Any) -> None:
        """Count a result in its form for JSON, each time anew; RuntimeInputError when it is too much.

        The JSON writer has no notion of things that are the same: each takes up room wherever it is.
        """
        size = COPIES * _written(value)
        with self._lock:
            self._hold(size)

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._most:
            raise RuntimeInputError(
                f"The values of this run hold more than {self._most} bytes.",
                hint="Send fewer or smaller pictures, or make fewer; PENSTOCK_MAX_RUN_BYTES sets the limit.",
            )

    def _size(self, value: Any, depth: int) -> int:
        """What a value that lies in so many containers adds to what was counted before."""
        kind = type(value)
        if kind is np.ndarray:
            return self._size_of_array(value, depth)
        if kind is Detections:
            columns = (value.mask, *value.columns.values())
            return sum(self._size(column, depth) for column in columns if column is not None)
        if kind is Image and value.encoded is None:
            return self._size_of_array(value.pixels, depth)
        if kind in SMALL or id(value) in self._counted:
            return 0
        self._counted[id(value)] = value
        if kind is Image:
            self._encoded.append(value)
            return int(value.nbytes)
        if kind is str or kind is bytes:
            return len(value)
        if kind is not list and kind is not tuple and kind is not dict:
            return 0
        if depth == MAX_DEPTH:
            raise RuntimeInputError(f"A value is nested more than {MAX_DEPTH} deep.")
        if kind is dict:
            return 2 * POINTER * len(value) + sum(self._size(item, depth + 1) for item in value.values())
        return POINTER * len(value) + sum(self._size(item, depth + 1) for item in value)

    def _size_of_array(self, array: npt.NDArray[Any], depth: int) -> int:
        """The bytes behind an array, unless they were counted, perhaps as those of a picture not decoded then."""
        owner = _owner(array)
        if id(owner) not in self._counted:
            self._note_decoded()
        if id(owner) in self._counted:
            return 0
        self._counted[id(owner)] = owner
        inside = owner.flat if owner.dtype == object else ()
        return owner.nbytes + sum(self._size(item, depth + 1) for item in inside)

    def _note_decoded(self) -> None:
        """Take the arrays of pictures that somebody has looked at meanwhile for counted."""
        waiting: list[Image] = []
        for image in self._encoded:
            if image.is_decoded:
                owner = _owner(image.pixels)
                self._counted[id(owner)] = owner
            else:
                waiting.append(image)
        self._encoded = waiting


def _written(value: Any) -> int:
    """About how many bytes of JSON a value makes, which is of the types that JSON has."""
    kind = type(value)
    if kind is str:
        return len(value)
    if kind is not dict and kind is not list:
        return POINTER
    size = POINTER * len(value)
    for item in value.values() if kind is dict else value:
        kind = type(item)
        if kind is str:
            size += len(item)
        elif kind is dict or kind is list:
            size += _written(item)
    return size


def _owner(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array that another one is a view of, at whatever remove."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array

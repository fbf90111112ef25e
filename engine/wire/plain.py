"""Plain values as JSON takes them: numpy's, bytes, moments and enumerations, in containers of any sort."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import date
from enum import Enum
from typing import Any

import numpy as np
from pybase64 import b64encode_as_string

from engine.errors import ExecutionEngineRuntimeError
from engine.wire.bounds import LARGEST_WRITTEN, MAX_DEPTH_OUT, SMALLEST_WHOLE

LARGEST_ITEM = 8
"""Bytes of one number: arrays up to this become numbers of Python by one `tolist`, wider ones number by number."""

JSON_WORDS = {None: "null", True: "true", False: "false"}

Leaf = Callable[[Any], Any]
"""Writes what this module does not know."""


def unchanged(value: Any) -> Any:
    """The leaf that leaves everything to the JSON writer."""
    return value


def plain(value: Any, leaf: Leaf = unchanged, depth: int = 0) -> Any:
    """A value in a form that JSON can take; numbers that JSON has no word for become None, larger ones are rounded.

    Keys become text: true, false and null as JSON has them, moments as ISO 8601, anything else as Python prints it.

    Args:
        leaf: called for every part that is no plain value.
        depth: how many containers the value lies in.

    Raises:
        ExecutionEngineRuntimeError: it is nested too deeply, or in itself, or two keys of it become the same text.
    """
    # The types of almost all values, by far the fastest to ask for.
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if SMALLEST_WHOLE <= value <= LARGEST_WRITTEN else _rounded(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _container(value, leaf, depth)
    if isinstance(value, Enum):
        return plain(value.value, leaf, depth)
    if isinstance(value, np.ndarray):
        return _array(value, leaf, depth)
    if isinstance(value, np.generic):
        return plain(_item(value), leaf, depth)
    if isinstance(value, int):
        return plain(int(value))
    if isinstance(value, float):
        return plain(float(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode_as_string(value)
    return leaf(value)


def _rounded(value: int) -> float | None:
    """A whole number of more than 64 bits, which most who read JSON round to a float anyway."""
    try:
        return float(value)
    except OverflowError:
        return None


def numbers(values: np.ndarray[Any, np.dtype[Any]]) -> list[Any]:
    """An array of numbers of any shape as nested lists, None where one is not finite."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        boxed = values.astype(object)
        boxed[~np.isfinite(values)] = None
        return boxed.tolist()  # type: ignore[no-any-return]
    return values.tolist()  # type: ignore[no-any-return]


def _container(value: Mapping[Any, Any] | Collection[Any], leaf: Leaf, depth: int) -> Any:
    _refuse_deeper(depth)
    if isinstance(value, Mapping):
        return _object(value, leaf, depth)
    items = _in_order(value) if isinstance(value, set | frozenset) else value
    return [plain(item, leaf, depth + 1) for item in items]


def _refuse_deeper(depth: int) -> None:
    if depth >= MAX_DEPTH_OUT:
        raise ExecutionEngineRuntimeError(
            f"An output is nested more than {MAX_DEPTH_OUT} deep.", hint="Return flatter values from the step."
        )


def _object(value: Mapping[Any, Any], leaf: Leaf, depth: int) -> dict[str, Any]:
    written = {_key(key): plain(item, leaf, depth + 1) for key, item in value.items()}
    if len(written) < len(value):
        [(key, _)] = Counter(map(_key, value)).most_common(1)
        raise ExecutionEngineRuntimeError(
            f"An output has two keys that JSON writes as {key!r}.", hint="Return a dict whose keys are different texts."
        )
    return written


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, Enum):
        return _key(key.value)
    if isinstance(key, np.generic):
        return _key(_item(key))
    if key is None or isinstance(key, bool):
        return JSON_WORDS[key]
    return key.isoformat() if isinstance(key, date) else str(key)


def _in_order(items: Collection[Any]) -> list[Any]:
    """The members of a set in an order that does not change from run to run."""
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=repr)


def _item(scalar: np.generic) -> Any:
    """The value of Python that a scalar of numpy stands for; of a long double, `item()` would be another one."""
    if isinstance(scalar, np.longdouble):
        return float(scalar)
    return complex(scalar) if isinstance(scalar, np.clongdouble) else scalar.item()


def _array(value: np.ndarray[Any, np.dtype[Any]], leaf: Leaf, depth: int) -> Any:
    if value.dtype.kind in "biuf" and value.dtype.itemsize <= LARGEST_ITEM:
        return plain(value.item(), leaf, depth) if value.ndim == 0 else numbers(value)
    # An array of one object without a dimension may hold itself, and is no list that would be counted.
    _refuse_deeper(depth)
    return plain(value.tolist(), leaf, depth + (value.ndim == 0))

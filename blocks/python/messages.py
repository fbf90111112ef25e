"""How values travel between the server and a worker: a header, JSON, and the raw bytes of arrays.

Every container is written as `[tag, ...]`, so that tuples, sets, bytes, arrays, moments and keys of any type come back
as what they were. The bytes of arrays and of long texts follow in the order in which the JSON mentions them. What only
one of the two sides knows (pictures, detections) is a record: `pack` and `unpack` of that side turn it into named
values and back. Reading trusts nothing: what is wrong with a message is a ValueError.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from engine.wire.bounds import is_whole

HEADER = Struct(">4sQIQ")
MAGIC = b"pstk"
ALIGNMENT = 16
MAX_JSON_BYTES = 4 * 2**20
MAX_DEPTH = 64
LONG_TEXT = 2**16
"""Characters; what is longer travels beside the JSON."""
MAX_ODD_KEYS = 4096
"""Keys and members of sets that are neither text nor whole numbers: many of those can be made to have the same hash."""

_DTYPE = re.compile(r"[<>|=]?[biufcSUmM][1-9]\d*(\[\w{1,8}\])?")

Pack = Callable[[Any], tuple[str, dict[str, Any]] | None]
"""The name and the parts of a value that only one side knows; None for any other."""

Unpack = Callable[[str, dict[str, Any]], Any]
"""Makes a value of a name and parts; raises ValueError or TypeError when they make none."""

Part = bytes | memoryview


class Sizes(NamedTuple):
    """What the header of a message says.

    Attributes:
        number: of the request; its answer has the same.
        text: bytes of the JSON.
        arrays: bytes of what follows the JSON.
    """

    number: int
    text: int
    arrays: int


class Unsendable(ValueError):
    """A value cannot travel."""


def write(value: Any, pack: Pack, number: int) -> list[Part]:
    """A message in parts that are sent one after another; Unsendable when a part of the value cannot travel."""
    writer = _Writer(pack)
    try:
        tree = writer.node(value, 0)
        text = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise Unsendable("text with characters that UTF-8 has no form for") from error
    except (ValueError, RecursionError) as error:
        raise Unsendable(str(error)) from error
    text += b" " * (-len(text) % ALIGNMENT)
    if len(text) > MAX_JSON_BYTES:
        raise Unsendable(f"more than {MAX_JSON_BYTES} bytes of values other than arrays")
    return [HEADER.pack(MAGIC, number, len(text), writer.size), text, *writer.buffers]


def sizes(header: bytes) -> Sizes:
    """What the header of a message says; ValueError when it is none."""
    magic, number, text, arrays = HEADER.unpack(header)
    if magic != MAGIC or text > MAX_JSON_BYTES:
        raise ValueError("not the header of a message")
    return Sizes(number, text, arrays)


def read(body: bytearray, text_size: int, unpack: Unpack) -> Any:
    """The value of a message, from all that follows the header; ValueError when it is none.

    An array that makes up most of the message is a view of `body`; others are copies, and do not keep it in memory.
    """
    try:
        tree = json.loads(body[:text_size].decode())
        reader = _Reader(memoryview(body)[text_size:], unpack)
        value = reader.value(tree, 0)
        reader.finish()
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError) as error:
        raise ValueError(f"a malformed message: {error}") from error
    return value


class _Writer:
    """One message on its way out."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self.buffers: list[Part] = []
        self.size = 0

    def node(self, value: Any, depth: int) -> Any:
        """A value as JSON."""
        kind = type(value)
        if kind is str and len(value) > LONG_TEXT:
            return ["u", self._buffer(memoryview(value.encode()))]
        if value is None or kind is bool or kind is int or kind is float or kind is str:
            return value
        if depth >= MAX_DEPTH:
            raise Unsendable(f"values nested more than {MAX_DEPTH} deep")
        if isinstance(value, np.ndarray | np.generic) and not isinstance(value, np.character):
            return self._array(value, depth)
        if isinstance(value, Enum):
            return self.node(value.value, depth + 1)
        if isinstance(value, Mapping):
            return ["d", *([self.node(key, depth + 1), self.node(item, depth + 1)] for key, item in value.items())]
        for tag, container in (("l", list), ("t", tuple), ("s", set), ("f", frozenset)):
            if isinstance(value, container):
                return [tag, *(self.node(item, depth + 1) for item in value)]
        return self._leaf(value, depth)

    def _leaf(self, value: Any, depth: int) -> Any:
        packed = self._pack(value)
        if packed is not None:
            name, parts = packed
            return ["r", name, {key: self.node(part, depth + 1) for key, part in parts.items()}]
        if isinstance(value, bytes | bytearray | memoryview):
            return ["b", self._buffer(memoryview(bytes(value)))]
        if isinstance(value, datetime):
            return ["m", value.isoformat()]
        if isinstance(value, date):
            return ["D", value.isoformat()]
        for plain in (str, int, float):
            if isinstance(value, plain):
                return self.node(plain(value), depth)
        raise Unsendable(f"a value of the type {type(value).__module__}.{type(value).__qualname__}")

    def _array(self, value: np.ndarray[Any, Any] | np.generic, depth: int) -> Any:
        if isinstance(value, np.ndarray) and value.dtype == object:
            return ["o", list(value.shape), *(self.node(item, depth + 1) for item in value.ravel())]
        if not _DTYPE.fullmatch(value.dtype.str):
            raise Unsendable(f"an array of {value.dtype}")
        flat = np.ascontiguousarray(value).reshape(-1)
        self._buffer((flat.view(np.uint8) if flat.nbytes else np.zeros(0, np.uint8)).data)
        return ["a" if isinstance(value, np.ndarray) else "n", value.dtype.str, list(value.shape)]

    def _buffer(self, raw: memoryview) -> int:
        """The length of a buffer, which will lie behind all others."""
        padding = -len(raw) % ALIGNMENT
        self.buffers += [raw, bytes(padding)]
        self.size += len(raw) + padding
        return len(raw)


class _Reader:
    """One message on its way in."""

    def __init__(self, buffers: memoryview, unpack: Unpack) -> None:
        self._buffers = buffers
        self._unpack = unpack
        self._place = 0
        self._odd_keys = 0

    def value(self, node: Any, depth: int) -> Any:
        """What a node of the JSON stands for."""
        if isinstance(node, dict):
            raise TypeError("an object where a value is expected")
        if not isinstance(node, list):
            return node
        if depth > 2 * MAX_DEPTH:
            raise ValueError("nested too deeply")
        tag, *rest = node
        match tag:
            case "l":
                return [self.value(item, depth + 1) for item in rest]
            case "t":
                return tuple(self.value(item, depth + 1) for item in rest)
            case "s":
                return {self._key(item, depth + 1) for item in rest}
            case "f":
                return frozenset(self._key(item, depth + 1) for item in rest)
            case "d":
                return {self._key(key, depth + 1): self.value(item, depth + 1) for key, item in rest}
            case "r":
                name, parts = rest
                if not isinstance(parts, dict):
                    raise TypeError("a record without named values")
                return self._unpack(name, {key: self.value(part, depth + 1) for key, part in parts.items()})
            case "o":
                shape, *items = rest
                return _objects([self.value(item, depth + 1) for item in items], shape)
            case "a" | "n":
                array = self._array(*rest)
                return array if tag == "a" else array[()]
        return self._scalar(tag, rest)

    def finish(self) -> None:
        """See to it that nothing is left over."""
        if self._place != len(self._buffers):
            raise ValueError("bytes that nothing refers to")

    def _key(self, node: Any, depth: int) -> Any:
        """A key of a dict or a member of a set; not so many with the same hash that finding them takes minutes."""
        key = self.value(node, depth)
        if type(key) is int and not is_whole(key):
            raise ValueError("a key of more than 64 bits")
        self._odd_keys += not isinstance(key, str | int)
        if self._odd_keys > MAX_ODD_KEYS:
            raise ValueError(
                f"more than {MAX_ODD_KEYS} keys or members of sets that are neither text nor whole numbers"
            )
        return key

    def _scalar(self, tag: Any, rest: list[Any]) -> Any:
        match tag:
            case "b":
                return bytes(self._part(*rest))
            case "u":
                return str(self._part(*rest), "utf-8")
            case "m":
                return datetime.fromisoformat(*rest)
            case "D":
                return date.fromisoformat(*rest)
        raise ValueError(f"the tag {tag!r}")

    def _array(self, dtype: str, shape: list[int]) -> np.ndarray[Any, Any]:
        if not _DTYPE.fullmatch(dtype):
            raise ValueError(f"an array of {dtype!r}")
        kind = np.dtype(dtype)
        length = math.prod(shape) * kind.itemsize
        if any(size < 0 for size in shape):
            raise ValueError("an array of a negative size")
        raw = self._part(length)
        if not length:
            return np.zeros(shape, kind)
        array = np.frombuffer(raw, kind).reshape(shape)
        return array if 2 * length > len(self._buffers) else array.copy()

    def _part(self, length: int) -> memoryview:
        """The next buffer."""
        start, end = self._place, self._place + length
        if not start <= end <= len(self._buffers):
            raise ValueError("bytes beyond the end")
        self._place = end + -end % ALIGNMENT
        return self._buffers[start:end]


def _objects(items: list[Any], shape: list[int]) -> np.ndarray[Any, Any]:
    """An array of any values; what is a sequence itself stays one value."""
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = item
    return array.reshape(shape)

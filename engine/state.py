"""What a step remembers from one run to the next: one memory a video source, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")

MAX_SOURCES = 1024
STEP_SOURCE = ""
"""The source of a memory that all sources of a step share."""


class State:
    """The memory of one step. Two sources never share what `of` makes, so two cameras never mix."""

    def __init__(self) -> None:
        self._memories: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def of(self, source: str, make: Callable[[], T]) -> T:
        """The memory of a source, made at its first use; the source that was used least recently is forgotten first.

        A step must ask for memories of one type only.
        """
        with self._lock:
            if source not in self._memories:
                self._memories[source] = make()
                if len(self._memories) > MAX_SOURCES:
                    self._memories.popitem(last=False)
            self._memories.move_to_end(source)
            return cast("T", self._memories[source])


class Memory:
    """What the steps of one workflow remember, from run to run of whoever holds it."""

    def __init__(self) -> None:
        self._states: dict[str, State] = {}

    def of(self, step: str) -> State:
        """The memory of a step."""
        return self._states.setdefault(step, State())

"""One evaluation of a query: the values that it may name, and how much it may still make.

Operations that make lists out of lists, and texts out of those, multiply: a short query could fill the memory or run
for hours. So all that one evaluation makes is counted, in one place after every operation, whatever part made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import thread_time
from typing import Any

from blocks.query.pattern import Search
from engine.errors import OperationError
from engine.values.detections import Detections

MAX_ELEMENTS = 1_000_000
MAX_CHARACTERS = 10_000_000
MAX_SEARCH_SECONDS = 1.0

CONTAINERS = frozenset([list, tuple, dict, set, frozenset])
COUNTED = CONTAINERS | {str, Detections}
"""The types of what is counted."""


class Evaluation(dict[str, Any]):
    """The values by their names, with what is left of the allowance; used by one thread, and once."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._elements = MAX_ELEMENTS
        self._characters = MAX_CHARACTERS
        self._seconds = MAX_SEARCH_SECONDS

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Evaluation:
        """The evaluation that `values` already are, so that all parts of a query share one; a new one otherwise."""
        return values if isinstance(values, cls) else cls(values)

    def count(self, outcome: Any) -> None:
        """Count what an operation has made; OperationError when it is too much."""
        kind = type(outcome)
        if kind is str:
            self.count_characters(len(outcome))
        elif kind in COUNTED:
            self.count_elements(len(outcome))

    def count_elements(self, number: int) -> None:
        """Count elements of lists, rows of detections, or comparisons; OperationError when there are too many."""
        self._elements -= number
        if self._elements < 0:
            raise OperationError(
                f"the lists of this query come to more than {MAX_ELEMENTS} elements.", hint="Work on shorter lists."
            )

    def count_characters(self, number: int) -> None:
        """Count the characters of a text; OperationError when there are too many."""
        self._characters -= number
        if self._characters < 0:
            raise OperationError(
                f"the texts of this query come to more than {MAX_CHARACTERS} characters.", hint="Write shorter texts."
            )

    def count_within(self, value: Any) -> None:
        """Count all that a value holds, at any depth, before it is written as text.

        A list may hold another many times, which takes no memory until the text repeats it.
        """
        waiting = [value]
        while waiting:
            found = waiting.pop()
            self.count(found)
            if type(found) in CONTAINERS:
                waiting += found
            if type(found) is dict:
                waiting += found.values()

    def written(self, value: Any) -> str:
        """A value as text, as Python writes it; OperationError when it is too long."""
        if type(value) in CONTAINERS:
            self.count_within(value)
        return str(value)

    def search(self, pattern: Search, text: str) -> bool:
        """Whether a pattern is found in a text; OperationError when all searches together take too long."""
        limit = 1.25 * MAX_SEARCH_SECONDS
        while self._seconds > 0:
            start = thread_time()
            try:
                return pattern(text, limit)
            except TimeoutError:
                # The limit counts the time of all threads of the server, of which this one may have had little.
                limit *= 2
            finally:
                self._seconds -= thread_time() - start
        raise OperationError(
            f"the searches of this query took longer than {MAX_SEARCH_SECONDS:g} s.",
            hint="Write a simpler regular expression, without repeats within repeats.",
        )

"""Operations on lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Sized
from typing import Annotated, Any, Literal

from blocks.query.columns import plain
from blocks.query.evaluation import Evaluation
from blocks.query.operation import Nested, Operations, operation
from blocks.query.operations.conversions import look_up_in
from blocks.query.takes import NUMBER, NUMBER_KINDS, SEQUENCE, SIZED
from engine.errors import InvalidInputTypeError
from engine.kinds import ANY

MAX_JOINED_LENGTH = 1_000_000


@operation("SequenceMap", SEQUENCE, gives=("list_of_values",))
def mapped(sequence: Sequence[Any], lookup_table: dict[Any, Any]) -> list[Any]:
    """Replace each element by what a table has for it."""
    return [look_up_in(lookup_table, element) for element in sequence]


@operation("SequenceApply", SEQUENCE, gives=("list_of_values",))
def applied(
    sequence: Sequence[Any],
    operations: Annotated[Operations, Nested("operations", takes=(ANY,), gives=(ANY,))],
    *,
    evaluation: Evaluation,
) -> list[Any]:
    """Run operations on each element."""
    return [operations.run(element, evaluation) for element in sequence]


@operation("NumericSequenceAggregate", SEQUENCE, gives=NUMBER_KINDS)
def aggregated(
    sequence: Sequence[Any], function: Literal["min", "max", "sum"], neutral_value: int | float
) -> int | float:
    """Take the least or the greatest of some numbers, or their sum; a value of its own for an empty list."""
    numbers = list(map(plain, sequence))
    for number in numbers:
        if not NUMBER.fits(number):
            raise InvalidInputTypeError(f"The list holds a value of the type {type(number).__name__}, not a number.")
    if not numbers:
        return neutral_value
    functions: dict[str, Callable[[Sequence[Any]], int | float]] = {"min": min, "max": max, "sum": sum}
    return functions[function](numbers)


@operation("SequenceAggregate", SEQUENCE, gives=(ANY,))
def chosen(sequence: Sequence[Any], mode: Literal["first", "last", "most_common", "least_common"]) -> Any:
    """Take one element: the first, the last, or the one that is there most or least often, the first of equals."""
    if len(sequence) == 0:
        raise ValueError("the list is empty")
    if mode in ("first", "last"):
        return sequence[0 if mode == "first" else -1]
    counts = Counter(sequence)
    if mode == "most_common":
        return max(counts, key=counts.__getitem__)
    return min(counts, key=counts.__getitem__)


@operation("SequenceLength", SIZED, gives=("integer",))
def length(sized: Sized) -> int:
    """Count the elements of a list, the detections of a set, the characters of a text."""
    return len(sized)


@operation("SequenceElementsCount", SEQUENCE, gives=("dictionary",))
def counted(sequence: Sequence[Any], *, evaluation: Evaluation) -> dict[str, int]:
    """Count how often each element is there; the elements become text."""
    return dict(Counter(map(evaluation.written, sequence)))


@operation("SequenceJoin", SEQUENCE, gives=("string",))
def joined(sequence: Sequence[Any], separator: str = ", ", *, evaluation: Evaluation) -> str:
    """Write the elements into one text, with a separator between them."""
    parts = [evaluation.written(element) for element in sequence]
    if sum(map(len, parts)) + len(separator) * (len(parts) - 1) > MAX_JOINED_LENGTH:
        raise ValueError(f"the text would have more than {MAX_JOINED_LENGTH} characters")
    return separator.join(parts)

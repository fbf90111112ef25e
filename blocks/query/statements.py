"""Statements: what may be true of a value, said with operands, operators and groups.

A statement can be asked of one value, or of all rows of a set of detections at once. The second way works on columns
and comes to the same answers; where it fails, it fails like one of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from blocks.query.columns import Column, Mask, Same, each, plain
from blocks.query.evaluation import Evaluation
from blocks.query.operation import Operations, located, look_up
from blocks.query.operators import Operator
from engine.errors import EvaluationEngineError, UndeclaredSymbolError
from engine.values.detections import Detections

CURRENT = "_"
"""The name of the element that a statement is asked of."""


class Statement(Protocol):
    """What may be true; frozen, so it can be asked by any number of threads."""

    def __call__(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true. All parts are evaluated, even where the answer is known before.

        Args:
            values: what the operands name, the current element as `_`; or the evaluation that this is a part of.

        Raises:
            EvaluationEngineError, UndeclaredSymbolError, InvalidInputTypeError, OperationError: with the place.
        """

    def over(self, detections: Detections, evaluation: Evaluation) -> Mask:
        """Whether it is true of each row. Fails like some row, not always like the first that fails."""


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of a comparison.

    Attributes:
        name: what to look up among the values; None for a value written into the statement.
        value: that value.
        operations: what to do with it.
        steady: whether it is the same each time, as long as the values are.
        place: for messages.
    """

    name: str | None
    value: Any
    operations: Operations
    steady: bool
    place: str

    def __call__(self, evaluation: Evaluation) -> Any:
        """Its value."""
        try:
            value = self.value if self.name is None else look_up(self.name, evaluation)
        except UndeclaredSymbolError as error:
            raise located(error, self.place) from error
        return self.operations.run(plain(value), evaluation)

    def over(self, detections: Detections, evaluation: Evaluation) -> Column | Same:
        """Its value for each row."""
        if self.name == CURRENT:
            return self.operations.over(detections, evaluation)
        if self.steady:
            return Same(self(evaluation))
        return [self(evaluation) for _ in range(len(detections))]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator between its operands."""

    operator: Operator
    operands: tuple[Operand, ...]
    negate: bool
    place: str

    def __call__(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds."""
        evaluation = Evaluation.of(values)
        operands = [operand(evaluation) for operand in self.operands]
        try:
            return self.operator(*operands) is not self.negate
        except EvaluationEngineError as error:
            raise located(error, self.place) from error

    def over(self, detections: Detections, evaluation: Evaluation) -> Mask:
        """Whether it holds for each row."""
        evaluation.count_elements(1)
        columns = [operand.over(detections, evaluation) for operand in self.operands]
        try:
            return self._test(columns, len(detections)) ^ self.negate
        except EvaluationEngineError as error:
            raise located(error, self.place) from error

    def _test(self, columns: list[Column | Same], count: int) -> Mask:
        shared = [column.value for column in columns if isinstance(column, Same)]
        if len(shared) == len(columns):
            return np.full(count, self.operator(*shared))
        mask = None if self.operator.columns is None else self.operator.columns(*columns)
        if mask is None:
            rows = (each(column, count) for column in columns)
            mask = np.fromiter(map(self.operator, *rows), np.bool_, count)
        return mask


@dataclass(frozen=True, slots=True)
class Group:
    """Statements of which all have to be true, or any."""

    statements: tuple[Statement, ...]
    every: bool

    def __call__(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true."""
        evaluation = Evaluation.of(values)
        answers = [statement(evaluation) for statement in self.statements]
        return all(answers) if self.every else any(answers)

    def over(self, detections: Detections, evaluation: Evaluation) -> Mask:
        """Whether it is true of each row."""
        masks = [statement.over(detections, evaluation) for statement in self.statements]
        combine = np.logical_and if self.every else np.logical_or
        mask: Mask = combine.reduce(masks)
        return mask


def matching(statement: Statement, detections: Detections, values: Mapping[str, Any]) -> Mask:
    """Of which rows a statement is true; nothing is evaluated when there are none."""
    if len(detections) == 0:
        return np.zeros(0, dtype=np.bool_)
    evaluation = Evaluation.of(values)
    evaluation.count_elements(len(detections))
    return statement.over(detections, evaluation)

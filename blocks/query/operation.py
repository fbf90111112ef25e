"""An operation: a function with a declaration of what it takes and gives; and chains of operations in their places."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from blocks.query.columns import Column, each, plain
from blocks.query.evaluation import COUNTED, Evaluation
from blocks.query.properties import Row
from blocks.query.takes import IMAGE, Takes
from engine.errors import (
    ExecutionEngineRuntimeError,
    InvalidInputTypeError,
    OperationError,
    RoboflowQueryLanguageError,
    RuntimeInputError,
    UndeclaredSymbolError,
)
from engine.spelling import nearest
from engine.values.detections import Detections

CONTEXT = "step_execution | roboflow_query_language_evaluation"
EVALUATION = "evaluation"
"""The keyword by which a function asks for the values that the step was given by name, and for the allowance."""

MAX_SHOWN = 120

FAILURES = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What functions raise on a value that they cannot work on."""


Model = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Nested:
    """Written into an annotation: the parameter is itself of the query language.

    Attributes:
        language: whether it is a list of operations or a group of statements.
        takes, gives: the kinds of the inner values.
    """

    language: Literal["operations", "statement"]
    takes: tuple[str, ...]
    gives: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """One type of operation. Its parameters are those of the function after the first, which is the value.

    Attributes:
        type: its name on the wire.
        takes: what the value may be.
        gives: the kinds of the outcome.
        function: does the work.
        column: does it for all rows of a set of detections at once; None where each row is worked on by itself.
        steady: whether the same value always gives the same outcome.
    """

    type: str
    takes: Takes
    gives: tuple[str, ...]
    function: Callable[..., Any]
    column: Callable[..., Column] | None = None
    steady: bool = True

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")

    @cached_property
    def wants_evaluation(self) -> bool:
        """Whether the function asks for the evaluation that it is a part of."""
        return EVALUATION in inspect.signature(self.function).parameters

    @cached_property
    def nested(self) -> Mapping[str, Nested]:
        """The parameters that are themselves of the query language."""
        hints = get_type_hints(self.function, include_extras=True)
        marks = ((name, mark) for name, hint in hints.items() for mark in getattr(hint, "__metadata__", ()))
        return {name: mark for name, mark in marks if isinstance(mark, Nested)}

    @cached_property
    def model(self) -> Model:
        """Checks the parameters as they come in JSON, and describes them."""
        hints = get_type_hints(self.function, include_extras=True)
        fields: dict[str, Any] = {}
        for name, parameter in list(inspect.signature(self.function).parameters.items())[1:]:
            if name == EVALUATION:
                continue
            json = {"operations": list[Any], "statement": dict[str, Any]}
            hint = json[self.nested[name].language] if name in self.nested else hints[name]
            fields[name] = (hint, ... if parameter.default is parameter.empty else parameter.default)
        return create_model(self.type, __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)

    @cached_property
    def property_names(self) -> tuple[str, ...]:
        """The properties that one may ask for; empty for an operation that has no such choice."""
        field = self.model.model_fields.get("property_name")
        return get_args(field.annotation) if field else ()


def operation(
    type: str,
    takes: Takes,
    *,
    gives: tuple[str, ...],
    column: Callable[..., Column] | None = None,
    steady: bool = True,
) -> Callable[[Callable[..., Any]], Operation]:
    """Make a function the operation that workflows know as `type`."""

    def declare(function: Callable[..., Any]) -> Operation:
        return Operation(type, takes, gives, function, column, steady)

    return declare


@dataclass(frozen=True, slots=True)
class Step:
    """An operation with its arguments, in its place.

    Attributes:
        operation: what it does.
        arguments: the parameters of its function.
        place: for messages, such as `operations[2] (NumberRound)`.
    """

    operation: Operation
    arguments: Mapping[str, Any]
    place: str

    def __call__(self, value: Any, evaluation: Evaluation) -> Any:
        """The outcome for one value, counted; errors say the place."""
        operation = self.operation
        if not operation.takes.fits(value):
            raise InvalidInputTypeError(
                f"{self.place} takes {operation.takes.words}, got {type(value).__name__}.", context=CONTEXT
            )
        try:
            if operation.wants_evaluation:
                outcome = plain(operation.function(value, **self.arguments, evaluation=evaluation))
            else:
                outcome = plain(operation.function(value, **self.arguments))
            if type(outcome) in COUNTED and operation.takes is not IMAGE:  # text of a picture is long and made once
                evaluation.count(outcome)
        except RoboflowQueryLanguageError as error:
            if error.context is None:
                raise located(error, self.place) from error
            raise
        except (ExecutionEngineRuntimeError, RuntimeInputError) as error:
            raise located(OperationError(error.message, hint=error.hint), self.place) from error
        except FAILURES as error:
            raise OperationError(
                f"{self.place} failed on a value of the type {type(value).__name__}: {clipped(error)}.", context=CONTEXT
            ) from error
        return outcome


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations, one after the other; none leave the value as it is."""

    steps: tuple[Step, ...] = ()

    def __call__(self, value: Any, parameters: Mapping[str, Any]) -> Any:
        """The outcome of the last operation.

        Args:
            value: what the first operation takes.
            parameters: what the step of the workflow was given by name, or the evaluation that this is a part of.

        Raises:
            InvalidInputTypeError, OperationError, UndeclaredSymbolError, EvaluationEngineError: with the place.
        """
        return self.run(value, Evaluation.of(parameters))

    def run(self, value: Any, evaluation: Evaluation) -> Any:
        """The same within an evaluation that has begun."""
        if not self.steps:
            return value
        value = plain(value)
        for step in self.steps:
            value = step(value, evaluation)
        return value

    def over(self, detections: Detections, evaluation: Evaluation) -> Column:
        """The outcome for every row of a set of detections; same as calling it for one `Row` after the other."""
        steps = iter(self.steps)
        first = self.steps[0].operation if self.steps else None
        if first is not None and first.column is not None:
            column = first.column(detections, **next(steps).arguments)
        else:
            column = [Row(detections, index) for index in range(len(detections))]
        for step in steps:
            column = [step(value, evaluation) for value in each(column, len(detections))]
        return column


def clipped(text: object) -> str:
    """A text at a length that fits a message."""
    whole = str(text)
    return whole if len(whole) <= MAX_SHOWN else f"{whole[: MAX_SHOWN - 3]}..."


def located(error: RoboflowQueryLanguageError, place: str) -> RoboflowQueryLanguageError:
    """The same error with the place where it happened."""
    return type(error)(f"{place}: {error.message}", hint=error.hint, context=CONTEXT)


def look_up(name: str, parameters: Mapping[str, Any]) -> Any:
    """The value that the step was given under a name; UndeclaredSymbolError when there is none."""
    if name not in parameters:
        raise UndeclaredSymbolError(
            f"There is no parameter {clipped(repr(name))}.",
            hint=did_you_mean(name, parameters) or "Give it in the parameters of the step.",
        )
    return plain(parameters[name])


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """A hint with the word that is nearest to the one that was written; None when none is near."""
    near = nearest(word, words)
    return f"Did you mean {near!r}?" if near else None

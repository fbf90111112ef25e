"""Choose a result by cases, of which the first that is true counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from typing_extensions import Doc

from blocks.query import Operations, Statement, parse_operations, parse_statement, queries
from blocks.query.evaluation import Evaluation
from blocks.query.operation import located, look_up
from engine.block import block
from engine.errors import UndeclaredSymbolError
from engine.kinds import Anything
from engine.values.shape import Fixed

MAX_CASES = 256


class Chosen(TypedDict):
    """The result of the first case that is true."""

    output: Anything


class Strict(BaseModel):
    """A part of the JSON of a step, in which a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StaticResult(Strict):
    """A result that is written into the workflow."""

    type: Literal["StaticCaseResult"]
    value: Any


class DynamicResult(Strict):
    """A result that is taken from one of the values."""

    type: Literal["DynamicCaseResult"]
    parameter_name: str
    operations: list[Any] = []


Result = Annotated[StaticResult | DynamicResult, Field(discriminator="type")]


class Case(Strict):
    """A condition and what comes out when it is true."""

    type: Literal["CaseDefinition"]
    condition: dict[str, Any]
    result: Result


class Cases(Strict):
    """Cases in order, and what comes out when none is true."""

    type: Literal["CasesDefinition"]
    cases: tuple[Case, ...] = Field(max_length=MAX_CASES)
    default: Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result that is ready to be taken.

    Attributes:
        value: what comes out where `name` is None.
        name: the value that the operations work on.
        place: for messages.
    """

    value: Any
    name: str | None
    operations: Operations
    place: str

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """What comes out."""
        if self.name is None:
            return self.value
        return self.operations(_named(self.name, values, self.place), values)


@dataclass(frozen=True, slots=True)
class Switch:
    """Conditions with their outcomes, tried in order, and the outcome where none is true; made of `Cases`."""

    cases: tuple[tuple[Statement, Outcome], ...]
    default: Outcome

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How it is read: the JSON is checked first, then the queries in it, which know their places."""
        return core_schema.no_info_after_validator_function(_switch, handler(Cases))


def _switch(json: Cases) -> Switch:
    cases = []
    for number, case in enumerate(json.cases):
        place = f"switch.cases[{number}]"
        condition = parse_statement(case.condition, f"{place}.condition")
        cases.append((condition, _outcome(case.result, f"{place}.result")))
    return Switch(tuple(cases), _outcome(json.default, "switch.default"))


def _outcome(result: StaticResult | DynamicResult, place: str) -> Outcome:
    if isinstance(result, StaticResult):
        return Outcome(result.value, None, Operations(), place)
    operations = parse_operations(result.operations, f"{place}.operations")
    return Outcome(None, result.parameter_name, operations, place)


@block("roboflow_core/expression@v1", aliases=("Expression",))
def expression(
    data: Annotated[dict[str, Anything], Doc("The values, by the names that the cases know them under.")],
    switch: Annotated[Fixed[Switch], Doc("Conditions and results, tried one after the other.")],
    data_operations: Annotated[
        Fixed[dict[str, Operations]],
        queries("data_operations"),
        Doc("Operations on the values before any case, by name."),
    ] = {},
) -> Chosen:
    """Choose a result by cases, of which the first that is true counts."""
    values = Evaluation(data)
    for name, operations in data_operations.items():
        values[name] = operations(_named(name, values, f"data_operations[{name!r}]"), data)
    for condition, outcome in switch.cases:
        if condition(values):
            return {"output": outcome(values)}
    return {"output": switch.default(values)}


def _named(name: str, values: Mapping[str, Any], place: str) -> Any:
    """The value of a name; UndeclaredSymbolError, with the place that names it, when there is none."""
    try:
        return look_up(name, values)
    except UndeclaredSymbolError as error:
        raise located(error, place) from error

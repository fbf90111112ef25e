"""Choose a result by cases, of which the first that is true counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Doc

from blocks.query import Condition, Query
from blocks.query.operation import look_up
from engine.block import block
from engine.kinds import Anything
from engine.values.shape import Fixed

MAX_CASES = 256


class Chosen(TypedDict):
    """The result of the first case that is true."""

    output: Anything


class Strict(BaseModel):
    """A part of the JSON of a step, in which a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class StaticResult(Strict):
    """A result that is written into the workflow."""

    type: Literal["StaticCaseResult"]
    value: Any


class DynamicResult(Strict):
    """A result that is taken from one of the values."""

    type: Literal["DynamicCaseResult"]
    parameter_name: str
    operations: Query = Field(default=[], validate_default=True)


Result = Annotated[StaticResult | DynamicResult, Field(discriminator="type")]


class Case(Strict):
    """A condition and what comes out when it is true."""

    type: Literal["CaseDefinition"]
    condition: Condition
    result: Result


class Cases(Strict):
    """Cases in order, and what comes out when none is true."""

    type: Literal["CasesDefinition"]
    cases: tuple[Case, ...] = Field(max_length=MAX_CASES)
    default: Result


@block("roboflow_core/expression@v1", aliases=("Expression",))
def expression(
    data: Annotated[dict[str, Anything], Doc("The values, by the names that the cases know them under.")],
    switch: Annotated[Fixed[Cases], Doc("Conditions and results, tried one after the other.")],
    data_operations: Annotated[Fixed[dict[str, Query]], Doc("Operations on the values before any case, by name.")] = {},
) -> Chosen:
    """Choose a result by cases, of which the first that is true counts."""
    values = dict(data)
    for name, operations in data_operations.items():
        values[name] = operations(look_up(name, values), data)
    for case in switch.cases:
        if case.condition(values):
            return {"output": _value(case.result, values)}
    return {"output": _value(switch.default, values)}


def _value(result: StaticResult | DynamicResult, values: Mapping[str, Any]) -> Any:
    if isinstance(result, StaticResult):
        return result.value
    return result.operations(look_up(result.parameter_name, values), values)

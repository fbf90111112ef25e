"""Choosing a result by cases."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from blocks.formatters.expression import Cases, expression
from blocks.query import parse_operations
from engine.errors import UndeclaredSymbolError, WorkflowSyntaxError
from tests.blocks.samples import found

LENGTH = [{"type": "SequenceLength"}]


def case(name: str, comparator: str, value: Any, result: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "type": "BinaryStatement",
        "left_operand": {"type": "DynamicOperand", "operand_name": name},
        "comparator": {"type": comparator},
        "right_operand": {"type": "StaticOperand", "value": value},
    }
    condition = {"type": "StatementGroup", "statements": [statement]}
    return {"type": "CaseDefinition", "condition": condition, "result": result}


def static(value: Any) -> dict[str, Any]:
    return {"type": "StaticCaseResult", "value": value}


def dynamic(name: str, operations: list[Any] | None = None) -> dict[str, Any]:
    result: dict[str, Any] = {"type": "DynamicCaseResult", "parameter_name": name}
    return result if operations is None else {**result, "operations": operations}


def cases(*of: dict[str, Any], default: dict[str, Any]) -> Cases:
    return TypeAdapter(Cases).validate_python({"type": "CasesDefinition", "cases": of, "default": default})


COUNTED = cases(
    case("count", "(Number) >", 1, static("many")),
    case("count", "(Number) >", 0, dynamic("name", [{"type": "StringToUpperCase"}])),
    default=dynamic("name"),
)


@pytest.mark.parametrize(("count", "result"), [(2, "many"), (1, "CAT"), (0, "Cat")])
def test_the_first_case_that_is_true_counts(count: int, result: str) -> None:
    assert expression({"count": count, "name": "Cat"}, COUNTED) == {"output": result}


@pytest.mark.parametrize(("boxes", "result"), [([(0, 0, 1, 1)] * 3, "many"), ([], "Cat")])
def test_operations_come_before_the_cases(boxes: list[tuple[float, ...]], result: str) -> None:
    data: dict[str, Any] = {"count": found(*boxes), "name": "Cat"}  # type: ignore[arg-type]
    assert expression(data, COUNTED, {"count": parse_operations(LENGTH)}) == {"output": result}
    assert len(data["count"]) == len(boxes)


def test_no_cases_at_all() -> None:
    assert expression({"a": found()}, cases(default=dynamic("a", LENGTH))) == {"output": 0}
    assert expression({}, cases(default=static(None))) == {"output": None}


@pytest.mark.parametrize(
    ("data", "operations"),
    [({"count": 0}, {}), ({"count": 1}, {}), ({"name": "Cat"}, {}), ({"name": "Cat", "count": 0}, {"nme": LENGTH})],
)
def test_names_that_nobody_gave(data: dict[str, Any], operations: dict[str, Any]) -> None:
    with pytest.raises(UndeclaredSymbolError):
        expression(data, COUNTED, {name: parse_operations(chain) for name, chain in operations.items()})


@pytest.mark.parametrize(
    "result",
    [
        {"type": "StaticCaseResult"},
        {"type": "StaticCaseResult", "value": 1, "valu": 2},
        {"type": "Other", "value": 1},
        {"type": "DynamicCaseResult"},
    ],
)
def test_results_that_cannot_be(result: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        cases(default=result)


def test_queries_that_cannot_be() -> None:
    with pytest.raises(WorkflowSyntaxError):
        cases(case("a", "nearly", 1, static(1)), default=static(0))
    with pytest.raises(WorkflowSyntaxError):
        cases(default=dynamic("a", [{"type": "NumberRound"}]))

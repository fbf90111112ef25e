"""Choosing a result by cases."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from blocks.formatters.expression import Switch, expression
from blocks.query import evaluation, parse_operations
from engine.errors import OperationError, RoboflowQueryLanguageError, UndeclaredSymbolError, WorkflowSyntaxError
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


def cases(*of: dict[str, Any], default: dict[str, Any]) -> Switch:
    return TypeAdapter(Switch).validate_python({"type": "CasesDefinition", "cases": of, "default": default})


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


GOOD, WRONG = case("a", "==", 1, static(1)), case("a", "nearly", 1, static(1))
ROUND = [{"type": "NumberRound"}]


@pytest.mark.parametrize(
    ("of", "default", "place"),
    [
        ([GOOD, WRONG], static(0), r"switch\.cases\[1\]\.condition\.statements\[0\]\.comparator: "),
        ([GOOD, case("a", "==", 1, dynamic("a", ROUND))], static(0), r"switch\.cases\[1\]\.result\.operations\[0\]\."),
        ([GOOD], dynamic("a", ROUND), r"switch\.default\.operations\[0\]\.decimal_digits: "),
    ],
)
def test_queries_that_cannot_be(of: list[dict[str, Any]], default: dict[str, Any], place: str) -> None:
    with pytest.raises(WorkflowSyntaxError, match=f"^{place}"):
        cases(*of, default=default)


def test_all_cases_share_one_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MAX_CHARACTERS", 25)
    upper = [{"type": "StringToUpperCase"}]
    compared = case("a", "==", "no", static(1))
    compared["condition"]["statements"][0]["left_operand"]["operations"] = upper
    assert expression({"a": "ten chars."}, cases(compared, compared, default=static(0))) == {"output": 0}
    with pytest.raises(OperationError, match=r"^switch\.cases\[2\]\..*more than 25 characters"):
        expression({"a": "ten chars."}, cases(*[compared] * 3, default=static(0)))


def test_operations_that_cannot_be_are_told_apart_by_their_names() -> None:
    takes = expression.signature.parameters["data_operations"].takes
    assert takes({"x": LENGTH}).keys() == {"x"}
    with pytest.raises(WorkflowSyntaxError, match=r"^data_operations\['x'\]\[0\]\.decimal_digits: is missing"):
        takes({"y": LENGTH, "x": ROUND})
    with pytest.raises(WorkflowSyntaxError, match=r"^data_operations: takes an object .* got list"):
        takes([])


@pytest.mark.parametrize(
    ("data", "switch", "operations", "place"),
    [
        (
            {"a": "x"},
            cases(GOOD, case("a", "(Number) >", 1, static(1)), default=static(0)),
            {},
            "switch.cases[1].condition.statements[0]: ",
        ),
        ({"b": 1}, cases(GOOD, default=static(0)), {}, "switch.cases[0].condition.statements[0].left_operand: "),
        (
            {"a": 1},
            cases(case("a", "==", 1, dynamic("a", LENGTH)), default=static(0)),
            {},
            "switch.cases[0].result.operations[0] (SequenceLength) ",
        ),
        (
            {"a": 1},
            cases(case("a", "==", 1, dynamic("b")), default=static(0)),
            {},
            "switch.cases[0].result: There is no parameter 'b'",
        ),
        ({"a": 1}, cases(default=dynamic("b")), {}, "switch.default: There is no parameter 'b'"),
        ({"a": 1}, cases(default=static(0)), {"b": LENGTH}, "data_operations['b']: There is no parameter 'b'"),
        ({"a": 1}, cases(default=static(0)), {"a": LENGTH}, "data_operations['a'][0] (SequenceLength) "),
    ],
)
def test_messages_say_which_query_failed(
    data: dict[str, Any], switch: Switch, operations: dict[str, Any], place: str
) -> None:
    read = expression.signature.parameters["data_operations"].takes(operations)
    with pytest.raises(RoboflowQueryLanguageError, match=f"^{re.escape(place)}"):
        expression(data, switch, read)

"""Every operator on operands that it takes and on those that it refuses, and what statements make of the answers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from blocks.query import parse_statement
from blocks.query.operators import BINARY, UNARY
from engine.errors import EvaluationEngineError, UndeclaredSymbolError
from tests.blocks.query.samples import NOTHING, PAIR, binary, dynamic, group, op, static, unary

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]

TWO_OPERANDS: list[tuple[Any, str, Any, bool]] = [
    (1, "==", 1.0, True),
    (None, "==", None, True),
    (np.array([1, 2]), "==", np.array([1, 2]), True),
    ("a", "==", "b", False),
    (1, "(Number) ==", 1.0, True),
    ("a", "(Number) ==", "b", False),
    ("a", "!=", 1, True),
    ([1], "!=", [1], False),
    ("a", "(Number) !=", 1, True),
    ([1], "(Number) !=", [1], False),
    (2, "(Number) >", 1.5, True),
    (2, "(Number) >", 2, False),
    (2, "(Number) >=", 2, True),
    (1.9, "(Number) >=", 2, False),
    (1, "(Number) <", 2, True),
    (2, "(Number) <", 2, False),
    (2, "(Number) <=", np.float32(2), True),
    (2.1, "(Number) <=", 2, False),
    (2, "(Number) in range", [2, 3], True),
    (3, "(Number) in range", (2, 3), True),
    (3.1, "(Number) in range", (2, 3), False),
    ("plate", "(String) startsWith", "pl", True),
    ("plate", "(String) startsWith", "la", False),
    ("plate", "(String) endsWith", "te", True),
    ("plate", "(String) endsWith", "pl", False),
    ("plate", "(String) contains", "lat", True),
    ("plate", "(String) contains", "x", False),
    ("a", "in (Sequence)", ["a", "b"], True),
    (1, "in (Sequence)", ["1"], False),
    ([1], "in (Sequence)", ["a", [1]], True),
    ("a", "in (Sequence)", {"a": 1}, True),
    ("at", "in (Sequence)", "plate", True),
    (["x", "b"], "any in (Sequence)", ["a", "b"], True),
    (["x", "y"], "any in (Sequence)", ["a", "b"], False),
    ([], "any in (Sequence)", ["a"], False),
    ("ab", "any in (Sequence)", ["a", "ab"], True),
    ("ab", "any in (Sequence)", ["a", "b"], False),
    (["cat", "dog"], "any in (Sequence)", "dog", True),
    ([[1], "x"], "any in (Sequence)", ["a", [1]], True),
    (["a", [1]], "all in (Sequence)", [[1], "a", "b"], True),
    ([np.float32(0.1)], "any in (Sequence)", [float(np.float32(0.1))], True),
    ([1, 2], "in (Sequence)", [np.array([1, 2])], True),
    (["a", "b"], "all in (Sequence)", ["b", "a", "c"], True),
    (["a", "x"], "all in (Sequence)", ["a", "b"], False),
    ([], "all in (Sequence)", [], True),
    ((5, 5), "(Detection) in zone", SQUARE, True),
    ([9.9, 0.1], "(Detection) in zone", SQUARE, True),
    ((10, 5), "(Detection) in zone", SQUARE, False),
    ((0, 0), "(Detection) in zone", SQUARE, False),
    ((11, 5), "(Detection) in zone", np.array(SQUARE), False),
]

ONE_OPERAND: list[tuple[str, Any, bool]] = [
    ("Exists", 0, True),
    ("Exists", None, False),
    ("DoesNotExist", None, True),
    ("DoesNotExist", "", False),
    ("(Boolean) is True", True, True),
    ("(Boolean) is True", np.True_, True),
    ("(Boolean) is True", 1, False),
    ("(Boolean) is False", False, True),
    ("(Boolean) is False", 0, False),
    ("(Boolean) is False", None, False),
    ("(Sequence) is empty", [], True),
    ("(Sequence) is empty", NOTHING, True),
    ("(Sequence) is empty", PAIR, False),
    ("(Sequence) is not empty", "x", True),
    ("(Sequence) is not empty", {}, False),
]

REFUSED: list[tuple[Any, str, Any, str]] = [
    ("1", "(Number) >", 1, "takes a number and a number, got str and int"),
    (1, "(Number) <=", None, "got int and NoneType"),
    (1, "(Number) in range", [1, 2, 3], "too many values"),
    (1, "(Number) in range", ["a", "b"], "limits are not numbers"),
    (1, "(Number) in range", 1, "a pair of numbers"),
    (1, "(String) contains", "1", "takes text and text"),
    ("a", "in (Sequence)", 5, "a list, a dictionary or text, got str and int"),
    (1, "in (Sequence)", "text", "cannot compare int and str"),
    (1, "any in (Sequence)", [1], "got int and list"),
    (1, "all in (Sequence)", [1], "got int and list"),
    (PAIR, "(Detection) in zone", SQUARE, "a point and a zone, got Detections"),
    ((1, 2, 3), "(Detection) in zone", SQUARE, "too many values"),
    ((1, 2), "(Detection) in zone", SQUARE[:2], "at least three points"),
    ((1, 2), "(Detection) in zone", ["a", "b", "c"], "could not convert"),
    ([np.array([1, 2])], "==", [np.array([1, 2])], "ambiguous"),
]


def test_every_operator_has_a_case() -> None:
    """One where it holds, and one where it does not."""
    seen = {(name, answer) for _, name, _, answer in TWO_OPERANDS}
    seen |= {(name, answer) for name, _, answer in ONE_OPERAND}
    assert seen == {(name, answer) for name in (*BINARY, *UNARY) for answer in (True, False)}


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(("left", "comparator", "right", "expected"), TWO_OPERANDS)
def test_two_operands(left: Any, comparator: str, right: Any, expected: bool, negate: bool) -> None:
    statement = parse_statement(group(binary(dynamic("left"), comparator, static(right), negate)))
    assert statement({"left": left}) is (expected is not negate)


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(("operator", "value", "expected"), ONE_OPERAND)
def test_one_operand(operator: str, value: Any, expected: bool, negate: bool) -> None:
    statement = parse_statement(group(unary(static(value), operator, negate)))
    assert statement({}) is (expected is not negate)


@pytest.mark.parametrize(("left", "comparator", "right", "message"), REFUSED)
def test_operands_that_cannot_be_compared(left: Any, comparator: str, right: Any, message: str) -> None:
    statement = parse_statement(group(binary(static(left), comparator, static(right))), at="condition")
    with pytest.raises(EvaluationEngineError, match=message) as caught:
        statement({})
    assert str(caught.value).startswith(f"condition.statements[0]: {comparator} ")


MANY = [f"name {number}" for number in range(100_000)]


@pytest.mark.parametrize(("comparator", "expected"), [("any in (Sequence)", False), ("all in (Sequence)", False)])
@pytest.mark.parametrize("pool", [MANY, tuple(MANY), dict.fromkeys(MANY)], ids=["list", "tuple", "dictionary"])
def test_long_lists_are_compared_in_no_time(comparator: str, expected: bool, pool: Any) -> None:
    statement = parse_statement(group(binary(dynamic("left"), comparator, dynamic("pool"))))
    start = time.perf_counter()
    assert statement({"left": list(map(str.upper, MANY)), "pool": pool}) is expected
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(("left", "pool"), [(MANY, [*MANY, [1]]), ([*MANY, [1]], MANY), (MANY, "x" * 100_000)])
def test_lists_that_would_take_minutes_are_refused(left: Any, pool: Any) -> None:
    for comparator in ("any in (Sequence)", "all in (Sequence)"):
        with pytest.raises(
            EvaluationEngineError, match=r"^condition_statement\.statements\[0\]: 10000\d values cannot be compared"
        ):
            parse_statement(group(binary(dynamic("left"), comparator, dynamic("pool"))))({"left": left, "pool": pool})


def test_something_without_a_length_is_not_asked_whether_it_is_empty() -> None:
    with pytest.raises(EvaluationEngineError, match="something with a length, got int"):
        parse_statement(group(unary(static(3), "(Sequence) is empty")))({})


TRUE, FALSE = unary(static(None), "DoesNotExist"), unary(static(None), "Exists")

GROUPS: list[tuple[dict[str, Any], bool]] = [
    (group(TRUE, FALSE, operator="and"), False),
    (group(TRUE, TRUE, operator="and"), True),
    (group(TRUE, FALSE, operator="or"), True),
    (group(FALSE, FALSE, operator="or"), False),
    ({"type": "StatementGroup", "statements": [FALSE, TRUE]}, True),
    (group(group(TRUE, FALSE, operator="or"), TRUE, operator="and"), True),
]


@pytest.mark.parametrize(("json", "expected"), GROUPS)
def test_groups(json: dict[str, Any], expected: bool) -> None:
    assert parse_statement(json)({}) is expected


@pytest.mark.parametrize("operator", ["and", "or"])
def test_all_statements_are_evaluated(operator: str) -> None:
    broken = binary(dynamic("absent"), "==", static(1))
    for first in (TRUE, FALSE):
        with pytest.raises(UndeclaredSymbolError, match=r"statements\[1\]\.left_operand: .*'absent'"):
            parse_statement(group(first, broken, operator=operator))({})


def test_a_truth_value_of_numpy_in_a_list_is_a_truth_value() -> None:
    first = dynamic("x", op("SequenceAggregate", mode="first"))
    assert parse_statement(group(unary(first, "(Boolean) is True")))({"x": [np.True_]})


def test_both_operands_are_worked_on_first() -> None:
    left = dynamic("_", op("SequenceLength"))
    right = static("2", op("ToNumber", cast_to="int"))
    statement = parse_statement(group(binary(left, "(Number) >=", right)))
    assert [statement({"_": value}) for value in (PAIR, NOTHING, [1, 2, 3])] == [True, False, True]

"""What is refused before anything runs, and where it is said to be."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.query import parse_operations, parse_statement
from blocks.query.parse import MAX_DEPTH, MAX_PARTS
from engine.errors import OperationTypeNotRecognisedError, WorkflowSyntaxError
from tests.blocks.query.samples import binary, dynamic, group, keep, of_row, op, static, unary

GOOD = binary(of_row("size"), "(Number) >", static(1))

REFUSED: list[tuple[Any, str]] = [
    (None, "operations: takes a list of operations, got NoneType."),
    ({"type": "ToString"}, "operations: takes a list of operations, got dict."),
    (["ToString"], "operations[0]: takes an object, got str."),
    ([{}], "operations[0].type: is missing."),
    ([{"type": 5}], "operations[0].type: is text, got 5."),
    ([op("ToString", upper=True)], "operations[0].upper: ToString has nothing of this name."),
    (
        [op("StringSubSequence", strat=1)],
        "operations[0].strat: StringSubSequence has nothing of this name. Did you mean 'start'?",
    ),
    ([op("ToString"), op("NumberRound")], "operations[1].decimal_digits: is missing; NumberRound needs it."),
    (
        [op("NumberRound", decimal_digits=1000)],
        "operations[0].decimal_digits: input should be less than or equal to 300, got 1000.",
    ),
    (
        [{"type": "DetectionsShift", "shift_x": 1e300, "shift_y": 0}],
        "operations[0].shift_x: input should be less than or equal to 1000000000, got 1e+300.",
    ),
    ([op("NumberRound", decimal_digits="two")], "operations[0].decimal_digits: input should be a valid integer"),
    ([op("ToNumber", cast_to="bool")], "operations[0].cast_to: input should be 'int' or 'float', got 'bool'."),
    ([op("Multiply", other=float("inf"))], "operations[0].other: input should be a finite number, got inf."),
    ([op("Multiply", other=None)], "operations[0].other: input should be a valid integer, got None."),
    ([op("ConvertImageToJPEG", compression_level=101)], "operations[0].compression_level: input should be less"),
    ([op("DetectionsPropertyExtract", property_name="colour")], "operations[0].property_name: input should be"),
    ([op("StringMatches", regex="(")], "operations[0].regex: not a regular expression: missing )"),
    ([op("StringMatches", regex=5)], "operations[0].regex: a regular expression is text, got 5."),
    ([op("SequenceApply", operations={})], "operations[0].operations: input should be a valid list, got {}."),
    ([op("SequenceApply", operations=[1])], "operations[0].operations[0]: takes an object, got int."),
    ([op("DetectionsFilter", filter_operation=[])], "operations[0].filter_operation: input should be a valid dict"),
    (
        [op("DetectionsFilter", filter_operation=GOOD)],
        "operations[0].filter_operation: 'BinaryStatement' is no group of statements.",
    ),
    ([keep()], "operations[0].filter_operation.statements: takes a list of at least one statement."),
    ([keep(GOOD, operator="xor")], "operations[0].filter_operation.operator: is 'and' or 'or', got 'xor'."),
    (
        [op("ToString"), keep(binary(of_row("size"), "(Number) >>", static(1)))],
        "operations[1].filter_operation.statements[0].comparator: '(Number) >>' is no comparator. "
        "Did you mean '(Number) >'?",
    ),
    (
        [keep({**GOOD, "comparator": {"type": "==", "strict": True}})],
        "operations[0].filter_operation.statements[0].comparator.strict: == has nothing of this name.",
    ),
    (
        [keep({**GOOD, "comparator": "=="})],
        "operations[0].filter_operation.statements[0].comparator: takes an object, got str.",
    ),
    (
        [keep(unary(of_row("size"), "Exist"))],
        "operations[0].filter_operation.statements[0].operator: 'Exist' is no operator. Did you mean 'Exists'?",
    ),
    (
        [keep(unary(of_row("size"), "=="))],
        "operations[0].filter_operation.statements[0].operator: '==' is no operator.",
    ),
    ([keep({**GOOD, "negate": "no"})], "operations[0].filter_operation.statements[0].negate: is true or false, got"),
    (
        [keep({**GOOD, "type": "BinaryStatment"})],
        "operations[0].filter_operation.statements[0]: 'BinaryStatment' is no statement. Did you mean",
    ),
    (
        [keep({"type": "UnaryStatement", "operator": {"type": "Exists"}})],
        "operations[0].filter_operation.statements[0].operand: is missing; UnaryStatement needs it.",
    ),
    (
        [keep(binary({"type": "StaticOperand"}, "==", static(1)))],
        "operations[0].filter_operation.statements[0].left_operand.value: is missing; StaticOperand needs it.",
    ),
    (
        [keep(binary({"type": "Operand"}, "==", static(1)))],
        "operations[0].filter_operation.statements[0].left_operand: 'Operand' is no operand.",
    ),
    (
        [keep(binary({"type": "DynamicOperand", "operand_name": 1}, "==", static(1)))],
        "operations[0].filter_operation.statements[0].left_operand.operand_name: is text, got 1.",
    ),
    (
        [keep(binary(static(1), "==", static(1, op("NumberRound"))))],
        "operations[0].filter_operation.statements[0].right_operand.operations[0].decimal_digits: is missing",
    ),
]


@pytest.mark.parametrize(("json", "message"), REFUSED)
def test_refusals_say_where(json: Any, message: str) -> None:
    with pytest.raises(WorkflowSyntaxError) as caught:
        parse_operations(json)
    assert str(caught.value).startswith(message)


def test_an_unknown_operation_is_told_from_other_errors() -> None:
    json = [op("SequenceApply", operations=[op("ToString"), op("NumberRond", decimal_digits=1)])]
    with pytest.raises(OperationTypeNotRecognisedError) as caught:
        parse_operations(json, at="data_operations.x")
    assert str(caught.value) == (
        "data_operations.x[0].operations[1]: there is no operation 'NumberRond'. Did you mean 'NumberRound'?"
    )


def test_long_values_are_cut_in_messages() -> None:
    for step in (op("ToNumber", cast_to="x" * 10_000), op("ToString", **{"x" * 10_000: 1}), op("x" * 10_000)):
        with pytest.raises((WorkflowSyntaxError, OperationTypeNotRecognisedError)) as caught:
            parse_operations([step])
        assert len(str(caught.value)) < 250


def test_a_group_that_stands_alone_is_named_by_its_property() -> None:
    with pytest.raises(WorkflowSyntaxError, match=r"^condition_statement\.statements\[1\]: takes an object"):
        parse_statement(group(GOOD, "broken"), at="condition_statement")  # type: ignore[arg-type]


def nested_operations(levels: int) -> list[dict[str, Any]]:
    found = [op("ToString")]
    for _ in range(levels - 1):
        found = [op("SequenceApply", operations=found)]
    return found


def nested_groups(levels: int) -> dict[str, Any]:
    found = group(unary(static(1), "Exists"))
    for _ in range(levels - 2):
        found = group(found)
    return found


def nested_operands(levels: int) -> list[dict[str, Any]]:
    """A filter within an operand of a filter within ..., each of which is two levels."""
    found: list[dict[str, Any]] = []
    for _ in range(levels // 2):
        found = [keep(unary(dynamic("more", *found), "Exists"))]
    return found


def test_nesting_is_bounded() -> None:
    parse_operations(nested_operations(MAX_DEPTH))
    parse_statement(nested_groups(MAX_DEPTH))
    for levels in (MAX_DEPTH + 1, 300):
        with pytest.raises(WorkflowSyntaxError, match="nested more than 32 levels deep"):
            parse_operations(nested_operations(levels))
        with pytest.raises(WorkflowSyntaxError, match="nested more than 32 levels deep"):
            parse_statement(nested_groups(levels))
        with pytest.raises(WorkflowSyntaxError, match="nested more than 32 levels deep"):
            parse_operations(nested_operands(2 * levels))


def test_the_number_of_parts_is_bounded_wherever_they_stand() -> None:
    assert len(parse_operations([op("ToString")] * MAX_PARTS).steps) == MAX_PARTS
    with pytest.raises(WorkflowSyntaxError, match="at most 1000"):
        parse_operations([op("ToString")] * (MAX_PARTS + 1))
    with pytest.raises(WorkflowSyntaxError, match="at most 1000"):
        parse_operations([op("SequenceApply", operations=[op("ToString")] * 600)] * 2)
    with pytest.raises(WorkflowSyntaxError, match="at most 1000"):
        parse_statement(group(*[unary(static(1), "Exists")] * MAX_PARTS))

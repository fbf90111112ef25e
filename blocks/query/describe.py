"""The query language, said so that an editor can offer its operations and operators."""

from __future__ import annotations

from typing import Any

from blocks.query.operation import Operation
from blocks.query.operations import OPERATIONS
from blocks.query.operators import BINARY, UNARY, Operator


def describe() -> dict[str, Any]:
    """All operations and all operators, in the form of the describe endpoint.

    Each operation carries the JSON schema of its parameters, which the contract does not ask for.
    """
    return {
        "operations_description": [_operation(operation) for operation in OPERATIONS.values()],
        "operators_descriptions": [_operator(operator) for operator in (*BINARY.values(), *UNARY.values())],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operation_type": operation.type,
        "compound": bool(operation.nested),
        "input_kind": list(operation.takes.kinds),
        "output_kind": list(operation.gives),
        "description": operation.summary,
        "parameters_schema": operation.model.model_json_schema(),
    }
    for nested in operation.nested.values():
        found["nested_operation_input_kind"] = list(nested.takes)
        found["nested_operation_output_kind"] = list(nested.gives)
    if operation.property_names:
        found["property_name_options"] = list(operation.property_names)
    return found


def _operator(operator: Operator) -> dict[str, Any]:
    return {
        "operator_type": operator.type,
        "operands_number": len(operator.operands),
        "operands_kinds": [list(takes.kinds) for takes in operator.operands],
        "description": operator.summary,
    }

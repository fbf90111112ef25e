"""From JSON to operations and statements; all that can be wrong with them is found here, with its position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationError

from blocks.query.operation import Operation, Operations, Step, clipped, did_you_mean
from blocks.query.operations import OPERATIONS
from blocks.query.operators import BINARY, UNARY, Operator
from blocks.query.statements import CURRENT, Comparison, Group, Operand, Statement
from engine.errors import OperationTypeNotRecognisedError, WorkflowSyntaxError
from engine.values.shape import Fixed

MAX_DEPTH = 32
MAX_PARTS = 1000
"""The most operations and statements, nested ones included."""


def parse_operations(json: Any, at: str = "operations") -> Operations:
    """A chain of operations, checked and ready to run.

    Args:
        json: the list as it stands in a workflow.
        at: the name of the property that holds it, with which positions in messages begin.

    Raises:
        OperationTypeNotRecognisedError: an operation of an unknown type.
        WorkflowSyntaxError: anything else that is wrong, with its position.
    """
    return _Parser().operations(json, at, 1)


def parse_statement(json: Any, at: str = "condition_statement") -> Statement:
    """A group of statements, checked and ready to be asked; arguments and errors as of `parse_operations`."""
    return _Parser().group(json, at, 1)


Query = Fixed[Annotated[Operations, PlainValidator(parse_operations, json_schema_input_type=list[dict[str, Any]])]]
"""The annotation of a block's parameter `operations`, a list of operations."""

Condition = Fixed[Annotated[Statement, PlainValidator(parse_statement, json_schema_input_type=dict[str, Any])]]
"""The annotation of a block's parameter `condition_statement`, a group of statements."""


def queries(at: str) -> PlainValidator:
    """Written into the annotation of a block's parameter that holds lists of operations by name.

    Args:
        at: the name of the parameter, with which positions in messages begin.
    """

    def parse(json: Any) -> dict[str, Operations]:
        if not isinstance(json, dict):
            raise _wrong(at, f"takes an object of lists of operations, got {type(json).__name__}")
        return {name: parse_operations(chain, f"{at}[{_shown(name)}]") for name, chain in json.items()}

    return PlainValidator(parse, json_schema_input_type=dict[str, list[dict[str, Any]]])


class _Parser:
    """One pass over one document; counts what it has seen."""

    def __init__(self) -> None:
        self._parts = 0
        self._unsteady = 0

    def operations(self, json: Any, at: str, depth: int) -> Operations:
        if not isinstance(json, list):
            raise _wrong(at, f"takes a list of operations, got {type(json).__name__}")
        return Operations(tuple(self._step(item, f"{at}[{number}]", depth) for number, item in enumerate(json)))

    def group(self, json: Any, at: str, depth: int) -> Group:
        self._enter(at, depth)
        _type(json, at, "group of statements", ("StatementGroup",))
        fields = _fields(json, at, ("statements",), {"operator": "or"})
        statements = fields["statements"]
        if not isinstance(statements, list) or not statements:
            raise _wrong(f"{at}.statements", "takes a list of at least one statement")
        if fields["operator"] not in ("and", "or"):
            raise _wrong(f"{at}.operator", f"is 'and' or 'or', got {_shown(fields['operator'])}")
        members = (self._statement(item, f"{at}.statements[{n}]", depth + 1) for n, item in enumerate(statements))
        return Group(tuple(members), every=fields["operator"] == "and")

    def _enter(self, at: str, depth: int) -> None:
        """Count one operation or statement more."""
        if depth > MAX_DEPTH:
            raise _wrong(at, f"is nested more than {MAX_DEPTH} levels deep")
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _wrong(at, f"is one too many: a query has at most {MAX_PARTS} operations and statements")

    def _step(self, json: Any, at: str, depth: int) -> Step:
        self._enter(at, depth)
        name = _named_type(json, at)
        operation = OPERATIONS.get(name)
        if operation is None:
            raise OperationTypeNotRecognisedError(
                f"{at}: there is no operation {_shown(name)}.", hint=did_you_mean(name, OPERATIONS)
            )
        self._unsteady += not operation.steady
        arguments = _arguments(operation, json, at)
        for key, nested in operation.nested.items():
            parse = self.operations if nested.language == "operations" else self.group
            arguments[key] = parse(json[key], f"{at}.{key}", depth + 1)
        return Step(operation, arguments, f"{at} ({name})")

    def _statement(self, json: Any, at: str, depth: int) -> Statement:
        found = _type(json, at, "statement", ("StatementGroup", "BinaryStatement", "UnaryStatement"))
        if found == "StatementGroup":
            return self.group(json, at, depth)
        self._enter(at, depth)
        if found == "BinaryStatement":
            return self._comparison(json, at, depth, "comparator", BINARY, ("left_operand", "right_operand"))
        return self._comparison(json, at, depth, "operator", UNARY, ("operand",))

    def _comparison(
        self, json: Any, at: str, depth: int, key: str, operators: Mapping[str, Operator], sides: tuple[str, ...]
    ) -> Comparison:
        fields = _fields(json, at, (*sides, key), {"negate": False})
        if not isinstance(fields["negate"], bool):
            raise _wrong(f"{at}.negate", f"is true or false, got {_shown(fields['negate'])}")
        found = _type(fields[key], f"{at}.{key}", key, operators)
        _fields(fields[key], f"{at}.{key}", (), {})
        operands = (self._operand(fields[side], f"{at}.{side}", depth) for side in sides)
        return Comparison(operators[found], tuple(operands), fields["negate"], at)

    def _operand(self, json: Any, at: str, depth: int) -> Operand:
        if _type(json, at, "operand", ("StaticOperand", "DynamicOperand")) == "StaticOperand":
            fields = {**_fields(json, at, ("value",), {"operations": []}), "operand_name": None}
        else:
            fields = {**_fields(json, at, (), {"operand_name": CURRENT, "operations": []}), "value": None}
            if not isinstance(fields["operand_name"], str):
                raise _wrong(f"{at}.operand_name", f"is text, got {_shown(fields['operand_name'])}")
        before = self._unsteady
        operations = self.operations(fields["operations"], f"{at}.operations", depth + 1)
        return Operand(fields["operand_name"], fields["value"], operations, self._unsteady == before, at)


def _arguments(operation: Operation, json: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The parameters of an operation, checked by its model."""
    given = {name: value for name, value in json.items() if name != "type"}
    try:
        checked = operation.model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        name = str(found["loc"][0])
        if found["type"] == "extra_forbidden":
            raise _unknown(at, name, operation.type, operation.model.model_fields) from error
        if found["type"] == "missing":
            raise _wrong(f"{at}.{name}", f"is missing; {operation.type} needs it") from error
        message = found["msg"].removeprefix("Value error, ")
        raise _wrong(f"{at}.{name}", f"{message[0].lower()}{message[1:]}, got {_shown(found['input'])}") from error
    return {name: getattr(checked, name) for name in operation.model.model_fields}


def _type(json: Any, at: str, what: str, known: Iterable[str]) -> str:
    """The `type` of an object, which has to be a known one."""
    found = _named_type(json, at)
    if found not in known:
        raise _wrong(at, f"{_shown(found)} is no {what}", did_you_mean(found, known))
    return found


def _named_type(json: Any, at: str) -> str:
    if not isinstance(json, dict):
        raise _wrong(at, f"takes an object, got {type(json).__name__}")
    if not isinstance(json.get("type"), str):
        raise _wrong(f"{at}.type", f"is text, got {_shown(json['type'])}" if "type" in json else "is missing")
    found: str = json["type"]
    return found


def _fields(json: dict[str, Any], at: str, required: tuple[str, ...], optional: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an object, with those filled in that it leaves out."""
    known = ("type", *required, *optional)
    for name in json:
        if name not in known:
            raise _unknown(at, name, json["type"], known)
    for name in required:
        if name not in json:
            raise _wrong(f"{at}.{name}", f"is missing; {json['type']} needs it")
    return {**optional, **json}


def _unknown(at: str, name: Any, type: str, known: Iterable[str]) -> WorkflowSyntaxError:
    return _wrong(f"{at}.{clipped(name)}", f"{type} has nothing of this name", did_you_mean(str(name), known))


def _wrong(at: str, what: str, hint: str | None = None) -> WorkflowSyntaxError:
    return WorkflowSyntaxError(f"{at}: {what}.", hint=hint)


def _shown(value: Any) -> str:
    return clipped(repr(value))

"""Operations on text."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainValidator

from blocks.query.evaluation import Evaluation
from blocks.query.operation import operation
from blocks.query.pattern import Search, compile_pattern
from blocks.query.takes import TEXT


@operation("StringToLowerCase", TEXT, gives=("string",))
def lower_case(text: str) -> str:
    """Turn all letters into small ones."""
    return text.lower()


@operation("StringToUpperCase", TEXT, gives=("string",))
def upper_case(text: str) -> str:
    """Turn all letters into capitals."""
    return text.upper()


@operation("StringSubSequence", TEXT, gives=("string",))
def part(text: str, start: int = 0, end: int = -1) -> str:
    """Take the characters from `start` up to but not including `end`; negative positions count from the end."""
    return text[start:end]


@operation("StringMatches", TEXT, gives=("boolean",))
def matches(
    text: str,
    regex: Annotated[Search, PlainValidator(compile_pattern, json_schema_input_type=str)],
    *,
    evaluation: Evaluation,
) -> bool:
    """Say whether a regular expression is found anywhere in a text."""
    return evaluation.search(regex, text)

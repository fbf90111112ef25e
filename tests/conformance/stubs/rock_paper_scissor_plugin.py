"""Blocks of a game."""

from __future__ import annotations

from typing import Any, TypedDict

from engine.block import block
from engine.kinds import Anything
from engine.values.shape import Fixed


class Output(TypedDict):
    """A value."""

    output: Anything


@block("ExpressionTestBlock")
def expression_test(output: Fixed[Any], data: dict[str, Anything] = {}) -> Output:
    """A literal for each row of its data; code, which the corpus never runs, is not run here either."""
    if isinstance(output, dict):
        raise TypeError("this stub gives literals, and runs no code of the corpus")
    return {"output": output}


@block("TakeFirstNonEmpty")
def take_first_non_empty(inputs: list[Anything | None] = []) -> Output:
    """The first value that is there."""
    return {"output": next((value for value in inputs if value is not None), None)}

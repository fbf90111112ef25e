"""A block: a function whose signature is its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar

from engine.fault import BlockError
from engine.read_signature import read_signature
from engine.signature import Output, Parameter, Signature

P = ParamSpec("P")
R = TypeVar("R")

OutputsOf = Callable[[Mapping[str, Any]], Mapping[str, tuple[str, ...]]]
"""Given the literals of a step, what outputs it has besides the declared ones: by name, the kinds of each."""


@dataclass(frozen=True)
class Block(Generic[P, R]):
    """One type of step.

    Attributes:
        type: its canonical identifier, such as `roboflow_core/dynamic_crop@v1`.
        aliases: identifiers that are equally valid.
        function: does the work. To call the block is to call it.
        more_outputs: for blocks whose outputs depend on how they are configured.
    """

    type: str
    aliases: tuple[str, ...]
    function: Callable[P, R]
    more_outputs: OutputsOf | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, outside of any workflow."""
        return self.function(*args, **kwargs)

    @cached_property
    def signature(self) -> Signature:
        """What the function's signature says."""
        return read_signature(self.function)

    def outputs(self, literals: Mapping[str, Any]) -> Mapping[str, Output]:
        """The outputs of a step with these literal arguments."""
        if self.more_outputs is None:
            return self.signature.outputs
        more = self.more_outputs(literals)
        return {**self.signature.outputs, **{name: Output(name, kinds) for name, kinds in more.items()}}

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every valid `type`, the canonical one first."""
        return (self.type, *self.aliases)

    @property
    def category(self) -> str:
        """The folder that the block lives in; for one that lives in none, its module."""
        *_, folder, module = ("", *self.function.__module__.split("."))
        return folder or module

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


def block(
    type: str, *, aliases: tuple[str, ...] = (), outputs: OutputsOf | None = None
) -> Callable[[Callable[P, R]], Block[P, R]]:
    """Make a function a block that workflows know as `type`."""

    def wrap(function: Callable[P, R]) -> Block[P, R]:
        return Block(type, aliases, function, outputs)

    return wrap


AnyBlock = Block[..., Any]


@dataclass(frozen=True, slots=True)
class NamedBlock:
    """A block under the name of a step: what steps have in common before and after they are compiled."""

    name: str
    block: AnyBlock

    def blame(self, parameter: Parameter | None = None, details: str | None = None) -> tuple[BlockError, ...]:
        """Where an error points that is about this step, or about one parameter of it."""
        return (
            BlockError(
                block_id=self.name,
                block_type=self.block.type,
                property_name=parameter.name if parameter else None,
                property_details=details,
            ),
        )

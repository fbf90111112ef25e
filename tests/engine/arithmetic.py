"""Small blocks that the tests of the engine wire together."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from annotated_types import Ge

from blocks.python.block import python_blocks
from blocks.python.workers import Workers
from engine.block import block
from engine.engine import Engine
from engine.errors import ModelNotFoundError
from engine.guard.limits import Limits, SourcePolicy
from engine.kinds import Anything, Image
from engine.registry import Registry
from engine.state import State
from engine.values.shape import (
    MISSING,
    Batch,
    Each,
    Fixed,
    Gathered,
    Missing,
    NextSteps,
    Passage,
    StepsByCase,
    Wired,
)
from engine.wire.read_image import ImageLoader


class Value(TypedDict):
    """One value."""

    value: Anything


class Values(TypedDict):
    """Values one level deeper."""

    values: Each[Anything | Missing]


class Dropped(TypedDict):
    """One value that may be missing."""

    value: Anything | Missing


class Pairs(TypedDict):
    """Two values, one level deeper."""

    low: Each[Anything]
    high: Each[Anything | Missing]


class Number(TypedDict):
    """One whole number, by kind."""

    number: int


@block("test/add@v1", aliases=("Add",))
def add(a: int, b: Annotated[int, Ge(0)] = 1) -> Number:
    """Add two numbers."""
    return {"number": a + b}


@block("test/same@v1")
def same(value: Wired[Anything]) -> Value:
    """Hand a value through."""
    return {"value": value}


@block("test/explode@v1")
def explode(count: Anything) -> Values:
    """Count up to a number; odd numbers go missing."""
    return {"values": [MISSING if index % 2 else index for index in range(count)]}


@block("test/spread@v1")
def spread(items: Anything) -> Values:
    """The members of a list."""
    return {"values": list(items)}


@block("test/gather@v1")
def gather(values: Gathered[Anything]) -> Value:
    """All values of one parent."""
    return {"value": values}


@block("test/join@v1")
def join(one: Anything, many: Gathered[Anything]) -> Value:
    """A value and all values one level below it."""
    return {"value": (one, many)}


@block("test/total@v1")
def total(values: Batch[Anything], offset: int = 0) -> list[Value]:
    """Every value with the sum of the whole batch."""
    return [{"value": (value, sum(values) + offset)} for value in values]


@block("test/either@v1")
def either(value: Anything | None, default: Fixed[str] = "none") -> Value:
    """A value, or a default where it is missing."""
    return {"value": default if value is None else value}


@block("test/pack@v1")
def pack(items: list[Anything], named: dict[str, Anything] = {}) -> Value:
    """A list and a dict of values."""
    return {"value": {"items": items, **named}}


@block("test/size@v1")
def size(images: Image) -> Value:
    """The size and the name of a picture."""
    return {"value": (images.id, images.width, images.height)}


@block("test/fail@v1")
def fail(value: Anything, how: str = "crash") -> Value:
    """Fail in a way."""
    if how == "caller":
        raise ModelNotFoundError("There is no model 'x/1'.")
    if how == "shape":
        return {"wrong": value}  # type: ignore[typeddict-item, typeddict-unknown-key]
    raise ZeroDivisionError("internals that nobody should see")


@block("test/odd@v1")
def odd(value: Anything, next_steps: NextSteps) -> Passage:
    """Let odd numbers pass."""
    return Passage(next_steps if value % 2 else [])


@block("test/choose@v1")
def choose(value: Anything, cases: StepsByCase) -> Passage:
    """Let the step of a value pass."""
    return Passage([cases[value]] if value in cases else [])


@block("test/never@v1")
def never(next_steps: NextSteps, value: Anything = None) -> Passage:
    """Let nothing pass."""
    return Passage([])


@block("test/remember@v1")
def remember(value: Anything, *, state: State) -> Value:
    """All values that the step has seen."""
    seen: list[Any] = state.of("", list)
    seen.append(value)
    return {"value": list(seen)}


@block("test/drop@v1")
def drop(value: Anything) -> Dropped:
    """Hand a value through, unless it is 0, empty or None."""
    return {"value": value or MISSING}


@block("test/tell@v1")
def tell(value: Anything) -> Value:
    """Tell what came, so that None is told from nothing."""
    return {"value": ("got", value)}


@block("test/halve@v1")
def halve(number: int) -> Value:
    """Half of a number; None for an odd one, which is a value and not missing."""
    return {"value": None if number % 2 else number // 2}


@block("test/pairs@v1")
def pairs(count: Anything) -> Pairs:
    """Count up to a number, twice; of the second count, odd numbers go missing."""
    return {
        "low": list(range(count)),
        "high": [MISSING if index % 2 else index + 10 for index in range(count)],
    }


@block("test/chunks@v1")
def chunks(counts: Batch[Anything]) -> list[Values]:
    """Count up to every number of the batch; numbers that are as large as the batch go missing."""
    size = len(counts)
    return [{"values": [MISSING if index == size else index for index in range(count)]} for count in counts]


@block("test/weave@v1")
def weave(left: Gathered[Anything], right: Gathered[Anything | None], one: Anything = "none") -> Value:
    """Two lists of values one level below another; of the second, missing members are seen."""
    return {"value": (one, left, right)}


@block("test/present@v1")
def present(values: Batch[Anything | None], shift: Anything = 0) -> list[Value]:
    """Every value, missing ones too, with its place in the batch."""
    return [{"value": (value, place + shift)} for place, value in enumerate(values)]


@block("test/some@v1")
def some(items: list[Anything | None]) -> Value:
    """A list of values of which some may be missing."""
    return {"value": items}


@block("test/deepen@v1")
def deepen(value: Anything) -> Value:
    """A list in a list, and so on, as many as a number says."""
    return {"value": boxed(None, value)}


@block("test/misbehave@v1")
def misbehave(value: Anything) -> Values:
    """Return whatever comes."""
    return value  # type: ignore[no-any-return]


@block("test/let@v1")
def let(value: Anything, next_steps: NextSteps | None = None) -> Passage:
    """Let pass whatever comes."""
    return Passage(value)


@block("test/any_odd@v1")
def any_odd(values: Gathered[Anything], next_steps: NextSteps) -> Passage:
    """Let steps pass where one of the values of a parent is odd."""
    return Passage(next_steps if any(value % 2 for value in values) else [])


BLOCKS = (
    *(add, same, explode, spread, gather, join, total, either, pack, size, fail, remember),
    *(drop, tell, halve, pairs, chunks, weave, present, some),
    *(odd, choose, never, any_odd),
    *(deepen, misbehave, let),
)


def engine(python: Workers | None = None) -> Engine:
    """An engine with these blocks alone."""
    images = ImageLoader(Limits(), SourcePolicy())
    return Engine(Registry(iter(BLOCKS), python_blocks(python)), images, {})


def workflow(
    inputs: list[dict[str, Any]], steps: list[dict[str, Any]], outputs: dict[str, str], **extra: Any
) -> dict[str, Any]:
    """A definition; outputs are selectors by their names."""
    fields = [{"type": "JsonField", "name": name, "selector": selector} for name, selector in outputs.items()]
    return {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": fields, **extra}


def batch_input(name: str, depth: int = 1) -> dict[str, Any]:
    """A batch input of any kind."""
    return {"type": "WorkflowBatchInput", "name": name, "dimensionality": depth}


def parameter(name: str, default: Any = None, kind: list[str] | None = None) -> dict[str, Any]:
    """A parameter."""
    return {"type": "WorkflowParameter", "name": name, "default_value": default, "kind": kind or ["*"]}


def step(kind: str, name: str, **arguments: Any) -> dict[str, Any]:
    """A step of one of these blocks."""
    return {"type": f"test/{kind}@v1", "name": name, **arguments}


def boxed(value: Any, levels: int) -> Any:
    """A value in a list in a list, and so on."""
    for _ in range(levels):
        value = [value]
    return value

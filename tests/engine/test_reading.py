"""Values are checked before a block gets them, wherever they stand and whatever their kinds say."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

import pytest
from annotated_types import Ge

from engine.block import block
from engine.engine import Engine
from engine.errors import RuntimeInputError, WorkflowSyntaxError
from engine.guard.limits import Limits, SourcePolicy
from engine.kinds import AnyDetections, Anything, Image
from engine.registry import Registry
from engine.values.detections import Detections
from engine.values.frame import Frame
from engine.values.shape import Batch, Each, Gathered, Wired
from engine.wire.read_image import ImageLoader
from tests.engine.arithmetic import batch_input, parameter, step, workflow


class Seen(TypedDict):
    """What a block got."""

    seen: Anything


class Members(TypedDict):
    """Values one level deeper."""

    members: Each[Anything]


@block("test/members@v1")
def members(items: Anything) -> Members:
    """The members of a list."""
    return {"members": list(items)}


@block("test/heights@v1")
def heights(images: Batch[Image]) -> list[Seen]:
    """The heights of a batch of pictures."""
    return [{"seen": image.height} for image in images]


@block("test/sum@v1")
def add_up(numbers: Gathered[int]) -> Seen:
    """The sum of what lies below."""
    return {"seen": sum(numbers)}


@block("test/join@v1")
def join(words: list[str], named: dict[str, str] = {}) -> Seen:
    """Words in a row."""
    return {"seen": " ".join([*words, *named.values()])}


@block("test/upper@v1")
def upper(word: str) -> Seen:
    """A word in capitals."""
    return {"seen": word.upper()}


@block("test/root@v1")
def root(number: Annotated[float, Ge(0)]) -> Seen:
    """The square root of a number."""
    return {"seen": number**0.5}


@block("test/side@v1")
def side(which: Literal["left", "right"]) -> Seen:
    """One of two."""
    return {"seen": {"left": -1, "right": 1}[which]}


@block("test/repeat@v1")
def repeat(word: str, times: Annotated[float, Ge(0)]) -> Seen:
    """A word, again and again."""
    return {"seen": word * int(times)}


@block("test/repeat_all@v1")
def repeat_all(words: Batch[str], times: Batch[Annotated[float, Ge(0)]]) -> list[Seen]:
    """Words, each again and again."""
    return [{"seen": word * int(count)} for word, count in zip(words, times, strict=True)]


@block("test/count@v1")
def count(sets: Wired[list[AnyDetections]]) -> Seen:
    """How many detections there are in some sets."""
    return {"seen": sum(len(found) for found in sets)}


IMAGES = ImageLoader(Limits(), SourcePolicy())
N, P = batch_input("n"), parameter("p")
K = {**batch_input("k"), "kind": ["float", "string"]}
NOTHING = Detections.empty(Frame("image", 4, 3))


def run(steps: list[dict[str, Any]], selector: str, **inputs: Any) -> list[Any]:
    """What an output shows in every result."""
    engine = Engine(
        Registry(iter((members, heights, add_up, join, upper, count, root, side, repeat, repeat_all))), IMAGES, {}
    )
    plan = engine.plan(workflow([N, P, K], steps, {"o": selector}))
    return [result["o"] for result in engine.run(plan, {"n": 0, "k": 0, **inputs})]


GATHERS = [step("members", "m", items="$inputs.n"), step("sum", "s", numbers="$steps.m.members")]
FITTING: dict[str, tuple[list[dict[str, Any]], dict[str, Any], list[Any]]] = {
    "gathered": (GATHERS, {"n": [[1, 2], [], [3]]}, [3, 0, 3]),
    "gathered from one value": ([step("sum", "s", numbers="$inputs.p")], {"p": 4}, [4]),
    "gathered as it is written": ([step("sum", "s", numbers=[1, 2])], {}, [3]),
    "in a list": ([step("join", "s", words=["$inputs.p", "b"])], {"p": "a"}, ["a b"]),
    "in a dict": ([step("join", "s", words=[], named={"x": "$inputs.n", "y": "b"})], {"n": ["a", "c"]}, ["a b", "c b"]),
    "a list": ([step("join", "s", words="$inputs.p")], {"p": ["a", "b"]}, ["a b"]),
    "a list of detections": ([step("count", "s", sets="$inputs.p")], {"p": [NOTHING]}, [0]),
    "detections in a list": ([step("count", "s", sets=["$inputs.p", "$inputs.p"])], {"p": NOTHING}, [0]),
}
UNFIT: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "a member of a batch": ([step("heights", "s", images="$inputs.n")], {"n": [1, 2]}, "an instance of Image, got 1"),
    "one value for a batch": ([step("heights", "s", images="$inputs.p")], {"p": "x"}, "an instance of Image, got 'x'"),
    "gathered": (GATHERS, {"n": [[1, "x"]]}, "numbers: 1: Input should be a valid integer"),
    "gathered from one value": ([step("sum", "s", numbers="$inputs.p")], {"p": "x"}, "numbers: 0: Input should"),
    "in a list": ([step("join", "s", words=["$inputs.p"])], {"p": 5}, "words: 0: Input should be a valid string"),
    "in a dict": ([step("join", "s", words=[], named={"x": "$inputs.n"})], {"n": 5}, "named: x: Input should be"),
    "written beside a selector": ([step("join", "s", words=["$inputs.p", 5])], {"p": "a"}, "words: 1: Input should"),
    "a list of detections": ([step("count", "s", sets="$inputs.p")], {"p": ["x"]}, "an instance of Detections"),
    "detections in a list": ([step("count", "s", sets=["$inputs.p"])], {"p": {}}, "an instance of Detections"),
    "of one of its kinds only": ([step("root", "s", number="$inputs.k")], {"k": "abc"}, "should be a valid number"),
    "out of bounds": ([step("root", "s", number="$inputs.k")], {"k": [4, -1]}, "greater than or equal to 0, got -1"),
    "none of the choices": ([step("side", "s", which="$inputs.k")], {"k": "top"}, "should be 'left' or 'right'"),
}


@pytest.mark.parametrize("case", FITTING)
def test_what_fits(case: str) -> None:
    steps, inputs, expected = FITTING[case]
    assert run(steps, "$steps.s.seen", **inputs) == expected


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit_is_the_fault_of_the_caller(case: str) -> None:
    steps, inputs, says = UNFIT[case]
    with pytest.raises(RuntimeInputError, match="Step 's'") as caught:
        run(steps, "$steps.s.seen", **inputs)
    assert says in str(caught.value)


@pytest.mark.parametrize(("kind", "word", "times"), [("repeat", "word", "times"), ("repeat_all", "words", "times")])
def test_what_does_not_fit_does_no_harm_where_the_row_is_skipped(kind: str, word: str, times: str) -> None:
    lacks_times = step(kind, "s", **{word: "$inputs.k", times: "$inputs.n"})
    assert run([lacks_times], "$steps.s.seen", k=[1.5, "ab"], n=[None, 2]) == [None, "abab"]
    lacks_word = step(kind, "s", **{word: "$inputs.n", times: "$inputs.k"})
    assert run([lacks_word], "$steps.s.seen", k=[-1, 2], n=[None, "ab"]) == [None, "abab"]


def test_choices_are_of_the_kinds_of_their_values() -> None:
    assert side.signature.parameters["which"].kinds == ("string",)


def test_what_is_gathered_is_written_as_a_list() -> None:
    with pytest.raises(WorkflowSyntaxError, match="numbers: Input should be a valid list"):
        run([step("sum", "s", numbers=5)], "$steps.s.seen")


def test_one_value_is_not_bound_to_several_selectors() -> None:
    child = workflow([parameter("x")], [step("upper", "u", word="$inputs.x")], {"o": "$steps.u.seen"})
    bindings = {"x": ["$inputs.n", "$inputs.n"]}
    inner = {"type": "roboflow_core/inner_workflow@v1", "workflow_definition": child, "parameter_bindings": bindings}
    with pytest.raises(WorkflowSyntaxError, match=r"Step 'w\.u', word: takes one value"):
        run([{**inner, "name": "w"}], "$steps.w.o")

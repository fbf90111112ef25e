"""How much one evaluation of a query may make, whatever its parts are."""

from __future__ import annotations

import time
from hashlib import sha256
from threading import Event, Thread
from typing import Any

import pytest

from blocks.query import evaluation, parse_operations, parse_statement
from blocks.query.evaluation import MAX_CHARACTERS, MAX_ELEMENTS, MAX_SEARCH_SECONDS, Evaluation
from blocks.query.pattern import compile_pattern
from engine.errors import InvalidInputTypeError, OperationError, RoboflowQueryLanguageError
from tests.blocks.query.samples import binary, detections, dynamic, group, keep, of_row, op, static, unary

TEN = op("LookupTable", lookup_table={"a": ["a"] * 10})
ROWS = detections(*[("a", 0.5, (0, 0, 1, 1))] * 10)


def within(levels: int, *operations: dict[str, Any]) -> dict[str, Any]:
    """Operations on each element of each element of ... ."""
    found = list(operations)
    for _ in range(levels):
        found = [op("SequenceApply", operations=found)]
    [step] = found
    return step


def ten_times_as_many(times: int) -> list[dict[str, Any]]:
    return [within(level, TEN) for level in range(times)]


def nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


def refused(operations: list[dict[str, Any]], value: Any, **parameters: Any) -> str:
    """The message with which a query is refused, which has to happen soon."""
    start = time.perf_counter()
    with pytest.raises(RoboflowQueryLanguageError) as caught:
        parse_operations(operations)(value, parameters)
    assert time.perf_counter() - start < 5
    assert isinstance(caught.value, OperationError)
    assert caught.value.context is not None
    return str(caught.value)


def test_a_list_may_not_grow_tenfold_with_every_operation() -> None:
    message = refused(ten_times_as_many(9), "a")
    assert message == (
        "operations[5].operations[0].operations[0].operations[0].operations[0].operations[0] (LookupTable): "
        f"the lists of this query come to more than {MAX_ELEMENTS} elements. Work on shorter lists."
    )


def test_a_text_may_not_double_with_every_operation() -> None:
    doubling = [within(level, op("ToString")) for level in reversed(range(28))]
    assert f"more than {MAX_CHARACTERS} characters" in refused(doubling, nested("\\", 28))


@pytest.mark.parametrize(
    "last",
    [op("ToString"), op("SequenceJoin"), op("SequenceElementsCount")],
    ids=lambda step: str(step["type"]),
)
def test_a_list_that_is_there_many_times_may_not_be_written_out(last: dict[str, Any]) -> None:
    many = op("SequenceMap", lookup_table={"a": ["text"] * 5000})
    message = refused([many, last], ["a"] * 5000)
    assert message.startswith(f"operations[1] ({last['type']}): the lists of this query come to more than")


@pytest.mark.parametrize("type", ["LookupTable", "SequenceMap"])
def test_a_list_that_is_there_many_times_is_not_written_out_for_a_message(type: str) -> None:
    shared, start = [["text"] * 5000] * 5000, time.perf_counter()
    with pytest.raises(InvalidInputTypeError) as caught:
        parse_operations([op(type, lookup_table={})])([shared], {})
    assert len(str(caught.value)) < 250
    assert time.perf_counter() - start < 0.5


def test_a_dictionary_that_holds_a_list_many_times_may_not_be_written_out() -> None:
    shared = ["text"] * 5000
    message = refused([op("ConvertDictionaryToJSON")], {str(number): shared for number in range(5000)})
    assert message.startswith("operations[0] (ConvertDictionaryToJSON): the lists of this query")


def test_random_numbers_do_not_make_filters_within_filters_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A random number is another one for every row, so a filter within is worked out once per row."""
    monkeypatch.setattr(evaluation, "MAX_ELEMENTS", 20_000)
    found = [keep(binary(static(0, op("RandomNumber")), "(Number) <", static(1)))]
    for _ in range(9):
        found = [keep(unary(dynamic("more", *found), "(Sequence) is not empty"))]
    assert "the lists of this query" in refused(found, ROWS, more=ROWS)


def test_many_searches_have_the_time_of_one() -> None:
    message = refused([op("SequenceApply", operations=[op("StringMatches", regex="(a+)+b")])], ["a" * 300] * 1000)
    assert message.startswith(
        "operations[0].operations[0] (StringMatches): "
        f"the searches of this query took longer than {MAX_SEARCH_SECONDS:g} s"
    )


def test_all_parts_of_a_statement_share_one_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MAX_ELEMENTS", 1000)
    half = dynamic("many", op("SequenceApply", operations=[op("ToString")]))
    test = unary(half, "(Sequence) is not empty")
    many = [1] * 500
    assert parse_statement(group(test, test))({"many": many})
    with pytest.raises(OperationError, match=r"statements\[2\]\.operand\.operations\[0\] \(SequenceApply\)"):
        parse_statement(group(test, test, test))({"many": many})


def test_each_evaluation_has_an_allowance_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MAX_ELEMENTS", 1000)
    chain = parse_operations([op("SequenceApply", operations=[op("ToString")])])
    for _ in range(3):
        assert len(chain([1] * 500, {})) == 500


def test_an_ordinary_filter_is_far_from_the_limits() -> None:
    many = detections(*[("a", 0.5, (0, 0, 1, 1))] * 20_000)
    tests = [
        binary(of_row("class_name", op("StringToUpperCase")), "==", static("A")),
        unary(of_row("class_name", op("StringMatches", regex="^a")), "(Boolean) is True"),
    ]
    assert len(parse_operations([keep(*tests * 5)])(many, {})) == 20_000


def test_an_ordinary_search_succeeds_while_other_threads_are_busy() -> None:
    """The search needs less than a tenth of a second; all threads of the server need far more meanwhile."""
    stop, pattern = Event(), compile_pattern("(a+)+b")
    data = b"x" * 5_000_000

    def work() -> None:
        while not stop.is_set():
            sha256(data).digest()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        assert not any(Evaluation({}).search(pattern, "a" * 300) for _ in range(3))
    finally:
        stop.set()
        for thread in threads:
            thread.join()

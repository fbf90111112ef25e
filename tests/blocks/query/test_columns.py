"""A filter works on columns and comes to what its rows say one by one; where it fails, it fails like one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.query import Row, Statement, parse_operations, parse_statement
from blocks.query.evaluation import Evaluation
from blocks.query.operators import BINARY, UNARY
from blocks.query.statements import matching
from engine.errors import EvaluationEngineError, RoboflowQueryLanguageError
from engine.values.detections import Detections
from tests.blocks.query.samples import binary, detections, dynamic, group, keep, of_row, op, static, unary

ZONE = [[0, 0], [50, 0], [50, 50], [0, 50]]
VALUES = {"limit": 0.5, "names": ["a", "b"], "zone": ZONE, "nothing": None}

numbers = st.sampled_from([0.0, 0.25, 0.5, 1.0, 25.0, 100.0, float("nan"), float("inf")])
constants = st.sampled_from(
    [
        *(0, 0.5, 25, True, 2**53 + 1, 10**400, np.float32(0.5), float("nan"), "a", "A", None),
        *(
            ["a", "b"],
            ["a", 1],
            [0, 25],
            (0.25, np.float64(1)),
            np.array([0.0, 25.0]),
            [0, 10**400],
            [],
            ZONE,
            {"a": 1},
        ),
    ]
)
boxes = st.tuples(*[st.sampled_from([0.0, 10.4, 25.0, 50.0, 75.0])] * 4)
rows = st.lists(
    st.tuples(st.sampled_from(["a", "b", "A", "12"]), numbers.map(lambda n: min(n, 1.0)), boxes), max_size=6
)
properties = st.sampled_from(
    ["confidence", "class_name", "class_id", "size", "center", "tracker_id", "time_in_zone", "speed", "velocity"]
)
operations = st.lists(
    st.sampled_from(
        [
            op("Multiply", other=2),
            op("Divide", other=0),
            op("NumberRound", decimal_digits=1),
            op("ToNumber", cast_to="int"),
            op("ToString"),
            op("StringToLowerCase"),
            op("SequenceLength"),
            op("LookupTable", lookup_table={"a": 1, "b": "two", "12": [3]}),
        ]
    ),
    max_size=2,
)


@st.composite
def found(draw: st.DrawFn) -> Detections:
    """A few detections with columns of all sorts; some know no tracker and no speed."""
    drawn = draw(rows)
    count = len(drawn)
    columns: dict[str, Any] = {
        "time_in_zone": draw(st.lists(st.one_of(numbers, st.none(), st.just("late")), min_size=count, max_size=count)),
        "velocity": np.ones((count, 2)),
    }
    if draw(st.booleans()):
        columns["speed"] = np.array(draw(st.lists(numbers, min_size=count, max_size=count)))
    ids = draw(st.lists(st.sampled_from([1, 25, 2**53, 2**53 + 1]), min_size=count, max_size=count))
    tracker = np.array(ids, np.int64) if draw(st.booleans()) else None
    return detections(*drawn, columns=columns, tracker_id=tracker)


@st.composite
def operands(draw: st.DrawFn) -> dict[str, Any]:
    """A property of the row, a value, a parameter that may be absent, or the row itself."""
    steps = draw(operations)
    form = draw(st.integers(0, 5))
    if form <= 2:
        return of_row(draw(properties), *steps)
    if form <= 4:
        return static(draw(constants), *steps)
    return dynamic(draw(st.sampled_from(["_", *VALUES, "absent"])), *steps)


@st.composite
def sensible(draw: st.DrawFn) -> dict[str, Any]:
    """A comparison whose operands fit each other, if only just."""
    number = st.sampled_from(["confidence", "class_id", "size", "tracker_id", "time_in_zone", "speed"])
    change = st.lists(st.sampled_from([op("Multiply", other=2), op("NumberRound", decimal_digits=0)]), max_size=1)
    left = of_row(draw(number), *draw(change))
    exact = st.sampled_from(
        [0, 0.25, 0.5, 1, True, 25, 2**53 - 1, 2**53, 2**53 + 1, 10**400, float("nan"), np.float32(0.25)]
    )
    range_ = st.sampled_from([[0, 0.5], (0.25, 25), [0, 2**53 + 1], [1, 0], [float("nan"), 1]])
    pools = st.sampled_from([["a", "b"], ["a", 1], [], "ab", {"A": 1}, ["12"]])
    form = draw(st.sampled_from(["number", "number", "range", "text", "pool", "zone"]))
    if form == "number":
        comparator = draw(st.sampled_from(sorted(name for name in BINARY if "=" in name or name[-1] in "<>")))
        right = of_row(draw(number)) if draw(st.booleans()) else static(draw(exact))
        left, right = (left, right) if draw(st.booleans()) else (right, left)
    elif form == "range":
        comparator, right = "(Number) in range", static(draw(range_))
    elif form == "zone":
        left, comparator, right = of_row("center"), "(Detection) in zone", dynamic("zone")
    else:
        left = of_row("class_name", *draw(st.sampled_from([[], [op("StringToLowerCase")]])))
        comparator = draw(st.sampled_from(["in (Sequence)", "any in (Sequence)"]))
        right = static(draw(pools))
        if form == "text":
            comparator, right = draw(st.sampled_from(["==", "(String) contains"])), static(draw(st.sampled_from("aA1")))
    return binary(left, comparator, right, draw(st.booleans()))


arbitrary = st.builds(binary, operands(), st.sampled_from(sorted(BINARY)), operands(), st.booleans())
comparisons = st.one_of(sensible(), sensible(), sensible(), arbitrary)
tests = st.builds(unary, operands(), st.sampled_from(sorted(UNARY)), st.booleans())
groups = st.recursive(
    st.one_of(comparisons, tests),
    lambda inner: st.builds(
        lambda members, operator: group(*members, operator=operator),
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(["and", "or"]),
    ),
    max_leaves=4,
).map(group)


def row_by_row(statement: Statement, among: Detections) -> list[bool]:
    return [statement({**VALUES, "_": Row(among, index)}) for index in range(len(among))]


def outcome(ask: Callable[[], Any]) -> Any:
    """The answer, or the error as clients see it."""
    try:
        return ask()
    except RoboflowQueryLanguageError as error:
        return type(error), str(error)


def assert_agreement(json: dict[str, Any], among: Detections) -> None:
    """Columns say what the rows say; where rows fail, columns fail like one of them."""
    statement = parse_statement(json)
    rows = [Row(among, index) for index in range(len(among))]
    expected = [outcome(partial(statement, {**VALUES, "_": row})) for row in rows]
    errors = [answer for answer in expected if isinstance(answer, tuple)]
    found = outcome(lambda: matching(statement, among, VALUES).tolist())
    assert found in errors if errors else found == expected


@settings(max_examples=300, deadline=None)
@given(groups, found())
def test_columns_and_rows_agree(json: dict[str, Any], among: Detections) -> None:
    assert_agreement(json, among)


def single(tracker_id: int = 1) -> Detections:
    return detections(
        ("12", 0.1, (0, 0, 1, 1)),
        tracker_id=np.array([tracker_id]),
        columns={"velocity": [[1]], "speed": np.array([2.0**53])},
    )


CORNERS: list[tuple[dict[str, Any], Detections]] = [
    (binary(of_row("tracker_id"), "==", static(2**53)), single(2**53 + 1)),
    (binary(of_row("tracker_id"), "==", static(2.0**53)), single(2**53 + 1)),
    (binary(of_row("tracker_id"), "==", static(2**53 + 1)), single(2**53)),
    (binary(of_row("speed"), "(Number) <", static(2**53 + 1)), single()),
    (binary(of_row("speed"), "(Number) in range", static([2**53 + 1, 2**54])), single()),
    (binary(of_row("tracker_id"), "(Number) in range", static([0, 2**53])), single(2**53 + 1)),
    (binary(of_row("size", op("Multiply", other=2.0**53)), "(Number) <", static(2**53 + 1)), single()),
    (binary(of_row("confidence"), "(Number) >", static(0.1)), single()),
    (binary(of_row("confidence"), "(Number) in range", static({0: "low", 1: "high"})), single()),
    (binary(of_row("class_name"), "(Detection) in zone", static(ZONE)), single()),
    (binary(of_row("class_name"), "in (Sequence)", static([["12"], "12"])), single()),
    (binary(of_row("class_name"), "in (Sequence)", static("0123")), single()),
    (binary(of_row("velocity"), "in (Sequence)", static(["12", [1]])), single()),
    (binary(of_row("class_name"), "in (Sequence)", static(["12", np.array([1, 2])])), single()),
    (binary(of_row("speed"), "in (Sequence)", static([np.float32(0.1), 2.0**53])), single()),
    (
        binary(of_row("speed"), "in (Sequence)", static([np.float32(0.1)])),
        detections(("a", 0, (0, 0, 1, 1)), columns={"speed": [0.1]}),
    ),
    (binary(of_row("tracker_id"), "(Number) in range", static([0, 1, 2])), single()),
    (
        binary(of_row("time_in_zone"), "(Number) <", static(2)),
        detections(("a", 0, (0, 0, 1, 1)), columns={"time_in_zone": [10**400]}),
    ),
    (binary(of_row("center"), "(Detection) in zone", static([[0, 0], [1, "one"]])), single()),
]


@pytest.mark.parametrize(("json", "among"), CORNERS)
def test_columns_and_rows_agree_in_the_corners(json: dict[str, Any], among: Detections) -> None:
    assert_agreement(group(json), among)


TYPICAL: list[dict[str, Any]] = [
    binary(of_row("confidence"), "(Number) >=", static(0.5)),
    binary(of_row("confidence"), "(Number) <", of_row("speed")),
    binary(static(0.5), "(Number) <=", of_row("confidence")),
    binary(of_row("class_name"), "in (Sequence)", static(["a", "b"])),
    binary(of_row("class_name", op("StringToUpperCase")), "==", static("A")),
    binary(of_row("class_id"), "(Number) in range", static([1, 3])),
    binary(of_row("center"), "(Detection) in zone", dynamic("zone")),
    binary(of_row("size", op("Divide", other=100)), "(Number) >", dynamic("limit", op("Multiply", other=2))),
    unary(of_row("time_in_zone"), "Exists"),
    unary(dynamic("names"), "(Sequence) is empty", negate=True),
]


def crowd(count: int) -> Detections:
    """As many detections as wanted, all alike in kind and different in place."""
    random = np.random.default_rng(0)
    corners = random.random((count, 2)) * 60
    corners = np.hstack([corners, corners + random.random((count, 2)) * 20])
    rows = zip(random.choice(["a", "b", "c", "d"], count).tolist(), random.random(count), corners, strict=True)
    return detections(*rows, columns={"speed": random.random(count)})


@pytest.mark.parametrize("json", TYPICAL)
def test_typical_statements_need_no_rows(json: dict[str, Any]) -> None:
    statement, among = parse_statement(group(json)), crowd(50)
    assert statement.over(among, Evaluation(VALUES)).tolist() == row_by_row(statement, among)


def test_typical_statements_are_true_of_some_rows_only() -> None:
    """Otherwise the test above would show little."""
    among = crowd(50)
    mixed = [len(set(row_by_row(parse_statement(group(json)), among))) == 2 for json in TYPICAL]
    assert mixed == [True] * 8 + [False] * 2


def test_an_operand_that_rows_share_is_worked_out_once() -> None:
    class Counting(list[int]):
        asked = 0

        def __len__(self) -> int:
            Counting.asked += 1
            return 3

    statement = parse_statement(group(binary(of_row("class_id"), "(Number) <", dynamic("x", op("SequenceLength")))))
    assert 0 < matching(statement, crowd(50), {"x": Counting()}).sum() < 50
    assert Counting.asked == 1
    assert matching(statement, crowd(0), {"x": Counting()}).tolist() == []
    assert Counting.asked == 1


def nested_filters(levels: int, innermost: dict[str, Any], *others: dict[str, Any]) -> list[dict[str, Any]]:
    """A filter within an operand of a filter within ..., beside other statements."""
    found = [keep(innermost)]
    for _ in range(levels - 1):
        found = [keep(*others, unary(dynamic("more", *found), "(Sequence) is not empty"))]
    return found


SLOW = binary(of_row("class_name"), "in (Sequence)", static(["a", ["b"]]))
WRONG = binary(of_row("class_name"), "(Number) >", static(1))


def test_a_filter_within_a_comparison_that_has_no_columns_is_worked_out_once() -> None:
    rows = detections(*[("a", 0.5, (0, 0, 1, 1))] * 10)
    start = time.perf_counter()
    assert len(parse_operations(nested_filters(5, SLOW, SLOW))(rows, {"more": rows})) == 10
    with pytest.raises(EvaluationEngineError, match="takes a number"):
        parse_operations(nested_filters(10, WRONG))(rows, {"more": rows})
    assert time.perf_counter() - start < 1


def test_nothing_goes_wrong_where_there_are_no_rows() -> None:
    statement = parse_statement(group(binary(dynamic("absent"), "(Number) <", static("x"))))
    assert matching(statement, crowd(0), {}).tolist() == []


def test_time_grows_with_the_number_of_rows_and_no_faster() -> None:
    statement = parse_statement(group(*TYPICAL))

    def seconds(among: Detections) -> float:
        best = float("inf")
        for _ in range(5):
            start = time.perf_counter()
            matching(statement, among, VALUES)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(crowd(16_000)) < 24 * seconds(crowd(2_000))

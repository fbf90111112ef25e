"""Writing tables."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from blocks.formatters.csv_formatter import csv_formatter
from blocks.query import parse_operations
from engine.errors import InvalidInputTypeError, RuntimeInputError, WorkflowSyntaxError
from engine.values.shape import MISSING
from tests.blocks.samples import found

NOON = datetime(2024, 5, 1, 14, tzinfo=timezone(timedelta(hours=2)))
STAMP = "2024-05-01T12:00:00+00:00"


def table(rows: list[dict[str, Any]], **operations: Any) -> list[list[str]]:
    queries = {name: parse_operations(chain) for name, chain in operations.items()}
    result = csv_formatter(rows, queries, clock=lambda: NOON)
    assert [item["csv_content"] for item in result[:-1]] == [MISSING] * (len(rows) - 1)
    content = result[-1]["csv_content"]
    assert isinstance(content, str)
    return list(csv.reader(io.StringIO(content, newline="")))


def test_the_table_of_the_batch_stands_at_its_end() -> None:
    rows = [{"n": found((0, 0, 1, 1)), "name": 'a "b", c'}, {"n": found(), "name": "two\nlines"}]
    assert table(rows, n=[{"type": "SequenceLength"}]) == [
        ["n", "name", "timestamp"],
        ["1", 'a "b", c', STAMP],
        ["0", "two\nlines", STAMP],
    ]


def test_one_line_a_row() -> None:
    assert csv_formatter([{"a": 1}], clock=lambda: NOON) == [{"csv_content": f"a,timestamp\n1,{STAMP}\n"}]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_is_no_formula(start: str) -> None:
    header, row = table([{f"{start}x": f"{start}1+1"}])
    assert header[0] == f"'{start}x"
    assert row[0] == f"'{start}1+1"


def test_a_line_break_within_a_cell_begins_no_row() -> None:
    rows = table([{"a": "x\r=1+1", "b": "y\n=2"}])
    assert rows[1:] == [["x\r=1+1", "y\n=2", STAMP]]


VALUES: list[tuple[Any, str]] = [
    (-5, "-5"),
    (np.float32(-1.5), "-1.5"),
    (np.int64(-3), "-3"),
    (np.bool_(True), "True"),
    (np.str_("-3"), "'-3"),
    (-0.5, "-0.5"),
    (True, "True"),
    (None, ""),
    (["a", 1], '["a",1]'),
    ({"a": [1.5]}, '{"a":[1.5]}'),
    (NOON.astimezone(UTC), STAMP),
    (b"ab", "YWI="),
]


@pytest.mark.parametrize(("value", "cell"), VALUES)
def test_cells(value: Any, cell: str) -> None:
    assert table([{"v": value}])[1][0] == cell


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(RuntimeInputError, match="'v' holds a object"):
        table([{"v": object()}])


def test_columns_that_cannot_be() -> None:
    with pytest.raises(RuntimeInputError, match="timestamp"):
        table([{"timestamp": 1}])
    with pytest.raises(RuntimeInputError, match="'b'"):
        table([{"a": 1}], b=[])


def test_messages_say_at_which_column_the_operations_stand() -> None:
    takes = csv_formatter.signature.parameters["columns_operations"].takes
    queries = takes({"a": [{"type": "ToString"}], "b": [{"type": "Multiply", "other": 2}]})
    with pytest.raises(InvalidInputTypeError, match=r"^columns_operations\['b'\]\[0\] \(Multiply\) takes a number"):
        csv_formatter([{"a": "x", "b": "y"}], queries, clock=lambda: NOON)
    with pytest.raises(WorkflowSyntaxError, match=r"^columns_operations\['b'\]\[0\]\.other: is missing"):
        takes({"a": [{"type": "ToString"}], "b": [{"type": "Multiply"}]})

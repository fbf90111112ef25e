"""Write values as a CSV table, one row for every element of the batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypedDict

import numpy as np
import orjson
from typing_extensions import Doc

from blocks.clock import Clock
from blocks.query import Operations, queries
from engine.block import block
from engine.errors import ExecutionEngineRuntimeError, RuntimeInputError
from engine.kinds import Anything
from engine.values.shape import MISSING, Batch, Fixed, Missing
from engine.wire.encode import encode

TIMESTAMP = "timestamp"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets take text that begins so for a formula, and run it."""


class Table(TypedDict):
    """The table with all rows, at the last element of the batch; missing at the others."""

    csv_content: str | Missing


@block("roboflow_core/csv_formatter@v1")
def csv_formatter(
    columns_data: Annotated[Batch[dict[str, Anything]], Doc("The value of every column, by its name.")],
    columns_operations: Annotated[
        Fixed[dict[str, Operations]], queries("columns_operations"), Doc("Operations on the values, by column.")
    ] = {},
    *,
    clock: Clock,
) -> list[Table]:
    """Write values as a CSV table, one row for every element of the batch."""
    names = list(columns_data[0])
    if TIMESTAMP in names:
        raise RuntimeInputError(
            f"The block adds the column {TIMESTAMP!r} itself.", hint="Call the column something else."
        )
    if unknown := columns_operations.keys() - names:
        raise RuntimeInputError(
            f"columns_operations names {min(unknown)!r}, which is no column.", hint=f"There are: {', '.join(names)}."
        )
    now = clock().astimezone(UTC).isoformat()
    lines = [_line([_harmless(name) for name in (*names, TIMESTAMP)])]
    lines.extend(_line([*(_cell(name, row, columns_operations) for name in names), now]) for row in columns_data)
    tables: list[Table] = [{"csv_content": MISSING} for _ in columns_data]
    tables[-1] = {"csv_content": "".join(lines)}
    return tables


def _line(cells: list[Any]) -> str:
    """A row. The writer puts cells into quotes that hold a part of its own line end: so both CR and LF are."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()[:-2] + "\n"


def _cell(name: str, row: Mapping[str, Any], operations: Mapping[str, Operations]) -> Any:
    value = row[name]
    if name in operations:
        value = operations[name](value, {})
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return _harmless(_as_json(name, value))


def _as_json(name: str, value: Any) -> str:
    """What has no form of its own in a table as JSON, so that it can be read back."""
    try:
        encoded = encode(value, ())
        return encoded if isinstance(encoded, str) else orjson.dumps(encoded).decode()
    except (orjson.JSONEncodeError, ExecutionEngineRuntimeError) as error:
        raise RuntimeInputError(
            f"The column {name!r} holds a {type(value).__name__}, which cannot be written.",
            hint="Take what you need out of it with columns_operations.",
        ) from error


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(DANGEROUS) else text

"""Take fields out of JSON that somebody wrote as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict, cast

import orjson
from annotated_types import Len
from pydantic import AfterValidator
from typing_extensions import Doc

from engine.block import block
from engine.kinds import ANY, Kinds
from engine.values.shape import MISSING, Fixed

FENCED = re.compile(r"```json\b(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)
"""A block of code in Markdown; language models like to wrap their answers so."""

ERROR = "error_status"


class Parsed(TypedDict):
    """Whether the text is no JSON object or lacks a field; beside it the fields, those that it lacks missing."""

    error_status: bool


def _not_reserved(name: str) -> str:
    if name == ERROR:
        raise ValueError(f"{ERROR!r} is what the block says itself; no field can be called so")
    return name


Field = Annotated[str, Len(1, 256), AfterValidator(_not_reserved)]


def fields_of(arguments: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """An output for every field."""
    return dict.fromkeys(arguments["expected_fields"], (ANY,))


@block("roboflow_core/json_parser@v1", outputs=fields_of)
def json_parser(
    raw_json: Annotated[
        str, Kinds("language_model_output", "string"), Doc("JSON, alone or as the first ```json block of a text.")
    ],
    expected_fields: Annotated[Fixed[Annotated[list[Field], Len(0, 256)]], Doc("Which fields to take.")],
) -> Parsed:
    """Take fields out of JSON that somebody wrote as text."""
    found = read_object(raw_json)
    fields = {name: MISSING if found is None or name not in found else found[name] for name in expected_fields}
    error = found is None or MISSING in fields.values()
    return cast("Parsed", {ERROR: error, **fields})


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text; None when there is none."""
    fenced = FENCED.search(text)
    try:
        found = orjson.loads(fenced[1] if fenced else text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None

"""Operations that turn one sort of value into another."""

from __future__ import annotations

import json
import reprlib
from datetime import datetime
from typing import Any

from blocks.query.evaluation import Evaluation
from blocks.query.operation import clipped, operation
from blocks.query.takes import ANYTHING, DETECTIONS, DICTIONARY, MOMENT
from engine.errors import InvalidInputTypeError
from engine.kinds import ANY
from engine.values.detections import Detections
from engine.wire.encode import encode
from engine.wire.write_detections import encode_detections


@operation("ToString", ANYTHING, gives=("string",))
def to_string(value: Any, *, evaluation: Evaluation) -> str:
    """Write any value as text, as Python does."""
    return evaluation.written(value)


@operation("ToBoolean", ANYTHING, gives=("boolean",))
def to_boolean(value: Any) -> bool:
    """Turn zero, nothing and what is empty into False, all else into True; the text "False" is True."""
    return bool(value)


@operation("LookupTable", ANYTHING, gives=(ANY,))
def looked_up(value: Any, lookup_table: dict[Any, Any]) -> Any:
    """Replace a value by what a table has for it."""
    return look_up_in(lookup_table, value)


@operation("DetectionsToDictionary", DETECTIONS, gives=("dictionary",))
def to_dictionary(detections: Detections) -> dict[str, Any]:
    """Turn detections into the object that responses carry."""
    return encode_detections(detections)


@operation("ConvertDictionaryToJSON", DICTIONARY, gives=("string",))
def to_json(dictionary: dict[Any, Any], *, evaluation: Evaluation) -> str:
    """Write a dictionary as JSON."""
    evaluation.count_within(dictionary)
    return json.dumps(encode(dictionary, ("dictionary",)), allow_nan=False)


@operation("TimestampToISOFormat", MOMENT, gives=("string",))
def to_iso_format(moment: datetime) -> str:
    """Write a moment as ISO 8601."""
    return moment.isoformat()


def look_up_in(table: dict[Any, Any], value: Any) -> Any:
    """What a table has for a value; as the keys of JSON are text, a value that is no key is looked up as text.

    Raises:
        InvalidInputTypeError: there is nothing for it, or it cannot be a key.
    """
    try:
        if value in table:
            return table[value]
        return table[str(value)]
    except (KeyError, TypeError) as error:
        raise InvalidInputTypeError(f"The lookup table has nothing for {clipped(reprlib.repr(value))}.") from error

"""Send values to another server with an HTTP request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Annotated, Any, Literal, TypedDict

import orjson
from annotated_types import Ge, Le
from typing_extensions import Doc

from blocks.clock import Clock
from blocks.query import Operations, queries
from engine.block import block
from engine.errors import RuntimeInputError
from engine.guard.egress import Egress
from engine.kinds import Anything, Kinds
from engine.state import STEP_SOURCE, State
from engine.values.image import Image
from engine.values.shape import Fixed
from engine.wire.encode import encode, encode_jpeg

TEXTS = Kinds(
    "string", "integer", "float", "float_zero_to_one", "boolean", "top_class", "secret", "roboflow_model_id",
    "roboflow_project", "roboflow_api_key", "list_of_values",
)  # fmt: skip

Texts = Annotated[dict[str, Annotated[Any, TEXTS]], Doc("Texts, numbers and truth values by name.")]
Values = dict[str, Anything]
Queries = Annotated[Fixed[dict[str, Operations]], Doc("Operations on these values before they are sent, by name.")]


class Sent(TypedDict):
    """Whether sending went wrong, whether it was too early to send again, and what happened in words."""

    error_status: bool
    throttling_status: bool
    message: str


@dataclass
class Last:
    """When a step has sent something for the last time; None before the first time."""

    time: datetime | None = None
    lock: Lock = field(default_factory=Lock)

    def take(self, now: datetime, seconds: float) -> bool:
        """Whether the step may send now, as `seconds` have passed; if so, now is the last time."""
        with self.lock:
            if self.time is not None and 0 <= (now - self.time).total_seconds() < seconds:
                return False
            self.time = now
            return True


@block("roboflow_core/webhook_sink@v1")
def webhook_sink(
    url: Annotated[str, Doc("Whom to send it to.")],
    method: Fixed[Literal["GET", "POST", "PUT"]],
    query_parameters: Texts = {},
    headers: Texts = {},
    json_payload: Annotated[Values, Doc("The fields of a JSON body.")] = {},
    json_payload_operations: Annotated[Queries, queries("json_payload_operations")] = {},
    multi_part_encoded_files: Annotated[Values, Doc("Bytes, texts or pictures to send as files.")] = {},
    multi_part_encoded_files_operations: Annotated[Queries, queries("multi_part_encoded_files_operations")] = {},
    form_data: Annotated[Values, Doc("The fields of a form.")] = {},
    form_data_operations: Annotated[Queries, queries("form_data_operations")] = {},
    request_timeout: Annotated[int, Ge(1), Le(60), Doc("Seconds for all attempts together.")] = 2,
    fire_and_forget: Annotated[bool, Doc("Send in the background, and report no more than that.")] = True,
    disable_sink: Annotated[bool, Doc("Send nothing.")] = False,
    cooldown_seconds: Annotated[int, Ge(0), Doc("How long to send nothing more after something was sent.")] = 5,
    *,
    egress: Egress,
    state: State,
    clock: Clock,
    muted: bool,
) -> Sent:
    """Send values to another server with an HTTP request."""
    if disable_sink or muted:
        return _sent("The sink is disabled.")
    if json_payload and (form_data or multi_part_encoded_files):
        raise RuntimeInputError("A request has one body: json_payload, or form_data with multi_part_encoded_files.")
    payload = _worked_on("json_payload", json_payload, json_payload_operations)
    files = _worked_on("multi_part_encoded_files", multi_part_encoded_files, multi_part_encoded_files_operations)
    form = _worked_on("form_data", form_data, form_data_operations)
    try:
        request = egress.prepare(
            method,
            url,
            params=_fields(query_parameters),
            headers={name: _text(value) for name, value in headers.items() if value is not None},
            json=_json(payload) if payload else None,
            form=_fields(form),
            files={name: _bytes(value) for name, value in files.items()},
        )
    except RuntimeInputError as error:
        return _sent(error.message, failed=True)
    except UnicodeEncodeError:
        return _sent("A text cannot be sent: it holds one half of a surrogate pair.", failed=True)
    if not state.of(STEP_SOURCE, Last).take(clock(), cooldown_seconds):
        return _sent(f"Less than {cooldown_seconds} seconds have passed since the last request.", throttled=True)
    if not fire_and_forget:
        outcome = egress.send(request, request_timeout)
        return _sent(outcome.message, failed=not outcome.delivered)
    if egress.send_later(request, request_timeout):
        return _sent("The request is sent in the background.")
    return _sent("Too many requests are waiting to be sent.", failed=True)


def _sent(message: str, *, failed: bool = False, throttled: bool = False) -> Sent:
    return {"error_status": failed, "throttling_status": throttled, "message": message}


def _worked_on(parameter: str, values: Mapping[str, Any], operations: Mapping[str, Operations]) -> dict[str, Any]:
    """The values after the operations of their names; `parameter` is what holds them."""
    if unknown := operations.keys() - values.keys():
        raise RuntimeInputError(
            f"{parameter}_operations names {min(unknown)!r}, which is no value to be sent.",
            hint=f"There are in {parameter}: {', '.join(values) or 'none'}.",
        )
    return {name: operations[name](value, {}) if name in operations else value for name, value in values.items()}


def _fields(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Texts under the names of fields, several where a value is a list; a field whose value is None is left out."""
    lists = {name: value if isinstance(value, list | tuple) else [value] for name, value in values.items()}
    texts = {name: [_text(item) for item in items if item is not None] for name, items in lists.items()}
    return {name: items for name, items in texts.items() if items}


def _text(value: Any) -> str:
    """A value as text: text as it is, and what JSON has as text without the quotes; all else as JSON."""
    encoded = encode(value, ())
    return encoded if isinstance(encoded, str) else _json(encoded).decode()


def _bytes(value: Any) -> bytes:
    """A value as the content of a file: bytes and text as they are, pictures as JPEG, all else as JSON."""
    if isinstance(value, bytes):
        return value
    return encode_jpeg(value) if isinstance(value, Image) else _text(value).encode()


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(encode(value, ()), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError as error:
        raise RuntimeInputError(
            f"A {type(value).__name__} cannot be sent: {error}.",
            hint="Take what you need out of it with operations.",
        ) from error

"""Running a workflow from the command line."""

from __future__ import annotations

from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from api.server import Server
from engine.errors import InputImageLoadError, WorkflowDefinitionError

SUFFIXES = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"RI": ".webp", b"GI": ".gif", b"BM": ".bmp"}


def read_workflow(path: Path) -> Any:
    """The JSON of a file, as it is."""
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise WorkflowDefinitionError(f"{path} is not JSON: {error.msg} (line {error.lineno}).") from None


def run_file(
    server: Server, path: Path, images: Iterable[tuple[str, str]], params: Iterable[tuple[str, str]], out: Path | None
) -> bytes:
    """Run a workflow and return its outputs as JSON.

    Args:
        images: (input, file); an input that is named more than once gets a batch.
        params: (input, value in JSON or plain text).
        out: where pictures of the outputs go; without it they stay in the JSON as base64.
    """
    inputs: dict[str, Any] = {name: _literal(text) for name, text in params}
    files: defaultdict[str, list[str]] = defaultdict(list)
    for name, file in images:
        files[name].append(file)
    for name, paths in files.items():
        inputs[name] = [_picture(server, Path(file), name) for file in paths]
    outputs = server.engine.run(server.engine.plan(read_workflow(path)), inputs, wire=True)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        outputs = [_saved(result, out / str(index)) for index, result in enumerate(outputs)]
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(outputs, option=options)


def _literal(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _picture(server: Server, path: Path, name: str) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputImageLoadError(f"{path} cannot be read: {error.strerror}.") from None
    return server.images.load_bytes(data, name)


def _saved(value: Any, place: Path) -> Any:
    """A result with every picture in it written to a file and replaced by the file's name."""
    if isinstance(value, dict):
        if value.get("type") == "base64":
            data = b64decode(value["value"])
            file = place.with_name(place.name + SUFFIXES.get(data[:2], ".bin"))
            file.write_bytes(data)
            return {**value, "type": "file", "value": file.as_posix()}
        return {key: _saved(item, place.with_name(f"{place.name}-{_safe(key)}")) for key, item in value.items()}
    if isinstance(value, list):
        return [_saved(item, place.with_name(f"{place.name}-{index}")) for index, item in enumerate(value)]
    return value


def _safe(name: str) -> str:
    """A name of an output as a part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)[:80]

"""Running a workflow from the command line."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

import orjson

from api.server import Server
from engine.control import Control
from engine.errors import ExecutionEngineRuntimeError, InputImageLoadError, PenstockError, WorkflowDefinitionError

SUFFIXES = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"RI": ".webp", b"GI": ".gif", b"BM": ".bmp"}


class OutFolderError(PenstockError):
    """The folder for pictures cannot be written."""


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

    Raises:
        OutFolderError: pictures cannot be written to `out`.
        ExecutionEngineRuntimeError: the outputs cannot be written as JSON.
        PenstockError: what loading pictures, compiling and running raise.
    """
    album = None if out is None else Album(out)
    inputs: dict[str, Any] = {name: _literal(text) for name, text in params}
    files: defaultdict[str, list[str]] = defaultdict(list)
    for name, file in images:
        files[name].append(file)
    for name, paths in files.items():
        inputs[name] = [_picture(server, Path(file), f"{name}.[{index}]") for index, file in enumerate(paths)]
    plan, settings = server.engine.plan(read_workflow(path)), server.settings
    control = Control(settings.run_timeout, settings.step_timeout, settings.max_run_bytes)
    outputs = server.engine.run(plan, inputs, wire=True, control=control)
    if album is not None:
        outputs = [album.save(result, str(index)) for index, result in enumerate(outputs)]
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(outputs, default=_as_text, option=options)
    except orjson.JSONEncodeError as error:
        raise ExecutionEngineRuntimeError(f"The outputs cannot be written as JSON: {error}.") from error


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


class Album:
    """A folder for the pictures of one run, each of which gets a name of its own.

    Args:
        folder: is made if need be; files of earlier runs in it are overwritten.

    Raises:
        OutFolderError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[str] = set()
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def save(self, value: Any, name: str) -> Any:
        """A result with every picture in it written to a file that is called `name`, and replaced by the file's path.

        Raises:
            OutFolderError: a picture cannot be written.
        """
        if isinstance(value, dict):
            data = _data(value)
            if data is not None:
                return {**value, "type": "file", "value": self._write(data, name).as_posix()}
            return {key: self.save(item, f"{name}-{_safe(str(key))}") for key, item in value.items()}
        if isinstance(value, list):
            return [self.save(item, f"{name}-{index}") for index, item in enumerate(value)]
        return value

    def _write(self, data: bytes, name: str) -> Path:
        suffix = SUFFIXES.get(data[:2], ".bin")
        numbered = (f"{name}-{number}{suffix}" for number in count(2))
        free = next(file for file in chain((name + suffix,), numbered) if file not in self._taken)
        self._taken.add(free)
        with _writing(self._folder):
            (self._folder / free).write_bytes(data)
        return self._folder / free


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutFolderError(
            f"Pictures cannot be written to {folder}: {error.strerror}.", hint="Name another folder."
        ) from error


def _as_text(value: Any) -> str:
    """What JSON cannot take, as answers of the server have it."""
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _data(value: dict[str, Any]) -> bytes | None:
    """The bytes of a picture in the form in which it travels; None for whatever else a block may have returned."""
    text = value.get("value")
    if value.get("type") != "base64" or not isinstance(text, str):
        return None
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


def _safe(name: str) -> str:
    """A name of an output as a part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)[:80]

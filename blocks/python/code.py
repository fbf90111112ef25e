"""The code of one Python block inside its worker: compiled once, called many times. Runs nowhere else."""

from __future__ import annotations

import dis
import linecache
import sys
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from io import StringIO
from types import CodeType
from typing import Any

from blocks.python.facade import (
    Batch,
    Frames,
    VideoMetadata,
    WorkflowImageData,
    read_image,
    read_video,
    write_image,
    write_video,
)
from blocks.python.namespace import fresh_namespace
from blocks.python.supervised import read_detections, write_detections

SOURCES = ("imports", "init_function_code", "run_function_code")
MAX_SELVES = 64
MAX_TOLD = 8_000
"""Characters of an error that travel."""
MAX_LISTS = 2
"""Of results: one per row of a batch, and in each one per row of a level."""


class Undeclared(Exception):
    """The code does not define a function that the manifest names."""


class BlockSelf:
    """What the functions of a block get as `self`: results of `init`, and whatever they keep here."""

    def __init__(self, init_results: dict[str, Any]) -> None:
        self._init_results = init_results
        self._context: dict[str, Any] = {}

    def get_workflow_context(self) -> dict[str, Any]:
        """Which step of which run this call is."""
        return dict(self._context)


class Code:
    """The code of a block, in a namespace of its own.

    Args:
        parts: the sources and the names of the two functions, as the definition of the block says them.

    Raises:
        Undeclared: a function is not there.
        BaseException: whatever the code raises while it is executed.
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._sources = {f"<{name}>": parts[name] or "" for name in SOURCES}
        compiled = [compile(source, name, "exec", dont_inherit=True) for name, source in self._sources.items()]
        self._run = parts["run_function_name"]
        self._init = None if parts["init_function_code"] is None else parts["init_function_name"]
        _, init_code, run_code = compiled
        _refuse_undeclared(run_code, self._run)
        if self._init is not None:
            _refuse_undeclared(init_code, self._init)
        for name, source in self._sources.items():
            linecache.cache[name] = (len(source), None, StringIO(source, newline=None).readlines(), name)
        self._namespace = fresh_namespace()
        for code in compiled:
            exec(code, self._namespace)  # noqa: S102 - this is what the process is for
        for name in filter(None, (self._run, self._init)):
            if not callable(self._namespace.get(name)):
                raise Undeclared(f"there is no function {name!r}")
        self._results: dict[str, Any] | None = None
        self._selves: OrderedDict[str, BlockSelf] = OrderedDict()

    def call(self, request: Mapping[str, Any]) -> Any:
        """What the run function returns, without outputs that are not declared; raises whatever the code raises."""
        arguments = {
            name: _batched(value, request["batches"].get(name, 0)) for name, value in request["inputs"].items()
        }
        block = self._self(request["self"])
        block._context = dict(request["context"])
        result = self._namespace[self._run](block, **arguments)
        return result if request["outputs"] is None else _declared(result, request["outputs"], MAX_LISTS)

    def _self(self, token: str) -> BlockSelf:
        """The `self` of a step; the one that was used least recently is forgotten first."""
        if self._results is None:
            self._results = self._initialised()
        block = self._selves.setdefault(token, BlockSelf(self._results))
        self._selves.move_to_end(token)
        if len(self._selves) > MAX_SELVES:
            self._selves.popitem(last=False)
        return block

    def _initialised(self) -> dict[str, Any]:
        if self._init is None:
            return {}
        results = self._namespace[self._init]()
        if not isinstance(results, dict):
            raise TypeError(f"{self._init} has to return a dict, not {type(results).__name__}")
        return results


def report(error: BaseException) -> dict[str, Any]:
    """What is to be said about an error: the place in the code of the block, and the frames of that code alone."""
    names = {f"<{name}>" for name in SOURCES}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in names]
    place = (frames[-1].filename, frames[-1].lineno) if frames else (None, None)
    if isinstance(error, SyntaxError) and error.filename in names:
        place = error.filename, error.lineno
    told = traceback.TracebackException(type(error), error, None)
    told.__notes__ = None  # which would come last, where the message is
    return {
        "what": str(error) if isinstance(error, Undeclared) else _told(list(told.format_exception_only())[-1].strip()),
        "source": place[0] and place[0].strip("<>"),
        "line": place[1],
        "traceback": _told("".join([*traceback.format_list(frames), *traceback.format_exception_only(error)])),
        "undeclared": isinstance(error, Undeclared),
        "memory": isinstance(error, MemoryError),
    }


def _told(text: str) -> str:
    """The beginning of a text, in characters that UTF-8 has a form for."""
    return text[:MAX_TOLD].encode(errors="backslashreplace").decode()


class Exchange:
    """The worker's side of what travels in one call."""

    def __init__(self) -> None:
        self._frames = Frames()

    def unpack(self, name: str, parts: dict[str, Any]) -> Any:
        """What the code sees of a record that the server sent."""
        match name:
            case "image":
                return read_image(parts, self._frames)
            case "detections":
                return read_detections(parts, self._frames)
            case "moment":
                return read_video(parts)
        raise ValueError(f"a record {name!r}")

    def pack(self, value: Any) -> tuple[str, dict[str, Any]] | None:
        """A value that the code returned, as a record."""
        if isinstance(value, WorkflowImageData):
            return "image", write_image(value)
        if isinstance(value, VideoMetadata):
            return "moment", write_video(value)
        supervision = sys.modules.get("supervision")
        if supervision is not None and isinstance(value, supervision.Detections):
            return "detections", write_detections(value, self._frames)
        return None


def _batched(value: Any, depth: int, above: tuple[int, ...] = ()) -> Any:
    """Lists as batches, as many levels as there are."""
    if not depth or not isinstance(value, list):
        return value
    return Batch((_batched(item, depth - 1, (*above, index)) for index, item in enumerate(value)), above)


def _declared(result: Any, names: Sequence[str], lists: int) -> Any:
    """A result, or lists of results so many levels deep, without other keys than `names`."""
    if isinstance(result, Mapping):
        return {name: result[name] for name in names if name in result}
    if lists and isinstance(result, list | tuple):
        items = [_declared(item, names, lists - 1) for item in result]
        return tuple(items) if isinstance(result, tuple) else items
    return result


def _refuse_undeclared(code: CodeType, name: str) -> None:
    """Raise Undeclared unless the code sets the name: by a function, a variable or an import."""
    stored = (step.argval for step in dis.get_instructions(code) if step.opname in {"STORE_NAME", "STORE_GLOBAL"})
    if name not in stored:
        raise Undeclared(f"there is no function {name!r}")

"""The code of one Python block inside its worker: compiled once, called many times. Runs nowhere else."""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
from collections import OrderedDict
from collections.abc import Mapping
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
        self._run, self._init = parts["run_function_name"], None
        _refuse_undeclared(parts["run_function_code"], self._run)
        if parts["init_function_code"] is not None:
            self._init = parts["init_function_name"]
            _refuse_undeclared(parts["init_function_code"], self._init)
        for name, source in self._sources.items():
            linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        self._namespace = fresh_namespace()
        for code in compiled:
            exec(code, self._namespace)  # noqa: S102 - this is what the process is for
        self._results: dict[str, Any] | None = None
        self._selves: OrderedDict[str, BlockSelf] = OrderedDict()

    def call(self, request: Mapping[str, Any]) -> Any:
        """Call the run function; raises whatever the code raises."""
        arguments = {
            name: _batched(value, request["batches"].get(name, 0)) for name, value in request["inputs"].items()
        }
        block = self._self(request["self"])
        block._context = dict(request["context"])
        return self._namespace[self._run](block, **arguments)

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
    said = traceback.format_exception_only(error)
    return {
        "what": str(error) if isinstance(error, Undeclared) else said[-1].strip(),
        "source": place[0] and place[0].strip("<>"),
        "line": place[1],
        "traceback": "".join([*traceback.format_list(frames), *said]),
        "undeclared": isinstance(error, Undeclared),
        "memory": isinstance(error, MemoryError),
    }


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


def _batched(value: Any, depth: int) -> Any:
    """Lists as batches, as many levels as there are."""
    if not depth or not isinstance(value, list):
        return value
    return Batch(_batched(item, depth - 1) for item in value)


def _refuse_undeclared(source: str, name: str) -> None:
    """Raise Undeclared unless something in the source has the name: a function, a variable or an import."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) | ast.ClassDef(name=found):
                pass
            case ast.Name(id=found, ctx=ast.Store()):
                pass
            case ast.alias(name=path, asname=asname):
                found = asname or path
            case _:
                continue
        if found == name:
            return
    raise Undeclared(f"there is no function {name!r}")

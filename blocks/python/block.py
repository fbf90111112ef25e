"""From the definition of a Python block to a block like any other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from io import StringIO
from typing import Any
from uuid import uuid4

from typing_extensions import override

from blocks.python.definition import COLOR, BlockDefinition, Manifest, read_definition, refused
from blocks.python.workers import PythonFailure, Workers
from engine.block import AnyBlock, Block
from engine.console import StepConsole
from engine.errors import DynamicBlockCodeError
from engine.fault import BlockError, BlockTraceback
from engine.kinds import ANY, Image
from engine.registry import Blocks, MakeBlocks
from engine.signature import REQUIRED, Output, Parameter, Signature
from engine.state import STEP_SOURCE, State
from engine.values.shape import Shape

COMPILATION = "dynamic_block_code_compilation"
EXECUTION = "dynamic_block_code_execution"
RESOURCES = frozenset({"console", "state"})
LINES_AROUND = 2
"""Of the line to blame, above it and below."""


class Misfit(Exception):
    """What a block returned is not what its manifest says."""


@dataclass(frozen=True, kw_only=True)
class PythonBlock(Block[..., Any]):
    """A block that came with a workflow.

    Attributes:
        made: its signature, as its manifest says it.
        description: as its manifest says it.
    """

    made: Signature
    description: str

    @cached_property
    @override
    def signature(self) -> Signature:
        """What the manifest of the block says."""
        return self.made

    @property
    @override
    def category(self) -> str:
        """Where the block comes from."""
        return "python"

    @property
    @override
    def summary(self) -> str:
        """The first line of the description."""
        return self.description.strip().partition("\n")[0]


def python_blocks(workers: Workers | None) -> MakeBlocks | None:
    """What makes the blocks that come with a workflow; None without workers that could run them."""
    return partial(_make_blocks, workers) if workers else None


def _make_blocks(workers: Workers, definitions: Collection[Any], known: Blocks) -> Blocks:
    """The blocks that a document defines, by their types.

    Args:
        workers: what runs them.
        definitions: as JSON gave them.
        known: the blocks of the server, whose types no other block can have.

    Raises:
        DynamicBlockError: a manifest makes no block.
        DynamicBlockCodeError: the code of one does not compile, or cannot be executed, or all together take longer
            than one call may.
        ServerBusyError: there is no process for one.
    """
    end = workers.end()
    blocks: dict[str, AnyBlock] = {}
    for definition in [read_definition(entry) for entry in definitions]:
        name = definition.manifest.block_type
        if name in known or name in blocks:
            raise refused(name, "block_type", "there is another block of that type")
        blocks[name] = make_block(definition, workers, end)
    return blocks


def make_block(definition: BlockDefinition, workers: Workers, end: float) -> AnyBlock:
    """The block of a definition, whose code is loaded into a worker until `end` to see whether that goes well."""
    manifest, sources = definition.manifest, definition.code.sources()
    caller = _Caller(manifest, sources, workers)
    caller.load(end)
    return PythonBlock(
        type=manifest.block_type,
        aliases=(),
        function=caller,
        made=_signature(manifest, caller.names),
        description=manifest.description,
    )


class _Caller:
    """The function of a Python block: it has a worker call the code.

    Attributes:
        names: of the inputs as the code calls them, by the names of our parameters.
    """

    def __init__(self, manifest: Manifest, sources: Mapping[str, Any], workers: Workers) -> None:
        self._manifest = manifest
        self._sources = sources
        self._workers = workers
        self._batch = bool(manifest.batched) and not manifest.gathered
        self.names = {_parameter_name(name, manifest.inputs): name for name in manifest.inputs}

    def load(self, end: float) -> None:
        """See whether the code compiles and can be executed until `end`."""
        try:
            self._workers.load(self._sources, end)
        except PythonFailure as failure:
            if failure.undeclared:
                raise refused(self._manifest.block_type, "code", failure.what) from None
            raise self._error(failure, None, COMPILATION) from None

    def __call__(self, *, console: StepConsole, state: State, **arguments: Any) -> Any:
        """Call the run function with the arguments of one row, or of the whole batch."""
        request = {
            "inputs": {self.names[name]: self._handed(self.names[name], value) for name, value in arguments.items()},
            "batches": {name: self._depth(name) for name in self._manifest.inputs},
            "outputs": list(self._manifest.outputs),
            "self": state.of(STEP_SOURCE, _fresh_name),
            "context": {
                "step_name": console.step,
                "step_selector": f"$steps.{console.step}",
                "workflow_execution_id": console.run.run_id,
                "block_type": self._manifest.block_type,
            },
        }
        try:
            reply = self._workers.call(self._sources, request)
        except PythonFailure as failure:
            console.note(*failure.printed)
            raise self._error(failure, console.step, EXECUTION) from None
        console.note(*reply.printed)
        try:
            return self._result(reply.value, arguments)
        except Misfit as misfit:
            returned = PythonFailure(str(misfit), printed=reply.printed)
            raise self._error(returned, console.step, EXECUTION) from None

    def _depth(self, name: str) -> int:
        """How many levels of an argument are batches to the code."""
        return (name in self._manifest.batched) + (name in self._manifest.gathered)

    def _handed(self, name: str, value: Any) -> Any:
        """An argument as the code gets it: where a block of batches is called row by row, as a batch of one."""
        return [value] if name in self._manifest.batched and not self._batch else value

    def _result(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        """What the code returned, in the form in which blocks return it."""
        if not self._manifest.batched:
            return self._row(value)
        batched = next(ours for ours, name in self.names.items() if name in self._manifest.batched)
        count = len(arguments[batched]) if self._batch else 1
        if not isinstance(value, list | tuple) or len(value) != count:
            raise Misfit(f"has to return a list with a result for each member of its batch, of which there are {count}")
        rows = [self._row(item) for item in value]
        return rows if self._batch else rows[0]

    def _row(self, result: Any) -> dict[str, Any]:
        """The outputs of one row."""
        names = self._manifest.outputs.keys()
        if self._manifest.output_dimensionality_offset != 1:
            return _record(result, names)
        if result is not None and not isinstance(result, list):
            raise Misfit(f"returned a {type(result).__name__} where it makes a level: a list of dicts is expected")
        records = [_record(item, names) for item in result or ()]
        return {name: [record[name] for record in records] for name in names}

    def _error(self, failure: PythonFailure, step: str | None, context: str) -> DynamicBlockCodeError:
        """What goes to the caller of a block that failed."""
        kind = self._manifest.block_type
        source = self._sources.get(failure.source or "")
        line, shown = failure.line, None
        if line is not None and isinstance(source, str):
            shown = _snippet(source, line)
        where = f" in line {line} of {failure.source}" if shown else ""
        stdout, stderr = failure.printed
        trace = BlockTraceback(failure.traceback, line if shown else None, shown, stdout or None, stderr or None)
        named = f"Step {step!r}: the" if step else "The"
        return DynamicBlockCodeError(
            f"{named} Python block {kind!r} failed{where}: {failure.what}",
            context=context,
            blocks=(BlockError(step, kind, failure.what, block_traceback=trace),),
        )


def _record(result: Any, names: Collection[str]) -> dict[str, Any]:
    """The outputs that a dict holds, and no other keys of it; None stands for nothing in any of them."""
    if result is None:
        return dict.fromkeys(names)
    if not isinstance(result, dict):
        raise Misfit(f"returned a {type(result).__name__} where a dict of its outputs is expected")
    lacking = [name for name in names if name not in result]
    if lacking:
        raise Misfit(f"returned a dict without {lacking[0]!r}")
    return {name: result[name] for name in names}


def _snippet(source: str, line: int) -> str | None:
    """The lines of a source around one of them, which is marked; None when there is no such line."""
    lines = [text.rstrip("\n") for text in StringIO(source, newline=None)]
    if not 1 <= line <= len(lines):
        return None
    shown = range(max(1, line - LINES_AROUND), min(len(lines), line + LINES_AROUND) + 1)
    return "\n".join(f"{'>' if number == line else ' '} {number:>4} | {lines[number - 1]}" for number in shown)


def _fresh_name() -> str:
    """The name of a `self`, which a step keeps for as long as its memory lasts."""
    return uuid4().hex


def _parameter_name(name: str, names: Collection[str]) -> str:
    """What our parameter for an input is called: like the input, unless that is what we call a resource."""
    if name in RESOURCES:
        while name in RESOURCES or name in names:
            name += "_"
    return name


def _signature(manifest: Manifest, names: Mapping[str, str]) -> Signature:
    """The manifest in our words."""
    parameters = {ours: _parameter(ours, manifest, name) for ours, name in names.items()}
    outputs = {name: Output(name, tuple(item.kind) or (ANY,)) for name, item in manifest.outputs.items()}
    return Signature(
        parameters=parameters,
        resources=RESOURCES,
        outputs=outputs,
        batch=any(parameter.shape is Shape.BATCH for parameter in parameters.values()),
        each=manifest.output_dimensionality_offset == 1,
        gate=False,
        keys={name: ours for ours, name in names.items() if ours != name},
    )


def _parameter(ours: str, manifest: Manifest, name: str) -> Parameter:
    """One input in our words."""
    item = manifest.inputs[name]
    default = item.default_value if item.has_default_value else None if item.is_optional else REQUIRED
    shape = Shape.GATHERED if name in manifest.gathered else None
    if shape is None and name in manifest.batched and not manifest.gathered:
        shape = Shape.BATCH
    literal = bool(item.value_types) or COLOR in item.kinds
    return Parameter(
        name=ours,
        annotation=Image if item.kinds == ("image",) and not literal else item.annotation,
        kinds=item.kinds,
        element_kinds=(),
        literal=literal,
        targets=False,
        default=default,
        shape=shape,
        optional=manifest.accepts_empty_values,
        optional_members=False,
        doc="",
    )

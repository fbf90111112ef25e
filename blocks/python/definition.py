"""The definition of a Python block as it stands in a workflow, and what is checked of it before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from engine.errors import DynamicBlockError
from engine.fault import BlockError
from engine.kinds import KINDS
from engine.phase import Phase

MAX_CODE = 2**20
MAX_NAMES = 256

SelectorType = Literal["input_image", "step_output_image", "input_parameter", "step_output", "generic"]
ValueType = Literal["any", "integer", "float", "boolean", "dict", "list", "string"]

IMAGE_SELECTORS = frozenset({"input_image", "step_output_image"})
TYPES: dict[ValueType, Any] = {
    "any": Any,
    "integer": int,
    "float": float,
    "boolean": bool,
    "dict": dict[Any, Any],
    "list": list[Any],
    "string": str,
}
COLOR = "rgb_color"
STEP_KEYS = frozenset({"type", "name"})
SELF = "self"


class InputDefinition(BaseModel):
    """One input: what may be wired to it, what may be written, and how it is nested."""

    type: Literal["DynamicInputDefinition"]
    has_default_value: bool = False
    default_value: Any = None
    is_optional: bool = False
    is_dimensionality_reference: bool = False
    dimensionality_offset: int = Field(0, ge=-1, le=1)
    selector_types: list[SelectorType] = Field(default_factory=list)
    selector_data_kind: dict[SelectorType, list[str]] = Field(default_factory=dict)
    value_types: list[ValueType] = Field(default_factory=list)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What may be wired to it."""
        found: list[str] = []
        for selector in self.selector_types:
            found += ["image"] if selector in IMAGE_SELECTORS else self.selector_data_kind.get(selector) or ["*"]
        return tuple(dict.fromkeys(found))

    @property
    def annotation(self) -> Any:
        """The type of a value that is written, or that a run hands over."""
        types = [TYPES[name] for name in self.value_types]
        if COLOR in self.kinds:
            types += [str, list[Any], tuple[Any, ...]]
        found = types[0] if types else Any
        for other in types[1:]:
            found |= other
        return found if found is Any or not self.is_optional else found | None

    @property
    def nested(self) -> bool:
        """Whether a step may wire to it what has a value for every row."""
        return bool(set(self.selector_types) - {"input_parameter"})


class OutputDefinition(BaseModel):
    """One output and its kinds; none stands for any."""

    type: Literal["DynamicOutputDefinition"]
    kind: list[str] = Field(default_factory=list)


class Manifest(BaseModel):
    """What the block takes and gives."""

    type: Literal["ManifestDescription"]
    block_type: str = Field(min_length=1, max_length=200)
    description: str = ""
    inputs: dict[str, InputDefinition] = Field(max_length=MAX_NAMES)
    outputs: dict[str, OutputDefinition] = Field(default_factory=dict, max_length=MAX_NAMES)
    output_dimensionality_offset: int = Field(0, ge=-1, le=1)
    accepts_batch_input: bool = False
    accepts_empty_values: bool = False
    batch_oriented_parameters: list[str] = Field(default_factory=list)
    parameters_with_scalars_and_batches: list[str] = Field(default_factory=list)
    get_parameters_enforcing_auto_batch_casting: list[str] = Field(default_factory=list)
    ui_manifest: Any = None
    tensor_compatibility: Literal["legacy_compatibility", "tensor_native"] = "legacy_compatibility"

    @property
    def batched(self) -> frozenset[str]:
        """The inputs that come as batches; all that may be nested, where the block takes batches and names none."""
        named = {*self.batch_oriented_parameters, *self.parameters_with_scalars_and_batches}
        named |= set(self.get_parameters_enforcing_auto_batch_casting)
        if not named and self.accepts_batch_input:
            return frozenset(name for name, item in self.inputs.items() if item.nested)
        return frozenset(named)

    @property
    def gathered(self) -> frozenset[str]:
        """The inputs that come as lists, one level deeper than the step runs."""
        if self.output_dimensionality_offset == -1:
            return frozenset(name for name, item in self.inputs.items() if item.nested)
        base = min((item.dimensionality_offset for item in self.inputs.values()), default=0)
        return frozenset(name for name, item in self.inputs.items() if item.dimensionality_offset > base)


class PythonCode(BaseModel):
    """The sources of the block."""

    type: Literal["PythonCode"]
    run_function_code: str = Field(max_length=MAX_CODE)
    run_function_name: str = "run"
    init_function_code: str | None = Field(None, max_length=MAX_CODE)
    init_function_name: str = "init"
    imports: list[str] = Field(default_factory=list, max_length=MAX_NAMES)

    def sources(self) -> dict[str, Any]:
        """What a worker needs of it."""
        return {**self.model_dump(exclude={"type"}), "imports": "\n".join(self.imports)}


class BlockDefinition(BaseModel):
    """A block that comes with a workflow."""

    type: Literal["DynamicBlockDefinition"]
    manifest: Manifest
    code: PythonCode


def read_definition(entry: Any) -> BlockDefinition:
    """A definition, typed; DynamicBlockError when it makes no block."""
    try:
        definition = BlockDefinition.model_validate(entry)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in found["loc"])
        raise refused(_name(entry), place, found["msg"]) from error
    manifest = definition.manifest
    for place, problem in _problems(manifest):
        raise refused(manifest.block_type, place, problem)
    return definition


def refused(block_type: str | None, place: str, problem: str) -> DynamicBlockError:
    """The error that says what is wrong with a manifest."""
    return DynamicBlockError(
        f"The Python block {block_type!r} makes no block: {place}: {problem}.",
        context=Phase.DYNAMIC,
        blocks=(BlockError(block_type=block_type, property_name=place, property_details=problem),),
    )


def _name(entry: Any) -> str | None:
    """What a definition that may be malformed calls its block."""
    manifest = entry.get("manifest") if isinstance(entry, dict) else None
    name = manifest.get("block_type") if isinstance(manifest, dict) else None
    return name if isinstance(name, str) else None


def _problems(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """What is wrong with a manifest, by its places."""
    if manifest.tensor_compatibility == "tensor_native":
        yield "tensor_compatibility", "this server has no tensor-native values; arrays are NumPy's"
    for name, item in manifest.inputs.items():
        place = f"inputs.{name}"
        if name in STEP_KEYS:
            yield place, "a step has a key of that name already"
        if name == SELF:
            yield place, "that is the block itself to its functions"
        if not item.selector_types and not item.value_types:
            yield place, "neither selector_types nor value_types say where a value may come from"
        yield from _unknown_kinds(f"{place}.selector_data_kind", item.kinds)
        if item.has_default_value:
            yield from _default_problem(place, item)
    for name, output in manifest.outputs.items():
        yield from _unknown_kinds(f"outputs.{name}.kind", output.kind)
    for name in manifest.batched - manifest.inputs.keys():
        yield "batch_oriented_parameters", f"there is no input {name!r}"
    yield from _nesting_problems(manifest)


def _unknown_kinds(place: str, kinds: Iterable[str]) -> Iterable[tuple[str, str]]:
    for kind in kinds:
        if kind not in KINDS:
            yield place, f"there is no kind {kind!r}"


def _default_problem(place: str, item: InputDefinition) -> Iterable[tuple[str, str]]:
    try:
        TypeAdapter(item.annotation).validate_python(item.default_value, strict=True)
    except ValidationError as error:
        yield f"{place}.default_value", error.errors(include_url=False)[0]["msg"]


def _nesting_problems(manifest: Manifest) -> Iterable[tuple[str, str]]:
    offsets = {item.dimensionality_offset for item in manifest.inputs.values()}
    references = [name for name, item in manifest.inputs.items() if item.is_dimensionality_reference]
    if len(references) > 1:
        yield f"inputs.{references[1]}", "only one input is the reference of dimensionality"
    if len(offsets) > 1 and max(offsets) - min(offsets) > 1:
        yield "inputs", "the offsets of dimensionality lie more than 1 apart"
    if len(offsets) > 1 and (not references or manifest.output_dimensionality_offset):
        yield "inputs", "different offsets of dimensionality need a reference, and an output offset of 0"
    if manifest.output_dimensionality_offset == 1 and not manifest.outputs:
        yield "outputs", "a block that makes a level of its own has an output"
    for name in manifest.gathered:
        if not manifest.inputs[name].nested:
            yield f"inputs.{name}", "what lies one level deeper has to be wired"

"""Reading the signature of a block as its manifest."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from typing_extensions import Doc, is_typeddict

from engine.errors import BlockInterfaceError
from engine.kinds import ANY, KINDS, KINDS_OF_TYPE, Kinds
from engine.values.detections import Detections
from engine.values.frame import VideoMoment
from engine.values.image import Image
from engine.values.shape import Missing, Passage, Shape, Source

VALUE_CLASSES = (Image, Detections, VideoMoment)
"""What has no form as a literal and so has to be wired."""

TWIN_NAMES = {"images": "image", "image": "images"}
"""Workflows spell these either way, whatever the block calls its parameter."""

REQUIRED = inspect.Parameter.empty
MAX_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Alias:
    """Written into an annotation: another key under which workflows may give the value."""

    name: str


@dataclass(frozen=True)
class Parameter:
    """One input of a block, as its annotation says it.

    Attributes:
        name: in the signature and in the JSON of a step.
        annotation: what an argument is: one value, a value of one row of a batch, or a list of what is gathered.
        kinds: what may be wired to it; empty when it is never wired.
        element_kinds: what may be wired to the members of a list or dict; empty when it is no container.
        value_class: the class of a value, or of what is gathered, that has no form as a literal.
        literal: whether it may be written as a literal.
        targets: whether it names steps, which the block lets pass or not.
        default: its value when the step does not say one; `REQUIRED` when it must.
        shape: gathered or batch; None for one value per row.
        optional: whether the block wants to see missing values; of a list or dict, missing members.
        aliases: other keys of the JSON of a step.
        doc: one sentence for people.
    """

    name: str
    annotation: Any
    kinds: tuple[str, ...]
    element_kinds: tuple[str, ...]
    value_class: type | None
    literal: bool
    targets: bool
    default: Any
    shape: Shape | None
    optional: bool
    aliases: tuple[str, ...]
    doc: str

    @property
    def required(self) -> bool:
        """Whether a step must say it."""
        return self.default is REQUIRED

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """What checks and converts a literal or a value that came from outside."""
        return TypeAdapter(self.annotation)

    @cached_property
    def _validate(self) -> Callable[[Any], Any]:
        """The adapter's own check, without the layer that asks for settings which nobody here sets."""
        return self.adapter.validator.validate_python

    def takes(self, value: Any) -> Any:
        """The value as the block wants it; ValueError, with what is wrong in a few words, when it does not fit."""
        if self.value_class is None or self.shape is Shape.GATHERED:
            try:
                return self._validate(value)
            except ValidationError as error:
                raise ValueError(_finding(error)) from error
        if not isinstance(value, self.value_class) and not (value is None and self.optional):
            raise ValueError(f"Expected {self.value_class.__name__}, got {type(value).__name__}")
        return value


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a block."""

    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The manifest that a function's signature makes.

    Attributes:
        parameters: what workflows wire or set.
        resources: what the server hands over.
        outputs: by their names; none for a gate.
        batch: whether the block takes the whole batch at once.
        each: whether its outputs lie one level below its inputs.
        gate: whether it lets steps pass instead of returning outputs.
        keys: parameters by the other keys that workflows may use.
    """

    parameters: Mapping[str, Parameter]
    resources: frozenset[str]
    outputs: Mapping[str, Output]
    batch: bool
    each: bool
    gate: bool
    keys: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str | None:
        """The parameter that a key of a step's JSON stands for."""
        return name if name in self.parameters else self.keys.get(name)


def shown(value: Any) -> str:
    """A value at a length that fits a message."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def _finding(error: ValidationError) -> str:
    """The first of pydantic's findings, without its frames and links."""
    found = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in found["loc"] if not str(part).startswith("function-"))
    text = f"{found['msg']}, got {shown(found['input'])}"
    return f"{path}: {text}" if path else text


def read_signature(function: Callable[..., Any]) -> Signature:
    """The manifest of a block function; BlockInterfaceError when its annotations do not make one."""
    hints = get_type_hints(function, include_extras=True)
    parameters: dict[str, Parameter] = {}
    resources: set[str] = set()
    for name, item in inspect.signature(function).parameters.items():
        if item.kind is inspect.Parameter.KEYWORD_ONLY:
            resources.add(name)
        elif item.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and name in hints:
            parameters[name] = _parameter(name, hints[name], item.default)
        else:
            raise BlockInterfaceError(f"{function.__name__}: {item} cannot be an input of a block: name and kind it.")
    batch = any(parameter.shape is Shape.BATCH for parameter in parameters.values())
    gate = hints.get("return") is Passage
    outputs, each = ({}, False) if gate else _outputs(function.__name__, hints.get("return"), batch)
    keys = {alias: p.name for p in parameters.values() for alias in p.aliases if alias not in parameters}
    return Signature(parameters, frozenset(resources), outputs, batch, each, gate, keys)


def _parameter(name: str, hint: Any, default: Any) -> Parameter:
    annotation, extras = _unwrap(hint)
    shape, whole = _shape(name, extras), hint
    if shape is not None:
        (member,) = get_args(annotation)
        annotation, member_extras = _unwrap(member)
        extras, whole = (*extras, *member_extras), member if shape is Shape.BATCH else hint
    annotation, optional, union_extras = _without_none(annotation)
    if _shape(name, union_extras):
        raise BlockInterfaceError(f"{name}: None stands inside of Gathered and Batch, as in Gathered[T | None].")
    extras = (*extras, *union_extras)
    source = next((extra for extra in extras if isinstance(extra, Source)), None)
    unwired = source in (Source.LITERAL, Source.STEPS)
    kinds = _kinds(name, annotation, extras)
    value_class = annotation if annotation in VALUE_CLASSES else None
    aliases = tuple(extra.name for extra in extras if isinstance(extra, Alias))
    if name in TWIN_NAMES:
        aliases = (*aliases, TWIN_NAMES[name])
    return Parameter(
        name=name,
        annotation=whole,
        kinds=() if unwired else kinds,
        element_kinds=() if unwired else _element_kinds(name, annotation),
        value_class=value_class,
        literal=value_class is None and not _holds_values(annotation) and source is not Source.SELECTOR,
        targets=source is Source.STEPS,
        default=default,
        shape=shape,
        optional=optional or _optional_members(annotation),
        aliases=aliases,
        doc=next((extra.documentation for extra in extras if isinstance(extra, Doc)), ""),
    )


def _shape(name: str, extras: tuple[Any, ...]) -> Shape | None:
    """How an annotation says that values are nested."""
    shape = next((extra for extra in extras if isinstance(extra, Shape)), None)
    if shape is Shape.EACH:
        raise BlockInterfaceError(f"{name}: Each is for outputs; for inputs there are Gathered and Batch.")
    return shape


def _outputs(block: str, hint: Any, batch: bool) -> tuple[dict[str, Output], bool]:
    record = get_args(hint)[0] if batch and get_origin(hint) is list else hint
    if (batch and get_origin(hint) is not list) or not is_typeddict(record):
        form = "list of a TypedDict" if batch else "TypedDict"
        raise BlockInterfaceError(f"{block}: a block says its outputs by returning a {form}.")
    outputs, shapes = {}, set()
    for name, output_hint in get_type_hints(record, include_extras=True).items():
        annotation, extras = _unwrap(output_hint)
        each = Shape.EACH in extras
        if each:
            annotation, extras = _unwrap(get_args(annotation)[0])
        annotation, _, union_extras = _without_none(annotation)
        shapes.add(each)
        outputs[name] = Output(name, _kinds(name, annotation, (*extras, *union_extras)))
    if len(shapes) > 1:
        raise BlockInterfaceError(f"{block}: either every output is Each, or none is.")
    return outputs, shapes == {True}


def _unwrap(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without its `Annotated` layer, and what that layer says."""
    if get_origin(hint) is Annotated:
        return hint.__origin__, hint.__metadata__
    return hint, ()


def _without_none(annotation: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """`T | None` as T, whether None was there, and what an `Annotated` T says. `Missing` is no kind of value either."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False, ()
    members = get_args(annotation)
    others = [member for member in members if member not in (type(None), Missing)]
    if len(others) != 1:
        extras = tuple(extra for member in others for extra in _unwrap(member)[1])
        return annotation, type(None) in members, extras
    inner, extras = _unwrap(others[0])
    return inner, type(None) in members, extras


def _kinds(name: str, annotation: Any, extras: tuple[Any, ...]) -> tuple[str, ...]:
    said = tuple(kind for extra in extras if isinstance(extra, Kinds) for kind in extra.names)
    if said:
        unknown = [kind for kind in said if kind not in KINDS]
        if unknown:
            raise BlockInterfaceError(f"{name}: there is no kind {unknown[0]!r}.")
        return said
    if get_origin(annotation) in (Union, types.UnionType):
        members = (_unwrap(member) for member in get_args(annotation) if member is not type(None))
        return tuple(dict.fromkeys(kind for member in members for kind in _kinds(name, *member)))
    return KINDS_OF_TYPE.get(get_origin(annotation) or annotation, (ANY,))


def _holds_values(annotation: Any) -> bool:
    """Whether an annotation is a list or dict of what has no form as a literal."""
    if get_origin(annotation) not in (list, dict):
        return False
    return _without_none(_unwrap(get_args(annotation)[-1])[0])[0] in VALUE_CLASSES


def _optional_members(annotation: Any) -> bool:
    """Whether an annotation is a list or dict in which members may be None."""
    if get_origin(annotation) not in (list, dict):
        return False
    return _without_none(_unwrap(get_args(annotation)[-1])[0])[1]


def _element_kinds(name: str, annotation: Any) -> tuple[str, ...]:
    """What may be wired to the members of a list or the values of a dict; empty for what is neither."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        inner = (_element_kinds(name, _unwrap(member)[0]) for member in arguments)
        return tuple(dict.fromkeys(kind for kinds in inner for kind in kinds))
    if origin in (list, dict):
        annotation, extras = _unwrap(arguments[-1])
        return _kinds(name, _without_none(annotation)[0], extras)
    return ()

"""Reading the signature of a block as its manifest."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from typing_extensions import Doc, is_typeddict

from engine.errors import BlockInterfaceError
from engine.kinds import ANY, KINDS, KINDS_OF_TYPE, VALUE_CLASSES, Kinds
from engine.signature import Output, Parameter, Signature
from engine.values.shape import Missing, Passage, Shape, Source

T = TypeVar("T")

UNIONS = (Union, types.UnionType)

TWIN_NAMES = {"images": "image", "image": "images"}
"""Workflows spell these either way, whatever the block calls its parameter."""


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
    keys = {twin: name for name, twin in TWIN_NAMES.items() if name in parameters and twin not in parameters}
    return Signature(parameters, frozenset(resources), outputs, batch, each, gate, keys)


@dataclass(frozen=True, slots=True)
class _Hint:
    """An annotation taken apart.

    Attributes:
        bare: what is left without `Annotated` and None: a class, a list, a dict, or a union of several.
        said: what stands in its `Annotated` layers.
        optional: whether None is one of its values.
    """

    bare: Any
    said: tuple[Any, ...]
    optional: bool

    def find(self, sort: type[T]) -> T | None:
        """The first of what is said that is of a class."""
        return next((item for item in self.said if isinstance(item, sort)), None)

    def members(self) -> list[_Hint]:
        """The members of a union; for what is none, itself."""
        if get_origin(self.bare) not in UNIONS:
            return [self]
        return [_peel(member) for member in get_args(self.bare) if member is not type(None)]

    def element(self) -> _Hint | None:
        """What a list or dict holds; None for what is neither."""
        return _peel(get_args(self.bare)[-1]) if get_origin(self.bare) in (list, dict) else None


def _peel(hint: Any) -> _Hint:
    """Take an annotation apart, layer by layer. `Missing` is what outputs may be, and no kind of value either."""
    said: tuple[Any, ...] = ()
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, said = hint.__origin__, (*said, *hint.__metadata__)
            continue
        members = [member for member in get_args(hint) if member not in (type(None), Missing)]
        if get_origin(hint) in UNIONS:
            optional = optional or type(None) in get_args(hint)
        if get_origin(hint) not in UNIONS or len(members) != 1:
            return _Hint(hint, said, optional)
        hint = members[0]


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    hint, shape = _peel(annotation), _peel(annotation).find(Shape)
    if shape is Shape.EACH:
        raise BlockInterfaceError(f"{name}: Each is for outputs; for inputs there are Gathered and Batch.")
    if shape is not None:
        if hint.optional:
            raise BlockInterfaceError(f"{name}: None stands inside of Gathered and Batch, as in Gathered[T | None].")
        (row,) = get_args(hint.bare)
        annotation = row if shape is Shape.BATCH else annotation  # what is gathered is checked as a list
        inner = _peel(row)
        hint = _Hint(inner.bare, (*hint.said, *inner.said), inner.optional)
    element = hint.element()
    for value in (hint, element):
        if value is not None and value.bare in VALUE_CLASSES and value.find(Kinds) is None:
            raise BlockInterfaceError(f"{name}: {value.bare.__name__} says no kind; take it from engine.kinds.")
    source, doc = hint.find(Source), hint.find(Doc)
    unwired = source in (Source.LITERAL, Source.STEPS)
    held = hint if element is None else element
    return Parameter(
        name=name,
        annotation=annotation,
        kinds=() if unwired else _kinds(name, hint),
        element_kinds=() if unwired else _element_kinds(name, hint),
        literal=held.bare not in VALUE_CLASSES and source is not Source.SELECTOR,
        targets=source is Source.STEPS,
        default=default,
        shape=shape,
        optional=hint.optional,
        optional_members=element is not None and element.optional,
        doc=doc.documentation if doc else "",
    )


def _outputs(block: str, hint: Any, batch: bool) -> tuple[dict[str, Output], bool]:
    """The outputs that a block says it returns, and whether they lie one level deeper."""
    record = get_args(hint)[0] if batch and get_origin(hint) is list else hint
    if (batch and get_origin(hint) is not list) or not is_typeddict(record):
        form = "list of a TypedDict" if batch else "TypedDict"
        raise BlockInterfaceError(f"{block}: a block says its outputs by returning a {form}.")
    outputs, shapes = {}, set()
    for name, annotation in get_type_hints(record, include_extras=True).items():
        output = _peel(annotation)
        shapes.add(output.find(Shape) is Shape.EACH)
        if output.find(Shape) is Shape.EACH:
            output = _peel(get_args(output.bare)[0])
        outputs[name] = Output(name, _kinds(name, output))
    if len(shapes) > 1:
        raise BlockInterfaceError(f"{block}: either every output is Each, or none is.")
    return outputs, shapes == {True}


def _kinds(name: str, hint: _Hint) -> tuple[str, ...]:
    """The kinds that an annotation says, or that its classes are known to have."""
    said = tuple(kind for item in hint.said if isinstance(item, Kinds) for kind in item.names)
    unknown = [kind for kind in said if kind not in KINDS]
    if unknown:
        raise BlockInterfaceError(f"{name}: there is no kind {unknown[0]!r}.")
    if said:
        return said
    if get_origin(hint.bare) in UNIONS:
        return tuple(dict.fromkeys(kind for member in hint.members() for kind in _kinds(name, member)))
    if get_origin(hint.bare) is Literal:
        return tuple(dict.fromkeys(kind for choice in get_args(hint.bare) for kind in KINDS_OF_TYPE[type(choice)]))
    return KINDS_OF_TYPE.get(get_origin(hint.bare) or hint.bare, (ANY,))


def _element_kinds(name: str, hint: _Hint) -> tuple[str, ...]:
    """What may be wired to the members of a list or the values of a dict; empty for what is neither."""
    elements = (member.element() for member in hint.members())
    return tuple(dict.fromkeys(kind for element in elements if element for kind in _kinds(name, element)))

"""What blocks there are, with all that can be wired to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from blocks.python.definition import BlockDefinition
from blocks.query.describe import describe as describe_query
from engine.block import AnyBlock
from engine.document import Document
from engine.kinds import ANY, KINDS
from engine.registry import Registry
from engine.signature import Output, Parameter
from engine.values.shape import Shape

SELECTOR_PATTERN = r"^\$(inputs\.[A-Za-z0-9_\-]+|steps\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+)$"


def describe(registry: Registry) -> dict[str, Any]:
    """All blocks with their schemas, all kinds, what connects to what, and the query language."""
    return {
        "blocks": [describe_block(block) for block in registry.blocks],
        "declared_kinds": [_kind(name) for name in KINDS],
        "kinds_connections": _kinds_connections(registry),
        "primitives_connections": _primitives_connections(registry),
        "universal_query_language_description": describe_query(),
        "dynamic_block_definition_schema": BlockDefinition.model_json_schema(),
    }


def describe_block(block: AnyBlock) -> dict[str, Any]:
    """One block: the JSON schema of its step, its outputs, and how they are nested."""
    signature = block.signature
    name = getattr(block.function, "__name__", block.type)  # what runs a Python block is no function with a name
    gathered = [name for name, parameter in signature.parameters.items() if parameter.shape is Shape.GATHERED]
    return {
        "block_schema": block_schema(block),
        "outputs_manifest": describe_outputs(signature.outputs),
        "block_source": block.type.partition("/")[0],
        "fully_qualified_block_class_name": f"{block.function.__module__}.{name}",
        "human_friendly_block_name": _title(block),
        "manifest_type_identifier": block.type,
        "manifest_type_identifier_aliases": list(block.aliases),
        "execution_engine_compatibility": None,
        "restrictions": [],
        "input_dimensionality_offsets": dict.fromkeys(gathered, 1),
        "dimensionality_reference_property": None,
        "output_dimensionality_offset": 1 if signature.each else 0,
    }


def describe_outputs(outputs: Mapping[str, Output]) -> list[dict[str, Any]]:
    """Outputs with their kinds."""
    return [{"name": output.name, "kind": [_kind(kind) for kind in output.kinds]} for output in outputs.values()]


def definition_json_schema(registry: Registry) -> dict[str, Any]:
    """The JSON schema of a workflow whose steps may be of any block."""
    schema = Document.model_json_schema()
    schema["properties"]["steps"]["items"] = {"oneOf": [block_schema(block) for block in registry.blocks]}
    return schema


def block_schema(block: AnyBlock) -> dict[str, Any]:
    """The JSON schema of a step of this block."""
    properties: dict[str, Any] = {
        "type": {"type": "string", "enum": list(block.identifiers)},
        "name": {"type": "string", "title": "Step name", "description": "Unique among the steps."},
    }
    required = ["type", "name"]
    for parameter in block.signature.parameters.values():
        properties[parameter.name] = _property(parameter)
        if parameter.required:
            required.append(parameter.name)
    return {
        "title": _title(block),
        "description": block.summary,
        "type": "object",
        "name": _title(block),
        "version": block.type.rpartition("@")[2],
        "short_description": block.summary,
        "block_type": block.category,
        "properties": properties,
        "required": required,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    """One property: what may be written, what may be wired, or either."""
    forms: list[dict[str, Any]] = []
    if parameter.literal:
        forms.append(parameter.adapter.json_schema())
    if parameter.kinds:
        forms.append(_selector(parameter.kinds, parameter.shape))
    if parameter.element_kinds:
        member = _selector(parameter.element_kinds, None)
        forms.append({"type": "array", "contains": member})
        forms.append({"type": "object", "additionalProperties": {"anyOf": [member, {}]}})
    found = forms[0] if len(forms) == 1 else {"anyOf": forms}
    found = {"title": parameter.name, "description": parameter.doc, **found}
    if not parameter.required and parameter.literal:
        found["default"] = parameter.default
    return found


def _selector(kinds: tuple[str, ...], shape: Shape | None) -> dict[str, Any]:
    points_at = "any_data" if set(kinds) != {"image"} else "workflow_image"
    return {
        "type": "string",
        "pattern": SELECTOR_PATTERN,
        "reference": True,
        "selected_element": points_at,
        "kind": [_kind(kind) for kind in kinds],
        "selector_points_to_batch": shape is Shape.BATCH or "dynamic",
    }


def _kind(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    return {
        "name": kind.name,
        "description": kind.doc,
        "docs": kind.doc,
        "serialised_data_type": kind.wire,
        "internal_data_type": kind.inside,
    }


def _kinds_connections(registry: Registry) -> dict[str, list[dict[str, Any]]]:
    """For every kind, the properties that take it."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for block in registry.blocks:
        for parameter in block.signature.parameters.values():
            for kinds, inside in ((parameter.kinds, False), (parameter.element_kinds, True)):
                for kind in KINDS if ANY in kinds else kinds:
                    found[kind].append(
                        {
                            "manifest_type_identifier": block.type,
                            "property_name": parameter.name,
                            "property_description": parameter.doc,
                            "compatible_element": "any_data",
                            "is_list_element": inside,
                            "is_dict_element": inside,
                        }
                    )
    return dict(found)


def _primitives_connections(registry: Registry) -> list[dict[str, Any]]:
    """The properties that take a literal, and of which type."""
    return [
        {
            "manifest_type_identifier": block.type,
            "property_name": parameter.name,
            "property_description": parameter.doc,
            "type_annotation": _type_name(parameter.adapter.json_schema()),
        }
        for block in registry.blocks
        for parameter in block.signature.parameters.values()
        if parameter.literal
    ]


def _type_name(schema: dict[str, Any]) -> str:
    """A JSON schema in a word or two."""
    if "anyOf" in schema:
        return " | ".join(_type_name(form) for form in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(repr(value) for value in schema["enum"])
    return str(schema.get("type", "any"))


def _title(block: AnyBlock) -> str:
    """The name of a block for people: its type without the source and the version."""
    return block.type.rpartition("/")[2].partition("@")[0].replace("_", " ").capitalize()

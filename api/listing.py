"""Lists for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from api.settings import Settings
from engine.block import AnyBlock
from engine.errors import PenstockError
from engine.registry import Registry
from engine.signature import Parameter
from models.catalogue import CATALOGUE
from models.providers.disk import DiskProvider


class UnknownBlockError(PenstockError):
    """There is no block of this type."""


def list_models(settings: Settings) -> str:
    """The models on disk, then those of the starter catalogue that are not."""
    lines = [f"Models in {settings.models_dir}"]
    found = {manifest.id: manifest for manifest in DiskProvider(settings.models_dir).list()}
    for manifest in found.values():
        lines.append(f"  {manifest.id:24} {manifest.task:18} {manifest.family:12} {len(manifest.classes)} classes")
    if not found:
        lines.append("  none yet; `penstock models add FILE --id NAME/1` adds one")
    others = [row for row in CATALOGUE.values() if row.id not in found]
    if others:
        lines.append("Fetched when asked for")
        lines += [f"  {row.id:24} {row.task:18} {row.family:12} {row.size / 1e6:.1f} MB" for row in others]
    return "\n".join(lines)


def list_blocks(registry: Registry, wanted: str | None) -> str:
    """All blocks, a line each; or all of one block."""
    if wanted is None:
        return "\n".join(f"{block.type:58} {block.summary}" for block in registry.blocks)
    block = registry.by_identifier.get(wanted)
    if block is None:
        near = get_close_matches(wanted, registry.by_identifier, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "`penstock blocks` lists them."
        raise UnknownBlockError(f"There is no block of the type {wanted!r}.", hint=hint)
    return "\n".join(_describe(block))


def _describe(block: AnyBlock) -> Iterator[str]:
    yield block.type
    if block.aliases:
        yield f"  also: {', '.join(block.aliases)}"
    yield f"  {block.summary}"
    yield "inputs"
    for parameter in block.signature.parameters.values():
        yield f"  {parameter.name:32} {_wants(parameter)}"
    yield "outputs"
    for output in block.signature.outputs.values():
        deeper = ", one level deeper" if block.signature.each else ""
        yield f"  {output.name:32} {' or '.join(output.kinds)}{deeper}"


def _wants(parameter: Parameter) -> str:
    parts = [" or ".join(parameter.kinds or parameter.element_kinds) or "a literal"]
    parts.append("required" if parameter.required else f"default {parameter.default!r}")
    if parameter.doc:
        parts.append(parameter.doc)
    return "; ".join(parts)

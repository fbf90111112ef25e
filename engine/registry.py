"""Finding blocks: those that ship with Penstock, and those that installed packages bring."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType

from engine.block import AnyBlock, Block
from engine.errors import PluginLoadingError

ENTRY_POINTS = "penstock.blocks"


class Registry:
    """Blocks by every identifier that is valid for them; never changed after it was made."""

    def __init__(self, blocks: Iterator[AnyBlock]) -> None:
        found: dict[str, AnyBlock] = {}
        self.blocks: list[AnyBlock] = []
        for block in blocks:
            if found.get(block.type) is block:
                continue
            self.blocks.append(block)
            for identifier in block.identifiers:
                if identifier in found:
                    other = found[identifier].function.__module__
                    raise PluginLoadingError(
                        f"{other} and {block.function.__module__} both claim the block type {identifier}."
                    )
                found[identifier] = block
        self.by_identifier: Mapping[str, AnyBlock] = MappingProxyType(found)


def installed_blocks(package: str, plugins: Iterable[str] = ()) -> Iterator[AnyBlock]:
    """The blocks under `package`, then those of the `penstock.blocks` entry points, then those of `plugins`."""
    entries = (entry.value for entry in entry_points(group=ENTRY_POINTS))
    for name in dict.fromkeys((package, *entries, *plugins)):
        yield from blocks_under(name)


def blocks_under(package: str) -> Iterator[AnyBlock]:
    """The blocks of a module, or of every module of a package, in the order of their names.

    Raises:
        PluginLoadingError: a module does not import, or the signature of a block makes no manifest.
    """
    root = _import(package)
    yield from _blocks_of(root)
    for info in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{package}."):
        yield from _blocks_of(_import(info.name))


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise PluginLoadingError(
            f"The blocks in {name} cannot be imported: {type(error).__name__}: {error}.",
            hint="Repair or uninstall the package that brings them.",
        ) from error


def _blocks_of(module: ModuleType) -> Iterator[AnyBlock]:
    for value in vars(module).values():
        if isinstance(value, Block) and value.function.__module__ == module.__name__:
            _ = value.signature  # a block that makes no manifest stops the start, by name
            yield value

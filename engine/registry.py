"""Finding blocks: those that ship with Penstock, those of installed packages, and those that workflows bring along."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import Any

from engine.block import AnyBlock, Block
from engine.errors import PluginLoadingError, WorkflowEnvironmentConfigurationError
from engine.phase import Phase

ENTRY_POINTS = "penstock.blocks"
Blocks = Mapping[str, AnyBlock]
"""Blocks by every identifier that is valid for them."""
MakeBlocks = Callable[[Collection[Any], Blocks], Blocks]
"""Makes blocks of the definitions that come with a workflow, given the blocks that are known already."""


class Registry:
    """The blocks that workflows may use; never changed after it was made.

    Args:
        blocks: those of this server.
        make: makes those that come with a workflow; without it such workflows are refused.
    """

    def __init__(self, blocks: Iterator[AnyBlock], make: MakeBlocks | None = None) -> None:
        self._make = make
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
        self.by_identifier: Blocks = MappingProxyType(found)

    def dynamic(self, definitions: Collection[Any]) -> Blocks:
        """The blocks that come with a workflow; raises what making them raises.

        Raises:
            WorkflowEnvironmentConfigurationError: there are some, and this server makes none.
        """
        if not definitions:
            return {}
        if self._make is None:
            raise WorkflowEnvironmentConfigurationError(
                "This server does not run Python blocks that come with workflows.",
                hint="Its operator can allow it by ALLOW_CUSTOM_PYTHON_EXECUTION_IN_WORKFLOWS=true.",
                context=Phase.DYNAMIC,
            )
        return self._make(definitions, self.by_identifier)


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

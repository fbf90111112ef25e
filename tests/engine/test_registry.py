"""Finding blocks: in packages, behind entry points, in plugins; and what is wrong with them, by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.errors import BlockInterfaceError, PluginLoadingError
from engine.registry import Registry, blocks_under, installed_blocks

GOOD = '''
"""A plugin."""
from typing import TypedDict
from engine.block import block

class Out(TypedDict):
    """Outputs."""
    value: int

@block("plugin/{name}@v1", aliases=("{alias}",))
def work(x: int) -> Out:
    """Work."""
    return {{"value": x}}
'''


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which modules can be imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write(folder: Path, module: str, text: str) -> str:
    """Write a module that no other test has imported."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    sys.modules.pop(module, None)
    return module


def test_plugins_are_modules_or_packages(plugins: Path) -> None:
    single = write(plugins, "plugin_single", GOOD.format(name="single", alias="Single"))
    package = plugins / "plugin_package"
    package.mkdir()
    write(package, "__init__", "")
    write(package, "inside", GOOD.format(name="inside", alias="Inside"))
    found = Registry(installed_blocks("blocks", (single, "plugin_package", single))).by_identifier
    assert {"plugin/single@v1", "Single", "plugin/inside@v1", "Inside", "DynamicCrop"} <= found.keys()


def test_the_category_of_a_block_is_its_folder_or_else_its_module(plugins: Path) -> None:
    (alone,) = blocks_under(write(plugins, "plugin_alone", GOOD.format(name="alone", alias="Alone")))
    assert alone.category == "plugin_alone"
    crop = Registry(installed_blocks("blocks")).by_identifier["DynamicCrop"]
    assert crop.category == "transformations"


def test_entry_points(plugins: Path) -> None:
    write(plugins, "plugin_entry", GOOD.format(name="entry", alias="Entry"))
    info = plugins / "plugin_entry-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-entry\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[penstock.blocks]\nentry = plugin_entry\n", encoding="utf-8")
    assert "Entry" in Registry(installed_blocks("blocks")).by_identifier


BAD = """
from engine.block import block
from engine.values.shape import Each, Gathered
@block("plugin/bad@v1")
def bad({}):
    return 1
"""
BROKEN = {
    "raises": ("raise ValueError('no')", PluginLoadingError, "plugin_raises"),
    "syntax": ("def", PluginLoadingError, "plugin_syntax"),
    "claims": (GOOD.format(name="x", alias="Crop"), PluginLoadingError, "both claim the block type Crop"),
    "manifest": (
        'from engine.block import block\n@block("plugin/bad@v1")\ndef bad(*x: int) -> int:\n    return 1\n',
        BlockInterfaceError,
        "bad: *x",
    ),
    "unannotated": (BAD.format("x"), BlockInterfaceError, "bad: x cannot be an input"),
    "union of shapes": (BAD.format("x: Gathered[int] | None"), BlockInterfaceError, "x: None stands inside"),
    "each for an input": (BAD.format("x: Each[int]"), BlockInterfaceError, "x: Each is for outputs"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_stops_the_start_by_name(plugins: Path, case: str) -> None:
    text, error, says = BROKEN[case]
    name = write(plugins, f"plugin_{case}", text)
    with pytest.raises(error) as caught:
        Registry(installed_blocks("blocks", (name,)))
    assert says in str(caught.value)


def test_a_module_that_is_not_there(plugins: Path) -> None:
    with pytest.raises(PluginLoadingError, match="plugin_nowhere"):
        list(blocks_under("plugin_nowhere"))


def test_the_outputs_of_a_block_may_be_a_typed_dict_of_either_sort(plugins: Path) -> None:
    text = """
from typing_extensions import TypedDict
from engine.block import block
class Out(TypedDict):
    number: int
@block("plugin/either@v1")
def either(x: int) -> Out:
    return {"number": x}
"""
    (found,) = blocks_under(write(plugins, "plugin_either", text))
    assert found.signature.outputs["number"].kinds == ("integer",)

"""The rules of the house: what a machine does not check does not hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.rules import ROOMS, ROOT, Source, sources

MAX_FILE_LINES = 400
MAX_BLOCK_LINES = 200
LANGUAGES = ("blocks/python/", "blocks/query/")
"""Where the languages live that workflows carry within; no blocks are declared there."""
MAX_FUNCTION_LINES = 60
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "core"}
ADDRESSES = {
    "fastapi": ("api",),
    "starlette": ("api",),
    "uvicorn": ("api",),
    "pydantic_settings": ("api",),
    "typer": ("api",),
    "av": ("streams",),
    "onnxruntime": ("models",),
    "networkx": ("engine/compiler",),
    "httpx": ("engine/guard", "models/download"),
    "httpcore": ("engine/guard",),
    "subprocess": ("blocks/python", "models/mirrors"),
    "requests": (),
    "urllib3": (),
    "urllib.request": (),
    "http.client": (),
    "pickle": (),
    "marshal": (),
    "shelve": (),
}
"""Where a package may be imported; nowhere when it says nothing."""
DOORS = {"answer", "answer_run", "answer_at_once"}

each_source = pytest.mark.parametrize("source", sources(), ids=lambda source: source.path.as_posix())


def test_there_is_a_house() -> None:
    assert {source.room for source in sources()} == set(ROOMS)


@each_source
def test_arrows_point_one_way(source: Source) -> None:
    above = set(ROOMS[ROOMS.index(source.room) + 1 :])
    assert not above & {name.partition(".")[0] for name in source.imports()}


def test_guard_knows_nothing_of_the_forms_of_values() -> None:
    for source in sources():
        if source.path.as_posix().startswith("engine/guard/"):
            assert not [name for name in source.imports() if name.startswith("engine.wire")], source.path


@each_source
def test_packages_have_one_address(source: Source) -> None:
    for name in source.imports():
        for package, places in ADDRESSES.items():
            if name == package or name.startswith(f"{package}."):
                assert source.path.as_posix().startswith(places), f"{name} is imported in {source.path}"


@each_source
def test_the_first_line_says_what_a_file_is(source: Source) -> None:
    assert (ast.get_docstring(source.tree) or "").partition("\n")[0].endswith(".")


@each_source
def test_files_are_small(source: Source) -> None:
    block = source.room == "blocks" and not source.path.as_posix().startswith(LANGUAGES)
    most = MAX_BLOCK_LINES if block else MAX_FILE_LINES
    assert len(source.text.splitlines()) < most


@each_source
def test_functions_are_short(source: Source) -> None:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION_LINES, node.name


@each_source
def test_names_say_something(source: Source) -> None:
    assert not VAGUE_NAMES & set(re.split(r"[./_]", source.path.as_posix()))


@each_source
def test_modules_hold_nothing_that_changes(source: Source) -> None:
    for node in ast.walk(source.tree):
        assert not isinstance(node, ast.Global), "global"
    for name, value in _module_values(source.tree):
        mutable = isinstance(value, ast.List | ast.Set | ast.Dict | ast.ListComp | ast.DictComp | ast.SetComp)
        assert not mutable or name == "__all__" or name.lstrip("_").isupper(), f"{name} can be changed"


@each_source
def test_module_constants_are_never_written_to(source: Source) -> None:
    constants = {name for name, _ in _module_values(source.tree) if name.lstrip("_").isupper()}
    for node in ast.walk(source.tree):
        target: ast.expr | None = None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            target = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            writes = {"append", "add", "update", "pop", "setdefault", "clear", "extend", "insert", "remove"}
            target = node.func.value if node.func.attr in writes else None
        if isinstance(target, ast.Name):
            assert target.id not in constants, f"{target.id} is written to"


def _module_values(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names that a module assigns at its top level, with what it assigns."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                yield target.id, value


def test_nothing_silences_errors() -> None:
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler):
                silent = all(isinstance(line, ast.Pass) for line in node.body)
                assert node.type is not None, f"bare except in {source.path}"
                assert not silent, f"an error is swallowed in {source.path}, line {node.lineno}"


def test_routes_use_the_door() -> None:
    for source in sources():
        if source.path.as_posix().startswith("api/routes/") and source.path.name != "__init__.py":
            for node in source.tree.body:
                if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.decorator_list:
                    calls = {
                        call.func.id
                        for call in ast.walk(node)
                        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                    }
                    assert DOORS & set(calls), f"{node.name} in {source.path} does not pass the door"


def test_every_error_can_be_raised_by_somebody() -> None:
    names = {
        node.name
        for source in sources()
        if source.path.name == "errors.py" and source.room == "engine"
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
    }
    raised = {
        name.id
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        for name in [node.func]
        if isinstance(name, ast.Name)
    }
    bases = {
        base.id
        for source in sources()
        if source.path.as_posix() == "engine/errors.py"
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    assert not names - raised - bases - {"Fault"}


def test_errors_are_drawn() -> None:
    source = next(source for source in sources() if source.path.as_posix() == "engine/errors.py")
    drawing = ast.get_docstring(source.tree) or ""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name not in {"Fault", "BlockError"}:
            assert node.name in drawing, f"{node.name} is not drawn"


def test_the_house_has_its_rooms() -> None:
    assert all((ROOT / room / "__init__.py").is_file() for room in ROOMS)


def test_the_tour_of_the_engine_passes_everything() -> None:
    tree = next(source.tree for source in sources() if source.path.as_posix() == "engine/__init__.py")
    _, _, tour = (ast.get_docstring(tree) or "").partition("A tour for the first reading.")
    shown = set(re.findall(r"`(?:values/)?(\w+)`", tour))
    there = {
        path.stem
        for folder in ("engine", "engine/compiler")
        for path in (ROOT / folder).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert shown - {"shape"} == there - {"__init__"}

"""Local files are read from open folders only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.guard import paths
from engine.guard.paths import find


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with an open folder, a second open folder, and a secret beside them."""
    (tmp_path / "open" / "deep").mkdir(parents=True)
    (tmp_path / "open" / "cat.png").write_bytes(b"cat")
    (tmp_path / "open" / "deep" / "dog.png").write_bytes(b"dog")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "cow.png").write_bytes(b"cow")
    (tmp_path / "opening").mkdir()
    (tmp_path / "opening" / "secret.png").write_bytes(b"secret")
    (tmp_path / "secret.png").write_bytes(b"secret")
    return tmp_path


def read(path: str, folders: Iterable[Path]) -> bytes:
    """The content of a file that has to be found."""
    file = find(path, folders)
    assert file is not None
    return file.read_bytes()


def roots(house: Path) -> tuple[Path, Path]:
    return house / "open", house / "second"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("cat.png", b"cat"),
        ("./cat.png", b"cat"),
        ("deep/dog.png", b"dog"),
        ("deep/../cat.png", b"cat"),
        ("cow.png", b"cow"),
        ("{house}/open/cat.png", b"cat"),
        ("{house}/opening/../open/cat.png", b"cat"),
        ("{house}/second/cow.png", b"cow"),
    ],
)
def test_files_in_open_folders_are_found(house: Path, path: str, content: bytes) -> None:
    assert read(path.format(house=house), roots(house)) == content


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "deep",
        "missing.png",
        "../secret.png",
        "deep/../../secret.png",
        "../opening/secret.png",
        "{house}/secret.png",
        "{house}/opening/secret.png",
        "{house}/open/../secret.png",
        "{house}/open",
        "/etc/passwd",
        "//etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        "file:cat.png",
        "file://{house}/open/cat.png",
        "concat:cat.png|cat.png",
        "~/cat.png",
        "cat.png\0",
        "\0",
        "a" * 5000,
        "a/" * 3000,
        "\ud800",
    ],
    ids=lambda path: ascii(path)[:30],
)
def test_nothing_else_is_found(house: Path, path: str) -> None:
    assert find(path.format(house=house), roots(house)) is None


@pytest.mark.parametrize("path", ["../secret.png", "{house}/secret.png", "/etc/passwd", "deep/../../open2", "/"])
def test_what_lies_outside_is_not_even_looked_at(house: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_file", lambda *_: pytest.fail("it was looked at"))
    assert find(path.format(house=house), roots(house)) is None


def test_without_folders_nothing_is_found(house: Path) -> None:
    assert find(str(house / "open" / "cat.png"), ()) is None


def test_links_are_followed_within_and_not_out(house: Path) -> None:
    (house / "open" / "near.png").symlink_to("cat.png")
    (house / "open" / "far.png").symlink_to(house / "secret.png")
    (house / "open" / "up").symlink_to(house)
    (house / "open" / "ring.png").symlink_to("ring.png")
    assert read("near.png", roots(house)) == b"cat"
    for path in ("far.png", "up/secret.png", "ring.png", "up/open/up/secret.png"):
        assert find(path, roots(house)) is None


def test_a_folder_may_itself_be_a_link(house: Path) -> None:
    (house / "linked").symlink_to("open")
    assert read("cat.png", [house / "linked"]) == b"cat"


def test_a_folder_may_be_relative(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(house / "second")
    for path in ("cat.png", str(house / "open" / "cat.png")):
        assert read(path, [Path("../open")]) == b"cat"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_refused(house: Path) -> None:
    os.mkfifo(house / "open" / "pipe.png")
    assert find("pipe.png", roots(house)) is None

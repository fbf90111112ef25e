"""New files never take the place of others, whatever other processes do, and their names fit every file system."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.synchronize import Barrier
from pathlib import Path
from unittest import mock

import pytest

from engine.guard.folder import Folder

PROCESSES = 3
ROUNDS = 300

with_and_without_links = pytest.mark.parametrize("links", [True, False], ids=["with hard links", "without hard links"])


@contextmanager
def file_system(links: bool) -> Iterator[None]:
    """The file system of this machine, or one without hard links such as FAT."""
    refused = PermissionError(errno.EPERM, "Operation not permitted")
    with nullcontext() if links else mock.patch.object(os, "link", side_effect=refused):
        yield


def contents(folder: Path) -> list[str]:
    return sorted(file.read_text() for file in folder.iterdir())


def write_at_once(root: Path, links: bool, process: int, barrier: Barrier) -> None:
    """Write files under the names that other processes choose at the same moment."""
    folder = Folder(root)
    with file_system(links):
        for number in range(ROUNDS):
            barrier.wait(60)
            folder.create("", f"of_{number}", ".txt", f"{number} {process}".encode())


@with_and_without_links
def test_processes_do_not_replace_the_files_of_each_other(tmp_path: Path, links: bool) -> None:
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(PROCESSES)
    running = [spawning.Process(target=write_at_once, args=(tmp_path, links, n, barrier)) for n in range(PROCESSES)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * PROCESSES
    assert contents(tmp_path) == sorted(f"{number} {n}" for number in range(ROUNDS) for n in range(PROCESSES))
    assert all((tmp_path / f"of_{number}.txt").is_file() for number in range(ROUNDS))


@with_and_without_links
def test_a_name_that_is_taken_is_lengthened(tmp_path: Path, links: bool) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "a.txt").symlink_to(tmp_path / "nowhere")
    with file_system(links):
        first, second = folder.create("", "a", ".txt", b"1"), folder.create("", "b", ".txt", b"2")
        assert folder.create("", "b", ".txt", b"3") not in {first, second}
    assert (first[:2], first[-4:], second) == ("a_", ".txt", "b.txt")
    assert (tmp_path / "a.txt").is_symlink()
    (tmp_path / "a.txt").unlink()
    assert contents(tmp_path) == ["1", "2", "3"]


@pytest.mark.parametrize("letter", ["a", "é", "あ", "𠀀"])
def test_names_are_cut_between_characters_to_what_file_systems_take(tmp_path: Path, letter: str) -> None:
    folder = Folder(tmp_path)
    for content in (b"1", b"2"):
        name = folder.create("", letter * 300, ".jsonl", content)
        assert len(name.encode()) <= 255
        assert name.startswith(letter * 30)
        assert set(name.removesuffix(".jsonl").partition("_")[0]) == {letter}
    assert contents(tmp_path) == ["1", "2"]

"""Writing files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from blocks.sinks.local_file_sink import local_file_sink
from engine.errors import RuntimeInputError
from engine.guard.folder import Folder

START = datetime(2024, 5, 1, 12, 0, 0, 250, tzinfo=UTC)


def ticking() -> Callable[[], datetime]:
    """A clock that goes on by a second whenever somebody looks at it."""
    seconds = count()
    return lambda: START + timedelta(seconds=next(seconds))


class Step:
    """A step that writes below `root`."""

    def __init__(self, root: Path | None, clock: Callable[[], datetime] | None = None) -> None:
        self.resources: dict[str, Any] = {"folder": Folder(root), "clock": clock or ticking(), "muted": False}

    def __call__(self, content: str, mode: str = "append_log", where: str = "out", **options: Any) -> Any:
        return local_file_sink(content, mode, where, **options, **self.resources)  # type: ignore[arg-type]


def files(root: Path) -> dict[str, str]:
    return {str(file.relative_to(root)): file.read_bytes().decode() for file in root.rglob("*") if file.is_file()}


def test_separate_files(tmp_path: Path) -> None:
    step = Step(tmp_path)
    result = step("a,b\n1,2\n", "separate_files", file_name_prefix="report")
    assert result == {"error_status": False, "message": "Written to report_2024_05_01_12_00_00_000250.csv."}
    step("", "separate_files", where="other/deep", file_type="txt")
    assert files(tmp_path) == {
        "out/report_2024_05_01_12_00_00_000250.csv": "a,b\n1,2\n",
        "other/deep/workflow_output_2024_05_01_12_00_01_000250.txt": "",
    }


def test_files_of_the_same_moment_do_not_replace_each_other(tmp_path: Path) -> None:
    step = Step(tmp_path, lambda: START)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: step(str(n), "separate_files", file_type="txt"), range(20)))
    assert sorted(files(tmp_path).values(), key=int) == [str(n) for n in range(20)]


def test_a_growing_table_has_one_header(tmp_path: Path) -> None:
    step = Step(tmp_path)
    for number in range(3):
        step(f'"a\nb",c\n{number},"x\ny"\n', max_entries_per_file=2)
    assert sorted(files(tmp_path).values()) == ['"a\nb",c\n0,"x\ny"\n1,"x\ny"\n', '"a\nb",c\n2,"x\ny"\n']


def test_other_columns_begin_another_file(tmp_path: Path) -> None:
    step = Step(tmp_path)
    step("a\n1\n")
    step("b\n2")
    step("a\n3")
    step("b\n4")
    assert sorted(files(tmp_path).values()) == ["a\n1\n3\n", "b\n2\n4\n"]


def test_another_prefix_or_directory_grows_a_file_of_its_own(tmp_path: Path) -> None:
    step = Step(tmp_path)
    for where, prefix in (("out", "a"), ("out", "b"), ("other", "a"), ("./out/", "a")):
        step("n\n1\n", where=where, file_name_prefix=prefix)
    assert sorted(files(tmp_path).values()) == ["n\n1\n", "n\n1\n", "n\n1\n1\n"]


def test_growing_json_has_a_document_a_line(tmp_path: Path) -> None:
    step = Step(tmp_path)
    step('{\n "a": 1\n}', file_type="json")
    assert step("no JSON", file_type="json") == {"error_status": True, "message": "The content is no JSON."}
    step("[2]", file_type="json")
    ((name, text),) = files(tmp_path).items()
    assert name.endswith(".jsonl")
    assert text == '{"a":1}\n[2]\n'


def test_growing_json_keeps_what_is_written(tmp_path: Path) -> None:
    kept = r'{"a":12345678901234567890123,"b":0.10,"c":" \" \\ ","d":"x y"}'
    Step(tmp_path)(kept.replace(":", " :\n\t").replace("x y", "\u2028 y"), file_type="json")
    assert list(files(tmp_path).values()) == [kept.replace("x y", "\u2028 y") + "\n"]


def test_growing_text(tmp_path: Path) -> None:
    step = Step(tmp_path)
    step("one", file_type="txt")
    step("two\n", file_type="txt")
    assert list(files(tmp_path).values()) == ["one\ntwo\n"]


def test_many_threads_grow_one_file(tmp_path: Path) -> None:
    step = Step(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: step(f"n\n{n}\n"), range(50)))
    ((_, text),) = files(tmp_path).items()
    assert sorted(text.splitlines()[1:], key=int) == [str(n) for n in range(50)]
    assert text.startswith("n\n")


def test_a_file_that_was_taken_away_is_begun_anew(tmp_path: Path) -> None:
    step = Step(tmp_path)
    step("a\n1\n")
    next((tmp_path / "out").iterdir()).unlink()
    step("a\n2\n")
    assert list(files(tmp_path).values()) == ["a\n2\n"]


@pytest.mark.parametrize("where", ["..", "../beside", "a/../../b", "/", "/tmp", "a\0b", "/".join("a" * 40)])  # noqa: S108
def test_directories_outside(tmp_path: Path, where: str) -> None:
    root = tmp_path / "root"
    with pytest.raises(RuntimeInputError, match="outside"):
        Step(root)("x", where=where)
    assert files(tmp_path) == {}


def test_a_full_path_that_leads_inside(tmp_path: Path) -> None:
    Step(tmp_path)("x", "separate_files", where=str(tmp_path / "in"), file_type="txt")
    assert [Path(name).parent for name in files(tmp_path)] == [Path("in")]


def test_links_are_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises(RuntimeInputError, match="outside"):
        Step(root)("x", where="link/deeper")
    step = Step(root)
    step("a\n1\n")
    log = next((root / "out").iterdir())
    (outside / "secret").write_text("secret")
    log.unlink()
    log.symlink_to(outside / "secret")
    assert step("a\n2\n")["error_status"] is True
    assert (outside / "secret").read_text() == "secret"


@pytest.mark.parametrize("prefix", ["../up", "/etc/x", "a\0b", "..", "a b;c", "ä" * 200, "あ" * 200, "\ud800"])
def test_names_are_made_harmless(tmp_path: Path, prefix: str) -> None:
    root = tmp_path / "root"
    assert Step(root)("x", "separate_files", file_name_prefix=prefix)["error_status"] is False
    (name,) = files(tmp_path)
    assert Path(name).parent == Path("root/out")
    assert not set(name) & set("\0 ;")
    assert name.endswith("_2024_05_01_12_00_00_000250.csv")


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in the way")
    result = Step(tmp_path)("x")
    assert result["error_status"] is True
    assert "File exists" in result["message"]
    assert str(tmp_path) not in result["message"]


def test_a_server_without_a_folder_writes_nothing() -> None:
    with pytest.raises(RuntimeInputError, match="may not write files"):
        Step(None)("x")


def test_contents_are_bounded(tmp_path: Path) -> None:
    folder = Folder(tmp_path, max_bytes=3)
    folder.create("", "a", ".txt", b"abc")
    with pytest.raises(RuntimeInputError, match="3 bytes"):
        folder.create("", "a", ".txt", b"abcd")

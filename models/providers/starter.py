"""Models of the starter catalogue, fetched into the folder of models when they are first asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from engine.errors import ModelDownloadError
from models.catalogue import CATALOGUE, Row
from models.download import Progress
from models.labels import labels
from models.manifest import WEIGHTS_FILE, Manifest
from models.mirrors import fetch
from models.providers.disk import DiskProvider, arriving, write_manifest
from models.providers.provider import Weights

PATIENCE = 10.0
"""Seconds to wait while another thread or process fetches the same model."""


class StarterProvider:
    """The models of the catalogue.

    Args:
        folder: of models, in which they land.
        offline: fetch nothing; what has landed before is found all the same.
        progress: see `models.mirrors.fetch`.
    """

    def __init__(self, folder: Path, *, offline: bool = False, progress: Progress | None = None) -> None:
        self._folder = folder
        self._disk = DiskProvider(folder)
        self._offline = offline
        self._progress = progress

    def find(self, model_id: str) -> Weights | None:
        """The weights of this model, fetched if they are not here yet; None when the catalogue does not have it.

        Raises:
            ModelDownloadError: no mirror delivers, or somebody else is fetching it and takes long.
            ModelArtefactError: it cannot be stored, or what is stored is broken.
        """
        row = CATALOGUE.get(model_id)
        if row is None:
            return None
        found = self._disk.find(model_id)
        if found is None and not self._offline:
            with _alone(self._folder, model_id):
                found = self._disk.find(model_id) or self._fetch(row)
        return found

    def ids(self) -> Iterable[str]:
        """What can be fetched."""
        return () if self._offline else tuple(CATALOGUE)

    def _fetch(self, row: Row) -> Weights | None:
        with arriving(self._folder, row.id) as place:
            fetch(row, place / WEIGHTS_FILE, self._progress)
            write_manifest(place, _manifest(row))
        return self._disk.find(row.id)


def _manifest(row: Row) -> Manifest:
    return Manifest(
        id=row.id,
        family=row.family,
        task=row.task,
        classes=labels(row.classes_from),
        preprocessing=row.preprocessing,
        sha256=row.sha256,
        licence=row.licence,
        source=row.upstream,
    )


@contextmanager
def _alone(folder: Path, model_id: str) -> Iterator[None]:
    """Keep other threads and processes from fetching this model.

    The lock is SQLite's, since it works on every system and ends with its process, however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f".{model_id.replace('/', '.')}.lock"
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield
    except OSError as error:
        reason = error.strerror
    except sqlite3.Error as error:
        reason = str(error)
    else:
        return
    raise ModelDownloadError(
        f"{model_id} cannot be fetched: the folder of models cannot be locked: {reason}.",
        hint="Try again when nobody else fetches it; MODELS_DIR has to be a folder that can be written.",
    )

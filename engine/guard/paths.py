"""Which local files may be read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def find(path: str, roots: Iterable[Path]) -> Path | None:
    """The regular file that `path` names, with all links followed, if it lies in one of the folders `roots`.

    A relative path is taken from each of the folders in turn. What lies outside is not even looked at, and the answer
    for it is the same as for what does not exist.
    """
    for root in roots:
        folder = Path(os.path.normpath(root.absolute()))
        named = Path(os.path.normpath(folder / path))
        if named.is_relative_to(folder) and (found := _file(named, folder)):
            return found
    return None


def _file(named: Path, folder: Path) -> Path | None:
    """The file behind a path, unless a link leads out of the folder, or it is a folder, a device or a pipe."""
    try:
        real = named.resolve(strict=True)
        return real if real.is_relative_to(folder.resolve()) and real.is_file() else None
    except (OSError, ValueError, RuntimeError):  # no such file; a null byte; a ring of links
        return None

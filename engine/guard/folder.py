"""The one folder that workflows may write files into, and never read from."""

from __future__ import annotations

import os
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from engine.errors import RuntimeInputError

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 32
MAX_LOGS = 1024
MAX_NAME_LENGTH = 120
FOREIGN = re.compile(r"[^\w.-]+")
"""What the names of files are kept free of: separators, control characters, and what shells stumble over."""


@dataclass
class _Log:
    """A growing file: its name, None before there is one, and how many entries it has."""

    name: str | None = None
    entries: int = 0
    lock: Lock = field(default_factory=Lock)


class Folder:
    """Writes files below a root. Nothing leads out of it, and no link within it is followed.

    Args:
        root: made at the first use; None when workflows may write no files.
        max_bytes: that may be written at once.
    """

    def __init__(self, root: Path | None, max_bytes: int = MAX_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._logs: OrderedDict[tuple[Path, str, str, bytes], _Log] = OrderedDict()

    def create(self, directory: str, stem: str, suffix: str, content: bytes) -> str:
        """Write a new file, whole or not at all, and never over another one.

        Args:
            directory: below the root, or a full path that leads there; made where it does not exist.
            stem: the name as far as it may be lengthened when there is such a file; made harmless.
            suffix: the rest of it, such as `.csv`.

        Returns:
            The name of the file.

        Raises:
            RuntimeInputError: the server has no such folder, or the directory or the content may not be.
            OSError: it cannot be written.
        """
        folder = self._open(directory, len(content))
        stem = FOREIGN.sub("_", stem).lstrip(".")[:MAX_NAME_LENGTH] or "_"
        part = folder / f".{secrets.token_hex(8)}.part"
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with self._lock:
                target = folder / f"{stem}{suffix}"
                while os.path.lexists(target):
                    target = folder / f"{stem}_{secrets.token_hex(4)}{suffix}"
                part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target.name

    def append(
        self, directory: str, series: str, stem: str, suffix: str, header: bytes, entry: bytes, most: int
    ) -> str:
        """Write at the end of the growing file of a series, or of a new one where it is full or was taken away.

        All who name the same series in the same directory share a file, as long as they have the same header.

        Args:
            directory: as of `create`.
            series: what the files have in common.
            stem, suffix: the name of a new file, as of `create`.
            header: stands at the head of each file.
            entry: what to write.
            most: entries in one file.

        Returns:
            The name of the file.

        Raises:
            RuntimeInputError, OSError: as of `create`.
        """
        folder = self._open(directory, len(header) + len(entry))
        log = self._log((folder, series, suffix, blake2b(header, digest_size=16).digest()))
        with log.lock:
            if log.name is None or log.entries >= most or not _extend(folder / log.name, entry):
                log.name = self.create(directory, stem, suffix, header + entry)
                log.entries = 0
            log.entries += 1
            return log.name

    def _log(self, key: tuple[Path, str, str, bytes]) -> _Log:
        """The growing file of a series; the one that was used least recently is forgotten first."""
        with self._lock:
            log = self._logs.setdefault(key, _Log())
            self._logs.move_to_end(key)
            if len(self._logs) > MAX_LOGS:
                self._logs.popitem(last=False)
            return log

    def _open(self, directory: str, size: int) -> Path:
        """The directory, which exists after that."""
        if self._root is None:
            raise RuntimeInputError(
                "On this server workflows may not write files.", hint="Its operator can name a folder for them."
            )
        if size > self._max_bytes:
            raise RuntimeInputError(f"At most {self._max_bytes} bytes can be written at once; this is {size}.")
        root = self._root.absolute()
        named = Path(os.path.normpath(root / directory)) if "\0" not in directory else None
        if named is None or not named.is_relative_to(root) or len(named.relative_to(root).parts) > MAX_DEPTH:
            raise _outside()
        root.mkdir(parents=True, exist_ok=True)
        here = root.resolve()
        for part in named.relative_to(root).parts:
            here /= part
            if here.is_symlink():
                raise _outside()
            here.mkdir(exist_ok=True)
        return here


def _extend(file: Path, content: bytes) -> bool:
    """Write at the end of a file that exists and is no link; False when it was taken away."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return False
    with os.fdopen(handle, "ab") as opened:
        opened.write(content)
    return True


def _outside() -> RuntimeInputError:
    return RuntimeInputError(
        "The directory lies outside of the folder that workflows may write into.",
        hint="Give a path relative to that folder, without '..'.",
    )

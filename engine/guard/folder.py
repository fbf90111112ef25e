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
MAX_STEM_BYTES = 120
"""File systems take names of 255 bytes, and a stem may be lengthened."""
FOREIGN = re.compile(r"[^\w.-]+")
"""Characters that are replaced in names of files: separators, control characters, and what shells stumble over."""


@dataclass
class _Log:
    """A growing file: its name (None before it is begun), and how many entries it has."""

    name: str | None = None
    entries: int = 0
    lock: Lock = field(default_factory=Lock)


class Folder:
    """Writes files into one folder, the root, and folders below it; safe to use from many threads and processes.

    No path leads out of the root, and no link within it is followed.

    Args:
        root: made at the first use; None when workflows may write no files.
        max_bytes: how much may be written at once.
    """

    def __init__(self, root: Path | None, max_bytes: int = MAX_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._logs: OrderedDict[tuple[Path, str, str, bytes], _Log] = OrderedDict()

    def create(self, directory: str, stem: str, suffix: str, content: bytes) -> str:
        """Write a new file, whole or not at all, and never over another one, even that of another process.

        Args:
            directory: below the root, or a full path that leads there; made where it does not exist.
            stem: how the name begins; foreign characters are replaced, and it is lengthened if the name is taken.
            suffix: how the name ends, such as `.csv`.

        Returns:
            The name of the file.

        Raises:
            RuntimeInputError: the server has no folder for files, the directory lies outside of it, or the content has
                too many bytes.
            OSError: the file cannot be written.
        """
        folder = self._open(directory, len(content))
        stem = shortened(FOREIGN.sub("_", stem).lstrip("."), MAX_STEM_BYTES) or "_"
        part = folder / f".{secrets.token_hex(8)}.part"
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            target = folder / f"{stem}{suffix}"
            while not _place(part, target):
                target = folder / f"{stem}_{secrets.token_hex(4)}{suffix}"
        finally:
            part.unlink(missing_ok=True)
        return target.name

    def append(
        self, directory: str, series: str, stem: str, suffix: str, header: bytes, entry: bytes, most: int
    ) -> str:
        """Write an entry at the end of the growing file of a series; begin a new file when that one is full or gone.

        Within one process, all callers with the same directory, series, suffix and header share a growing file.

        Args:
            directory: as in `create`.
            series: the name of the series; it need not appear in the names of its files.
            stem, suffix: the name of a new file, as in `create`.
            header: what each file begins with.
            entry: what to write.
            most: how many entries a file may have.

        Returns:
            The name of the file.

        Raises:
            RuntimeInputError, OSError: as in `create`.
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
        """The directory, made where it does not exist, for a content of so many bytes. Raises as `create` does."""
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


def shortened(text: str, most: int) -> str:
    """The beginning of a text, cut between characters to at most so many bytes: file systems count bytes of UTF-8."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def _place(part: Path, target: Path) -> bool:
    """Give a complete file its name; False when the name is taken."""
    try:
        os.link(part, target)  # unlike a renaming, this never replaces a file
    except FileExistsError:
        return False
    except OSError:
        return _place_without_links(part, target)
    return True


def _place_without_links(part: Path, target: Path) -> bool:
    """As `_place` does, where the file system has no hard links; for a moment, an empty file holds the name."""
    try:
        target.touch(exist_ok=False)
    except FileExistsError:
        return False
    part.replace(target)
    return True


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

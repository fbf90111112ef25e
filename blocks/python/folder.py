"""The folder of a worker process, in which the code of a block may leave anything."""

from __future__ import annotations

import logging
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread

log = logging.getLogger(__name__)

COMMANDS = (("chmod", "-R", "u+rwx"), ("rm", "-rf"))
"""Python itself cannot remove folders that are nested a thousand deep."""


class Folder:
    """A new folder.

    Attributes:
        path: where it is.
    """

    def __init__(self) -> None:
        self.path = mkdtemp(prefix="penstock-python-")
        self._removal = Thread(target=self._remove, daemon=True)

    def remove(self) -> None:
        """Have it removed, unless it is empty in the background, for as long as that takes; never raises."""
        with suppress(OSError):
            Path(self.path).rmdir()
            return
        try:
            self._removal.start()
        except RuntimeError as error:
            log.warning("The folder %s of a Python block stays, since no thread could be started: %s", self.path, error)

    def wait(self, seconds: float) -> None:
        """Wait until it is removed, but no longer than so many seconds."""
        if self._removal.is_alive():
            self._removal.join(seconds)

    def _remove(self) -> None:
        quiet = subprocess.DEVNULL
        try:
            for command in COMMANDS:
                subprocess.run([*command, "--", self.path], check=False, stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603 - the path is ours
        except OSError as error:
            log.warning(
                "The folder %s of a Python block stays, since no process could be started: %s", self.path, error
            )

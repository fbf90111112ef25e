"""What a provider of weights is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Protocol

from models.manifest import MANIFEST_FILE, Manifest


@dataclass(frozen=True, slots=True)
class Weights:
    """A model on disk, not loaded.

    Attributes:
        manifest: what is known of it.
        path: of the `.onnx` file.
    """

    manifest: Manifest
    path: Path

    @property
    def size(self) -> int:
        """Bytes of the `.onnx` file and of what may hold its data: all that lies beside it and below.

        Where other models lie there, too, only the files that share its name are its own.
        """
        files = [file for file in self.path.parent.rglob("*") if file.is_file() and file.name != MANIFEST_FILE]
        others = {file for file in files if file.suffix == ".onnx" and file != self.path}
        if others:
            named = f"{self.path.stem}."
            files = [file for file in self.path.parent.glob(f"{escape(named)}*") if file.is_file()]
        return sum(file.stat().st_size for file in files if file not in others)


class Provider(Protocol):
    """A place where weights come from; many threads may ask it at once."""

    def find(self, model_id: str) -> Weights | None:
        """The weights of this model, which may have to come from far away; None when there is no such model here.

        Raises:
            ModelError: the model is there, but broken or out of reach.
        """
        ...

    def ids(self) -> Iterable[str]:
        """The models that `find` may find, told quickly and without a promise."""
        ...

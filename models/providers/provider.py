"""What a provider of weights is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.manifest import Manifest


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
        """Bytes of the `.onnx` file."""
        return self.path.stat().st_size


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

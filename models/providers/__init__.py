"""Where weights come from, and how they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from models.families import family
from models.model import Model
from models.providers.disk import DiskProvider
from models.providers.provider import Provider, Weights
from models.providers.starter import StarterProvider
from models.session import OrtSession


def installed_providers(folder: Path, *, offline: bool) -> tuple[Provider, ...]:
    """The providers, in the order in which they are asked.

    Args:
        folder: of models.
        offline: never ask the network for anything.
    """
    return DiskProvider(folder), StarterProvider(folder, offline=offline)


def loader(execution_providers: Sequence[str], required: Sequence[str], max_batch: int) -> Callable[[Weights], Model]:
    """What loads weights into ONNX Runtime; see `OrtSession` and `Model` for the arguments and errors."""

    def load(weights: Weights) -> Model:
        return Model(
            weights.manifest,
            OrtSession(weights.path, providers=execution_providers, required=required),
            family(weights.manifest.family),
            bytes=weights.size,
            max_batch=max_batch,
        )

    return load

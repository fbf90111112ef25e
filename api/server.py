"""What a server is made of, put together once: settings, models, engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.sessions import Sessions
from api.settings import Settings
from api.workflow_store import WorkflowStore
from blocks.python.block import python_blocks
from blocks.python.workers import Workers
from engine.compiler.embed import InnerLimits
from engine.engine import Engine
from engine.guard.egress import Egress
from engine.registry import Registry, installed_blocks
from engine.wire.read_image import ImageLoader
from models.pool import ModelPool
from models.providers import installed_providers, loader


@dataclass(slots=True)
class Server:
    """The parts that routes and commands work with.

    Attributes:
        python: what runs Python blocks that come with workflows; None where that is not allowed.
        ready: whether the models that the settings name have been tried; until then /readiness says no.
    """

    settings: Settings
    models: ModelPool
    images: ImageLoader
    engine: Engine
    egress: Egress
    workflows: WorkflowStore
    python: Workers | None
    sessions: Sessions = field(default_factory=Sessions)
    ready: bool = field(default=False)

    def close(self) -> None:
        """Let go of threads, connections and the processes of Python blocks."""
        self.engine.close()
        self.egress.close()
        if self.python is not None:
            self.python.close()


def build(settings: Settings) -> Server:
    """A server as the settings say; loads no model yet."""
    models = ModelPool(
        installed_providers(settings.models_dir, offline=settings.offline),
        loader(settings.providers, settings.required_providers, settings.max_batch),
        max_models=settings.max_models,
        max_bytes=settings.max_model_bytes,
        pinned=frozenset(settings.pinned_models),
    )
    images = ImageLoader(settings.limits(), settings.sources())
    egress = Egress(settings.sources())
    resources = {
        "models": models,
        "clock": lambda: datetime.now(UTC),
        "folder": settings.folder(),
        "environment": settings.environment(),
        "egress": egress,
    }
    workflows, python = settings.workflows(), settings.python()
    registry = Registry(installed_blocks("blocks", settings.plugins), python_blocks(python))
    inner = InnerLimits(settings.max_inner_depth, settings.max_inner_count)
    engine = Engine(registry, images, resources, workflows.read, inner)
    return Server(settings, models, images, engine, egress, workflows, python)

"""What a server is made of, put together once: settings, models, engine."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from api.sessions import Sessions
from api.settings import Settings
from api.workflow_store import WorkflowStore
from blocks.python.block import python_blocks
from blocks.python.workers import Workers
from engine.compiler.embed import InnerLimits
from engine.engine import Engine
from engine.errors import PenstockError, ServerBusyError
from engine.guard.egress import Egress
from engine.registry import Registry, installed_blocks
from engine.wire.read_image import ImageLoader
from models.pool import ModelPool
from models.providers import installed_providers, loader

LOAD_SECONDS = 30.0
"""How long a request waits for a model that is being loaded."""

log = logging.getLogger("penstock")


@dataclass(slots=True)
class Server:
    """The parts that routes and commands work with.

    Attributes:
        python: what runs Python blocks that come with workflows; None where that is not allowed.
        ready: whether the models that the settings name have been tried; until then /readiness says no.
        stopping: is set when the server ends, so that nobody goes on with what takes long.
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
    stopping: Event = field(default_factory=Event)

    def preload(self) -> None:
        """Try the models that the settings name; one that fails is logged and does not keep the server from serving."""
        for model_id in dict.fromkeys((*self.settings.pinned_models, *self.settings.preload_models)):
            self._preload(model_id)
        self.ready = True

    def _preload(self, model_id: str) -> None:
        while not self.stopping.is_set():
            try:
                self.models.add(model_id)
            except ServerBusyError:
                self.stopping.wait(1)  # there is no hurry
                continue
            except PenstockError as error:
                log.warning("The model %s is not preloaded: %s", model_id, error)
            except Exception:
                log.exception("The model %s is not preloaded.", model_id)
            return

    def close(self) -> None:
        """Let go of threads, connections and the processes of Python blocks."""
        self.stopping.set()
        self.engine.close()
        self.egress.close()
        if self.python is not None:
            self.python.close()


def build(settings: Settings, *, load_seconds: float | None = LOAD_SECONDS) -> Server:
    """A server as the settings say; loads no model yet.

    Args:
        load_seconds: how long to wait for a model that is being loaded; None for as long as it takes.
    """
    models = ModelPool(
        installed_providers(settings.models_dir, offline=settings.offline),
        loader(settings.providers, settings.required_providers, settings.max_batch),
        max_models=settings.max_models,
        max_bytes=settings.max_model_bytes,
        pinned=frozenset(settings.pinned_models),
        load_seconds=load_seconds,
        # The other half of the threads is for those who need no model, or one that is there.
        max_waiting=max(1, settings.threads // 2),
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

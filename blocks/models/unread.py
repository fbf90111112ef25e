"""Tasks that no family of models does yet: their blocks say so, rather than not being there."""

from __future__ import annotations

from typing import NoReturn

from models.manifest import Task
from models.pool import ModelPool


def refuse(models: ModelPool, model_id: str, task: Task) -> NoReturn:
    """Raise ModelNotFoundError for a model that is not there, and ModelTaskError for one that does something else."""
    with models.lease(model_id) as model:
        raise model.refuse(task)

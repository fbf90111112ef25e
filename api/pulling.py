"""Fetching models of the starter catalogue, with a bar that shows how far it is."""

from __future__ import annotations

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from api.settings import Settings
from engine.errors import ModelDownloadError, ModelNotFoundError
from models.catalogue import CATALOGUE, DEFAULT_ID
from models.providers.starter import StarterProvider


def pull(settings: Settings, model_id: str | None) -> str:
    """Fetch a model unless it is there already; one sentence on what came of it."""
    wanted = model_id or DEFAULT_ID
    if wanted not in CATALOGUE:
        raise ModelNotFoundError(
            f"{wanted!r} is not in the starter catalogue.", hint=f"It has {', '.join(sorted(CATALOGUE))}."
        )
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(f"Fetching {wanted}", total=None)
        provider = StarterProvider(
            settings.models_dir,
            offline=settings.offline,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        found = provider.find(wanted)
    if found is None:
        raise ModelDownloadError(
            f"{wanted} is not here, and OFFLINE_MODE keeps it from being fetched.",
            hint=f"Unset OFFLINE_MODE, or add the weights: `penstock models add FILE --id {wanted}`.",
        )
    row = CATALOGUE[wanted]
    return f"{wanted} is here: {row.task}, {row.size / 1e6:.1f} MB, {row.licence}."

"""Serving HTTP: uvicorn around the application."""

from __future__ import annotations

import uvicorn

from api.app import create_app
from api.settings import Settings

GRACE_SECONDS = 30
BACKLOG = 512


def serve(settings: Settings) -> None:
    """Serve until interrupted. SettingsError when the settings would leave the door open."""
    settings.refuse_open_door()
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="info",
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        proxy_headers=False,
    )
    uvicorn.Server(config).run()

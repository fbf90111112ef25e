"""Serving HTTP: uvicorn around the application."""

from __future__ import annotations

import logging

import uvicorn

from api.app import create_app
from api.heads import BoundedHeads
from api.settings import Settings

GRACE_SECONDS = 30
BACKLOG = 512


def serve(settings: Settings) -> None:
    """Serve until interrupted. SettingsError when the settings would leave the door open."""
    settings.refuse_open_door()
    uvicorn.Server(configured(settings)).run()


def configured(settings: Settings) -> uvicorn.Config:
    """How uvicorn serves an application with these settings."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    return uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=BoundedHeads,
        ws="none",
        lifespan="on",
        log_level=level if level > logging.WARNING else logging.INFO,
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        proxy_headers=False,
    )

"""`inkling serve`: the API alone."""

from __future__ import annotations

import logging
from dataclasses import replace

import click

from server.commands.settings import with_settings
from server.config import Settings
from server.home import permissions_warning
from server.supervise.workers import serve as serve_api

logger = logging.getLogger(__name__)


@click.command()
@with_settings
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on.")
def serve(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the API alone, without trainer, sources or a Valkey of its own."""
    warning = permissions_warning(settings.home)
    if warning:
        logger.warning(warning)
    serve_api(replace(settings, host=host or settings.host, port=settings.port if port is None else port))

"""The API's worker processes, run by granian."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

# Imported before the workers are forked, so that they share its memory.
from server.app import wsgi
from server.config import Settings
from server.supervise.tether import tie_to_parent

logger = logging.getLogger(__name__)

THREADS = 4  # a worker; requests wait for the database and for the reader's network, not only for Python
DRAIN = 10  # seconds that requests under way get to finish


def serve(settings: Settings) -> None:
    """Serve the API until SIGTERM or SIGINT; workers that crash are started again."""
    settings.export()
    server = Granian(
        "server.app:wsgi",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=_load_worker)


def _load_worker(_target: str) -> Callable[..., Any]:
    """Build the application inside a worker, which must not outlive granian's main process."""
    tie_to_parent()
    return wsgi()

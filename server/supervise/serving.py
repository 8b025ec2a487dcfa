"""The API's worker processes, run by granian."""

from __future__ import annotations

import logging
import shutil
import signal
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from server.config import Settings
from server.supervise.tether import tie_to_parent

logger = logging.getLogger(__name__)

MODULE = "server.app"
THREADS = 4  # a worker; requests wait for the database and for the reader's network, not only for Python
FINISH = 10  # seconds that requests under way get to finish


def serve(settings: Settings) -> None:
    """Serve the API until SIGTERM or SIGINT; workers that crash are started again."""
    settings.export(PROMETHEUS_MULTIPROC_DIR=str(_empty_folder(settings.run_dir / "metrics")))
    # Only now, for the metrics library looks at that folder's name when it is imported; and before the workers are
    # forked, so that they share the memory.
    import_module(MODULE)
    settings.stopping_file.unlink(missing_ok=True)
    server = _Draining(
        f"{MODULE}:wsgi",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISH,
        log_level=LogLevels.warning,
    )
    server.settings = settings
    server.serve(target_loader=_load_worker)


class _Draining(MPServer):
    """Says that it is not ready for a while before it stops, so that a balancer has time to send requests elsewhere."""

    settings: Settings

    def signal_handler_interrupt(self, *_: Any) -> None:
        """Hear SIGTERM or SIGINT; a second one ends the wait."""
        first = not self.settings.stopping_file.exists()
        self.settings.stopping_file.touch()
        if first and self.settings.drain:
            wait = threading.Timer(self.settings.drain, super().signal_handler_interrupt)
            wait.daemon = True
            wait.start()
        else:
            super().signal_handler_interrupt()


def _load_worker(_target: str) -> Callable[..., Any]:
    """Build the application inside a worker, which must not outlive granian's main process."""
    tie_to_parent()
    # Inherited from granian's main process by the fork, its handler would swallow the wish to end until ours is set.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches every process of the group. granian's main process passes the wish to end on in its own way; a
    # worker that hears both does not end at all.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return import_module(MODULE).wsgi()


def _empty_folder(folder: Path) -> Path:
    """Make the folder in which the workers put their counts together, without those of an earlier run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder

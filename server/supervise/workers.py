"""The API's worker processes, which granian runs."""

from __future__ import annotations

import logging
import resource
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from server.config import Settings
from server.supervise.parent_death import die_with_parent

logger = logging.getLogger(__name__)

MODULE = "server.app"
CONNECTIONS = 4096  # open at once per worker; each costs a file descriptor and a few kilobytes
OTHER_FILES = 256  # file descriptors that a worker needs besides
MAX_HEAD = 64 * 2**10  # bytes of a request line and its headers
HEAD_TIMEOUT = 30  # seconds for these to arrive, and for which a connection may be idle
FINISH_TIMEOUT = 10  # seconds for requests in progress to finish


def serve(settings: Settings) -> None:
    """Serve the API until SIGTERM or SIGINT; restart workers that crash."""
    settings.export()
    shutil.rmtree(settings.metrics_dir, ignore_errors=True)  # metrics of an earlier run
    import_module(MODULE)  # before the fork, so that the workers share its memory
    settings.stopping_file.unlink(missing_ok=True)
    server = _DrainingServer(
        f"{MODULE}:rsgi",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_TIMEOUT * 1000, max_buffer_size=MAX_HEAD),
        workers=settings.workers,
        backpressure=_max_connections(),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISH_TIMEOUT,
        log_level=LogLevels.warning,
    )
    server.settings = settings
    server.serve(target_loader=_load_worker)


class _DrainingServer(MPServer):
    """Reports not ready for a while before it stops, so that a load balancer can send requests elsewhere."""

    settings: Settings

    def signal_handler_interrupt(self, *_: Any) -> None:
        """Handle SIGTERM or SIGINT; a second one ends the wait."""
        first = not self.settings.stopping_file.exists()
        with suppress(OSError):  # a full disk must not prevent a shutdown
            self.settings.stopping_file.touch()
        if first and self.settings.drain:
            wait = threading.Timer(self.settings.drain, super().signal_handler_interrupt)
            wait.daemon = True
            wait.start()
        else:
            super().signal_handler_interrupt()


def _max_connections() -> int:
    """Raise the limit of open files as far as needed and allowed; return how many connections a worker may hold."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + OTHER_FILES
    if 0 <= soft < needed:
        soft = needed if hard < 0 else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft < 0 else max(1, min(CONNECTIONS, soft - OTHER_FILES))


def _load_worker(_target: str) -> Callable[..., Any]:
    """Build the application in a worker, which must not outlive granian's main process."""
    die_with_parent()
    # The handler inherited from granian's main process would swallow a SIGTERM that comes before our own is set.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches every process of the group, and granian's main process passes the shutdown on in its own way; a
    # worker that gets both does not end at all.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return import_module(MODULE).rsgi()

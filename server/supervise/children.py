"""A child process that is restarted, with a growing wait, whenever it ends."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.supervise.parent_death import spawn

logger = logging.getLogger(__name__)

MIN_BACKOFF = 0.5  # seconds before the first restart; doubles with each crash in a row
MAX_BACKOFF = 30.0  # seconds
STABLE_AFTER = 60.0  # seconds of running after which a crash counts as the first again


@dataclass
class Child:
    """A program and how often it crashed in a row; a child that ends by itself has crashed."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    crashes: int = 0
    _started: float = 0.0
    _restart_at: float = field(default=0.0)

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start the program now."""
        self._started = time.monotonic()
        self.process = spawn(self.argv, self.environ)

    def restart_if_ended(self) -> bool:
        """Note an exit, or restart the program once the wait is over; return whether anything changed."""
        if self.process is not None:
            return self._note_exit()
        if time.monotonic() < self._restart_at:
            return False
        self.start()
        return True

    def _note_exit(self) -> bool:
        status = self.process.poll() if self.process else None
        if status is None:
            return False
        self.process = None
        self.crashes = 1 if time.monotonic() - self._started > STABLE_AFTER else self.crashes + 1
        wait = min(MAX_BACKOFF, MIN_BACKOFF * 2 ** (self.crashes - 1))
        self._restart_at = time.monotonic() + wait
        logger.warning("the %s ended (%s); starting it again in %.1f s", self.name, _why(status), wait)
        return True

    def terminate(self) -> None:
        """Send SIGTERM, if it runs."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds) for it to end, then kill it."""
        if not self.process:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("the %s does not end by itself; killing it", self.name)
            self.process.kill()
            self.process.wait()


def _why(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"

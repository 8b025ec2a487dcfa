"""The trainer's loop: trains when it is time, in a process of its own, whose memory is freed when it ends."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable

from server.errors import DatabaseUnavailable
from server.services.context import Context
from server.services.training_due import why_due
from server.store import event_partitions

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds
TIDY_EVERY = 3600.0  # seconds between two looks at the partitions of the months to come
FIRST_PAUSE = 5.0  # seconds after a failed training; doubles with each failure in a row
MAX_PAUSE = 3600.0
REST = 3.0  # pause after a training, as a multiple of its length
NOT_ENOUGH = 3  # the exit status of `inkling train` when too few papers have any text
GROWING_PAUSE = 30.0  # seconds before looking again whether there are enough


def run(context: Context, start: Callable[[], subprocess.Popen[bytes]], stop: threading.Event) -> None:
    """Train whenever it is time, until `stop`; `start` starts the process of one training."""
    pause, failures, tidied = LOOK_EVERY, 0, float("-inf")
    while not stop.wait(pause):
        if time.monotonic() - tidied >= TIDY_EVERY:
            tidied = time.monotonic()
            _make_partitions(context)
        reason = _look(context)
        if reason is None:
            pause = LOOK_EVERY
            continue
        began = time.monotonic()
        status = _wait(start(), stop)
        took = time.monotonic() - began
        failures = 0 if status in (0, NOT_ENOUGH) else failures + 1
        pause = max(LOOK_EVERY, REST * took, _failure_pause(failures), GROWING_PAUSE if status == NOT_ENOUGH else 0.0)
        if status == 0:
            logger.info("trained in %.1f s because %s", took, reason)
        elif status != NOT_ENOUGH and not stop.is_set():
            logger.warning("training ended with status %d; trying again in %.0f s", status, pause)


def _look(context: Context) -> str | None:
    try:
        return why_due(context, time.time())
    except DatabaseUnavailable as error:
        logger.warning("cannot tell whether to train: %s", error.message)
        return None


def _make_partitions(context: Context) -> None:
    try:
        event_partitions.make_ahead(context.database, time.time())
    except DatabaseUnavailable as error:
        logger.warning("cannot tell whether the log has its partitions: %s", error.message)


def _wait(training: subprocess.Popen[bytes], stop: threading.Event) -> int:
    """Wait for a training to end, or end it on `stop`; return its exit status."""
    while training.poll() is None and not stop.wait(0.1):
        pass
    if training.poll() is None:
        training.terminate()
    return training.wait()


def _failure_pause(failures: int) -> float:
    return min(MAX_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)) if failures else 0.0

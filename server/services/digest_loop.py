"""Decides when to mail, and has it done in a process of its own: it needs the model, which this one does not import."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable

from server.errors import DatabaseUnavailable
from server.services import mail
from server.services.context import Context
from server.services.digest_periods import is_time
from server.services.digest_subscriptions import subscriptions
from server.store import digests

logger = logging.getLogger(__name__)

LOOK_EVERY = 20.0  # seconds
AFTER_FAILURE = 300.0
# What may still become a mail, once its time has come.
_WAITING = {*digests.OPEN, "claimed", "handing"}


def run(
    context: Context, start: Callable[[], subprocess.Popen[bytes]], stop: threading.Event, every: float = LOOK_EVERY
) -> None:
    """Start a process that mails whenever something is due, until `stop`."""
    pause = every
    while not stop.wait(pause):
        pause = every
        if not _look(context):
            continue
        process = start()
        while process.poll() is None and not stop.wait(0.1):
            pass
        if process.poll() is None:
            process.terminate()
        if process.wait() and not stop.is_set():
            pause = max(every, AFTER_FAILURE)
            logger.warning("mailing ended with status %d; trying again in %.0f s", process.returncode, pause)


def _look(context: Context) -> bool:
    try:
        return is_due(context, time.time())
    except DatabaseUnavailable as error:
        logger.warning("cannot tell whether to mail: %s", error.message)
        return False


def is_due(context: Context, now: float) -> bool:
    """Whether there is something to mail at this hour; cheap enough to ask often."""
    if not mail.is_configured(context) or mail.is_held(context, now):
        return False
    with context.database.reading() as session:
        if digests.is_link_due(session, now):
            return True
    if not is_time(now):
        return False
    wanted = {(one.reader_id, one.period) for one in subscriptions(context, now)}
    with context.database.reading() as session:
        known = digests.states(session, {period for _, period in wanted})
    return any(key not in known or _is_waiting(known[key], now) for key in wanted)


def _is_waiting(state: digests.Row, now: float) -> bool:
    return state["status"] in _WAITING and state["due_at"] <= now

"""What follows a deletion, so that nothing of what was deleted stays behind on the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from server.errors import DatabaseUnavailable
from server.store import job_states, papers
from server.store.database import Database

logger = logging.getLogger(__name__)

JOB = "deletions"
AGAIN_AFTER = 1.0  # seconds between two tries to empty the database's log
TRIES = 600
SMALL = 32 * 2**20  # bytes of a database that is rewritten at once, in well under a second


def note(session: Any, now: float, *, models: bool = False) -> None:
    """Note a deletion; with `models`, one after which the models trained before are to be replaced."""
    known = job_states.get(session, JOB) or {}
    job_states.put(session, JOB, {**known, "last": now, **({"at": now} if models else {})}, now)


def latest(session: Any) -> float:
    """Return when a reader last left or started over, 0 if none did."""
    return float((job_states.get(session, JOB) or {}).get("at", 0.0))


def forget_orphans(database: Database) -> None:
    """Delete the papers that are but an id which no reader names any more."""
    after: str | None = ""
    while after is not None:
        with database.writing_in_turns() as session:
            after = papers.forget_orphans(session, after=after)


def scrub(database: Database, *, thorough: bool = False) -> None:
    """Remove from the database's files what was just deleted: now, or as soon as nobody reads what was before.

    What SQLite deletes it overwrites, but not the copies it left where it moved rows: a `thorough` scrub rewrites a
    small database at once. A large one is rewritten before the next training (`compact_if_due`).
    """
    if thorough and database.size() <= SMALL:
        _tried(database.compact)
    if not _tried(database.empty_log):
        threading.Thread(target=_keep_trying, args=(database,), name="scrub", daemon=True).start()


def compact_if_due(database: Database, now: float) -> None:
    """Rewrite the database if anything was deleted since that was done last; others' writes wait meanwhile."""
    with database.reading() as session:
        known = job_states.get(session, JOB) or {}
    if known.get("last", 0.0) > known.get("compacted", 0.0) and _tried(database.compact):
        with database.writing() as session:
            job_states.put(session, JOB, {**(job_states.get(session, JOB) or {}), "compacted": now}, now)
        scrub(database)


def _keep_trying(database: Database) -> None:
    pause = threading.Event()
    for _ in range(TRIES):
        pause.wait(AGAIN_AFTER)
        if _tried(database.empty_log):
            return
    logger.warning("what was deleted is still in the database's -wal file; a restart removes it")


def _tried(do: Callable[[], bool]) -> bool:
    try:
        return do()
    except DatabaseUnavailable as error:  # the deletion itself is done; a full disk is no reason to deny it
        logger.warning("the database was not scrubbed: %s", error.message)
        return False

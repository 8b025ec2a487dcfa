"""Remove from the disk what was deleted from the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from server.errors import DatabaseUnavailable
from server.services.context import Context
from server.store import archived_events, job_states, papers
from server.store.database import Session

logger = logging.getLogger(__name__)

JOB = "deletions"
AGAIN_AFTER = 1.0  # seconds between two attempts to empty the database's log
TRIES = 600
SMALL_DATABASE = 32 * 2**20  # bytes; a smaller database is rewritten at once, in well under a second


def record_deletion(session: Session, now: float, *, models: bool = False) -> None:
    """Record a deletion; with `models`, one that requires the models trained before it to be replaced."""
    known = job_states.load(session, JOB) or {}
    job_states.save(session, JOB, {**known, "last": now, **({"at": now} if models else {})}, now)


def last_departure(session: Session) -> float:
    """Return when a reader last left or started over (epoch seconds), 0 if none did."""
    return float((job_states.load(session, JOB) or {}).get("at", 0.0))


def forget_orphans(context: Context) -> None:
    """Delete papers without text that no reader names any more."""
    after: str | None = ""
    while after is not None:
        with context.database.writing_in_turns() as session:
            after = papers.delete_orphans(session, after=after)


def purge_files(context: Context, *, thorough: bool = False) -> None:
    """Remove what was just deleted from the database's files: now, or once nobody reads an older state.

    And the archive's files that hold some of it.

    SQLite overwrites what it deletes, but not copies left where it moved rows: `thorough` rewrites a small database at
    once; a large one is rewritten before the next training (`compact_if_due`).
    """
    remove_outdated_archive(context)
    if thorough and context.database.size() <= SMALL_DATABASE:
        _attempt(context.database.compact)
    if not _attempt(context.database.empty_log):
        threading.Thread(target=_retry_empty_log, args=(context,), name="purge_files", daemon=True).start()


def remove_outdated_archive(context: Context) -> None:
    """Remove the archive's files that hold what was deleted, on this host; the next run writes them without it."""
    if not context.settings.archive_dir.is_dir():
        return
    with context.database.reading() as session:
        outdated = archived_events.without_file(session)
    for month in outdated:
        file = context.settings.archive_file(month)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:  # the deletion itself succeeded, and the database's own files are still to be scrubbed
            logger.warning("%s holds what was deleted, and cannot be removed: %s", file, error.strerror)


def compact_if_due(context: Context, now: float) -> None:
    """Rewrite the database if anything was deleted since it was last rewritten; other writers wait meanwhile."""
    with context.database.reading() as session:
        known = job_states.load(session, JOB) or {}
    if known.get("last", 0.0) > known.get("compacted", 0.0) and _attempt(context.database.compact):
        with context.database.writing() as session:
            job_states.save(session, JOB, {**(job_states.load(session, JOB) or {}), "compacted": now}, now)
        purge_files(context)


def _retry_empty_log(context: Context) -> None:
    pause = threading.Event()
    for _ in range(TRIES):
        pause.wait(AGAIN_AFTER)
        if _attempt(context.database.empty_log):
            return
    logger.warning("what was deleted is still in the database's -wal file; a restart removes it")


def _attempt(do: Callable[[], bool]) -> bool:
    try:
        return do()
    except DatabaseUnavailable as error:  # the deletion itself succeeded, even on a full disk
        logger.warning("the database was not scrubbed: %s", error.message)
        return False

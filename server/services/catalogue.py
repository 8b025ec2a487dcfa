"""The catalogue: the listing's last 90 days and the facts of papers known only by id, asked from the sources.

What was fetched is kept in the database, so that a restart goes on where it was and `/readyz` can say how far it is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from server.errors import InklingError, SourceUnavailable
from server.services.papers import take_source_papers
from server.sources import arxiv, huggingface
from server.sources.http import Stopped
from server.sources.paper import SourcePaper
from server.store import job_states, papers
from server.store.database import Database

logger = logging.getLogger(__name__)

DAYS = 90
SETTLED_AFTER = 2  # days after which a day's listing is taken not to change any more
REPORT_EVERY = 10  # days between two lines in the log
STALE_AFTER = 24 * 3600.0  # seconds without a good answer after which a source counts as stale
ASK_AGAIN_AFTER = 7 * 86400.0  # seconds before asking again for a paper that arXiv did not know
LARGEST_ROUND = 2000  # papers asked from arXiv before the listing gets its turn again
LOOK_AGAIN = 300.0  # seconds between two looks for papers without text
LISTING_EVERY = 3600.0  # seconds
AFTER_FAILURE = 900.0  # seconds until a source that gave up is asked again
REMEMBERED = 5000  # papers that arXiv did not know


class Listing(Protocol):
    """Gives the papers that were listed on a day."""

    def daily_papers(self, day: date) -> list[SourcePaper]:
        """Return the day's papers; raises SourceUnavailable."""


class Archive(Protocol):
    """Gives the facts of papers by id."""

    def by_ids(self, ids: Sequence[str]) -> list[SourcePaper]:
        """Return what is known of these papers; raises SourceUnavailable."""


@dataclass(frozen=True)
class Progress:
    """How far a source is. `settled` holds the days (ISO) that need not be asked again; times are epoch seconds."""

    total: int = 0
    done: int = 0
    settled: list[str] = field(default_factory=list)
    missing: dict[str, float] = field(default_factory=dict)
    last_success_at: float | None = None
    failing_since: float | None = None
    reason: str | None = None

    @classmethod
    def read(cls, database: Database, source: str) -> Progress:
        """Return what was kept for the source."""
        with database.reading() as session:
            kept = job_states.get(session, _job(source)) or {}
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in kept.items() if name in known})

    def failed(self, reason: str, now: float) -> Progress:
        """Return the progress after an answer that did not come."""
        return replace(self, reason=reason, failing_since=self.failing_since or now)

    def succeeded(self, now: float, **changes: Any) -> Progress:
        """Return the progress after a good answer."""
        return replace(self, last_success_at=now, failing_since=None, reason=None, **changes)


def fill_from_listing(
    database: Database,
    listing: Listing,
    *,
    days: int = DAYS,
    today: date | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Progress:
    """Fetch the listing's last `days` days, newest first, leaving out those already settled.

    Keeps how far it is after each day, and tells it (days done, days in all). Raises SourceUnavailable (also kept, as
    the reason) when the source gives up, Stopped when told to end.
    """
    today = today or datetime.now(UTC).date()
    window = [today - timedelta(days=age) for age in range(days)]
    progress = Progress.read(database, huggingface.NAME)
    inside = {day.isoformat() for day in window}
    settled = [day for day in progress.settled if day in inside]
    progress = replace(progress, total=days, done=len(settled), settled=settled)
    for day in window:
        if day.isoformat() not in settled:
            progress = _fetch_day(database, listing, day, today, progress)
        if tell:
            tell(progress.done, progress.total)
    return progress


def _fetch_day(database: Database, listing: Listing, day: date, today: date, progress: Progress) -> Progress:
    try:
        found = listing.daily_papers(day)
    except Stopped:
        raise
    except SourceUnavailable as error:
        _keep(database, huggingface.NAME, progress.failed(error.message, time.time()), [])
        raise
    settled = [*progress.settled, day.isoformat()] if (today - day).days > SETTLED_AFTER else progress.settled
    done = min(progress.total, progress.done + 1)
    progress = progress.succeeded(time.time(), settled=settled, done=done)
    _keep(database, huggingface.NAME, progress, found)
    if done % REPORT_EVERY == 0 or done == progress.total:
        logger.info("catalogue: %d of %d days of the listing, back to %s", done, progress.total, day)
    return progress


def fill_from_archive(database: Database, archive: Archive, *, limit: int = LARGEST_ROUND) -> int:
    """Ask arXiv for the facts of papers known by id alone; return how many were filled. Raises as above."""
    progress = Progress.read(database, arxiv.NAME)
    asked_since = time.time() - ASK_AGAIN_AFTER
    missing = {name: at for name, at in progress.missing.items() if at > asked_since}
    with database.reading() as session:
        wanted = papers.without_text(session, limit + len(missing))
    wanted = [name for name in wanted if name not in missing][:limit]
    filled = 0
    for start in range(0, len(wanted), arxiv.BATCH):
        batch = wanted[start : start + arxiv.BATCH]
        try:
            found = archive.by_ids(batch)
        except Stopped:
            raise
        except SourceUnavailable as error:
            _keep(database, arxiv.NAME, progress.failed(error.message, time.time()), [])
            raise
        missing.update(dict.fromkeys(set(batch) - {paper.id for paper in found}, time.time()))
        missing = dict(list(missing.items())[-REMEMBERED:])
        filled += len(found)
        done = progress.done + len(found)
        progress = progress.succeeded(time.time(), total=done, done=done, missing=missing)
        _keep(database, arxiv.NAME, progress, found)
    return filled


def follow(
    database: Database, listing: Listing, archive: Archive, stop: threading.Event, *, every: float = LOOK_AGAIN
) -> None:
    """Keep the catalogue full until `stop`: the listing every hour, papers known by id alone every `every` seconds.

    A source that gives up gets a quarter of an hour; the other one is asked all the same.
    """
    listing_due = archive_due = 0.0
    while not stop.is_set():
        now = time.monotonic()
        if now >= listing_due:
            good = _try(lambda: fill_from_listing(database, listing))
            listing_due = now + (LISTING_EVERY if good else AFTER_FAILURE)
        if now >= archive_due and not _try(lambda: fill_from_archive(database, archive)):
            archive_due = now + AFTER_FAILURE
        stop.wait(every)


def _try(ask: Callable[[], object]) -> bool:
    """Ask a source; return whether it answered. Being told to end is no failure."""
    try:
        ask()
    except Stopped:
        return True
    except InklingError as error:  # the sources' own, or a database that is away for a while
        logger.warning("catalogue: %s", error.message)
        return False
    return True


def states(database: Database, now: float, *, offline: bool) -> dict[str, tuple[str, str | None]]:
    """Return source -> (`ok` or `degraded`, why) for `/readyz`; asking none because of `offline` is no fault."""
    if offline:
        return {}
    archive = Progress.read(database, arxiv.NAME)
    return {
        huggingface.NAME: _state(Progress.read(database, huggingface.NAME), now),
        # Often nothing is to be asked of arXiv, so only its failures mean anything.
        arxiv.NAME: ("degraded", archive.reason) if archive.reason else ("ok", None),
    }


def _state(progress: Progress, now: float) -> tuple[str, str | None]:
    if progress.reason is not None:
        return "degraded", progress.reason
    if progress.last_success_at is None:
        return "degraded", "not asked yet"
    if progress.done < progress.total:
        return "degraded", f"filling: {progress.done} of {progress.total} days"
    if now - progress.last_success_at > STALE_AFTER:
        return "degraded", f"no answer for {(now - progress.last_success_at) / 3600:.0f} h"
    return "ok", None


def _job(source: str) -> str:
    return f"source:{source}"


def _keep(database: Database, source: str, progress: Progress, found: Sequence[SourcePaper]) -> None:
    """Write the papers and how far we are in one transaction: after a kill neither is without the other."""
    now = time.time()
    with database.writing() as session:
        take_source_papers(session, source, [vars(paper) for paper in found], now=now)
        job_states.put(session, _job(source), asdict(progress), now)

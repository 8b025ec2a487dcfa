"""Fetch the facts of papers known only by id from arXiv, and of others whose facts are old.

What it refuses or does not know is asked for again later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from server.errors import SourceRefused
from server.services.context import Context
from server.services.polling import GaveUp, Progress, Round, ask_batches, wait_after
from server.services.source_health import Health, judge
from server.sources.arxiv import BATCH, NAME, could_be_issued
from server.sources.paper import SourcePaper
from server.store import paper_requests, papers
from server.store.database import Database, Row, Session

logger = logging.getLogger(__name__)

MAX_ROUND = 2000  # papers asked for in one round
MAX_RECHECKS = 300  # papers asked for again in one round, few enough that new ones do not wait for long
MAX_QUERIES = 10  # queries for due papers in one round, each putting off ids that arXiv cannot have issued


class Archive(Protocol):
    """A source of papers by id."""

    def by_ids(self, ids: Sequence[str]) -> list[SourcePaper]:
        """Return those of these papers that are known. Raises SourceRefused, SourceUnavailable."""


def fill_from_archive(context: Context, archive: Archive, *, limit: int = MAX_ROUND, only_due: bool = False) -> int:
    """Ask arXiv for papers known only by id; return how many were filled.

    What it refuses or does not know is set aside with the reason, longer each time; `only_due` skips what is not due
    yet. Raises SourceUnavailable (and stores the reason) when arXiv cannot be asked, Stopped when told to end.
    """
    round_ = _ArchiveRound(context.database, archive)
    with round_.asking():
        plain, doubtful = round_.choose(limit, time.time() if only_due else None)
        round_.ask(plain)
        with suppress(GaveUp):  # to be expected of these
            round_.ask(doubtful)
    if round_.refusals:
        logger.warning("catalogue: %d papers are set aside; the last: %s", len(round_.refusals), round_.refusals[-1])
    if round_.progress.reason and not plain:  # what failed before is no longer wanted
        round_.progress.without_failure().save(context.database, NAME)
    return round_.filled


class _ArchiveRound(Round):
    """One round over the papers to ask arXiv for, with the outcome of each."""

    def __init__(self, database: Database, archive: Archive) -> None:
        super().__init__(database, NAME)
        self.archive = archive
        self.tries: dict[str, int | None] = {}
        self.again: set[str] = set()
        self.filled = 0
        self.refusals: list[str] = []

    def choose(self, limit: int, now: float | None) -> tuple[list[list[str]], list[list[str]]]:
        """Return two lists of batches: what arXiv may have, and what it refused before or can hardly have."""
        rows = self._due(limit, now)
        with self.database.reading() as session:
            again = paper_requests.due_again(session, NAME, time.time(), MAX_RECHECKS)
        self.again = {row["id"] for row in again}
        rows = [*rows, *again]
        self.tries = {row["id"]: row["tries"] for row in rows}
        refused = [row["id"] for row in rows if row["refused"]]
        rest = [row["id"] for row in rows if not row["refused"]]
        plain = [name for name in rest if could_be_issued(name, time.time())]
        doubtful = [name for name in rest if not could_be_issued(name, time.time())]
        # A paper refused alone would get its whole batch refused.
        return _batches(plain), [*_batches(doubtful), *([name] for name in refused)]

    def _due(self, limit: int, now: float | None) -> list[Row]:
        """Return what is due, after moving new ids that arXiv cannot have issued to the end of the queue."""
        for _ in range(MAX_QUERIES):
            with self.database.reading() as session:
                rows = paper_requests.due(session, NAME, now, limit)
            new = [row["id"] for row in rows if row["tries"] is None]
            put_off = [name for name in new if not could_be_issued(name, time.time())]
            if not put_off:
                break
            with self.database.writing() as session:
                paper_requests.defer(session, NAME, put_off)
        return rows

    def ask(self, batches: Sequence[Sequence[str]]) -> None:
        """Ask for these batches. Raises SourceUnavailable."""
        ask_batches(batches, self.archive.by_ids, answered=self._answered, refused=self._refused)

    def _answered(self, batch: Sequence[str], found: Sequence[SourcePaper]) -> None:
        known = {paper.id for paper in found}
        unknown = [name for name in batch if name not in known]
        progress = self._after(batch, len(known), len(known - self.again))
        with self.database.writing() as session:
            progress.save_in(session, NAME, found)
            paper_requests.forget(session, NAME, known)
            self._note(session, unknown, "arXiv does not know it")
        self.progress = progress
        self.filled += len(known - self.again)

    def _after(self, batch: Sequence[str], found: int, filled: int) -> Progress:
        """Return the progress after an answer with `found` papers, `filled` of them without text here until now."""
        now = time.time()
        if found:
            done = self.progress.done + filled
            progress = self.progress.with_success(now, total=done, done=done, silent=0)
            today = datetime.fromtimestamp(now, UTC).date()
            return progress.with_day(today, progress.days.get(today.isoformat(), (0, None))[0] + found, None)
        new = sum(self.tries.get(name) is None for name in batch if name not in self.again)
        return self.progress.with_success(now, silent=self.progress.silent + new)

    def _refused(self, paper_id: str, error: SourceRefused) -> None:
        self.refusals.append(error.message)
        with self.database.writing() as session:
            self._note(session, [paper_id], error.message, refused=True)

    def _note(self, session: Session, ids: Sequence[str], reason: str, *, refused: bool = False) -> None:
        """Record why these papers are not filled and when to ask again."""
        now = time.time()
        # A reader may have deleted the paper while arXiv was asked.
        still_there = papers.rows(session, ids)
        counts = {name: (self.tries.get(name) or 0) + 1 for name in still_there}
        common = {"source": NAME, "refused": refused, "reason": reason, "asked_at": now}
        paper_requests.save(
            session,
            [
                {**common, "paper_id": name, "tries": count, "due_at": now + wait_after(count)}
                for name, count in counts.items()
            ],
        )


def _batches(ids: Sequence[str]) -> list[list[str]]:
    return [list(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]


def set_aside(context: Context) -> dict[str, str]:
    """Return paper id -> why arXiv did not fill it, latest first."""
    with context.database.reading() as session:
        return {row["paper_id"]: row["reason"] for row in paper_requests.list_failed(session, NAME)}


def health(context: Context, now: float) -> Health:
    """Return the health of arXiv as asked by id.

    Says how many papers it refused but not which: anybody may read this, and readers named them. No answer for long is
    no sign of trouble, since often there is nothing to ask.
    """
    found = judge(Progress.load(context.database, NAME).history(on_demand=True), now)
    with context.database.reading() as session:
        refused = paper_requests.count_refused(session, NAME)
    if found.status != "ok" or not refused:
        return found
    note = f"it refuses {refused} of the papers it was asked for; they are asked for again now and then"
    return replace(found, reason=note)

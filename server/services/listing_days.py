"""Fetch the listing's last 90 days, newest first; a refused day is asked for again later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from server.errors import SourceRefused
from server.services.context import Context
from server.services.polling import Progress, Round, ask_batches, is_due, wait_after
from server.sources.huggingface import NAME
from server.sources.paper import SourcePaper
from server.store.database import Database

logger = logging.getLogger(__name__)

DAYS = 90
SETTLED_AFTER = 2  # days after which a day's listing no longer changes
REPORT_EVERY = 10  # days between two log lines
ASK_EVERY = 3600.0  # seconds before a day that may still change is asked for again
MAX_WAIT = 86400.0  # seconds, at most, before a refused or empty day is asked for again
A_WEEK = 7  # days, of which at least one has a listing


class Listing(Protocol):
    """A source of the papers listed on a day."""

    def now(self) -> float:
        """Return the time by the listing's own clock, in epoch seconds."""

    def daily_papers(self, day: date) -> list[SourcePaper]:
        """Return the day's papers. Raises SourceRefused, SourceUnavailable."""


def fill_from_listing(
    context: Context,
    listing: Listing,
    *,
    days: int = DAYS,
    today: date | None = None,
    only_due: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Progress:
    """Fetch the listing's last `days` days, newest first, except those already settled.

    A refused day is recorded with its reason, and the others go on; `only_due` skips days that are not due yet.
    Progress is stored after each day and passed to `on_progress` as (days done, days in all). Raises SourceUnavailable
    (and stores the reason) when the source cannot be asked, Stopped when told to end.
    """
    round_ = _ListingRound(context.database, listing, days, today or datetime.now(UTC).date(), on_progress)
    with round_.asking():
        now = time.time() if only_due else None
        ask_batches(
            [[day] for day in round_.window if round_.is_wanted(day.isoformat(), now)],
            lambda batch: listing.daily_papers(batch[0]),
            answered=lambda batch, found: round_.answered(batch[0], found),
            refused=round_.refused,
        )
    return round_.finish()


class _ListingRound(Round):
    """One round over the listing's days, with the outcome of each."""

    def __init__(
        self,
        database: Database,
        listing: Listing,
        days: int,
        today: date,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        super().__init__(database, NAME)
        self.listing, self.today, self.on_progress = listing, today, on_progress
        self.any_refused = False
        self.window = [today - timedelta(days=age) for age in range(days)]
        inside = {day.isoformat() for day in self.window}
        before = self.progress
        open_days = {day: kept for day, kept in before.open_days.items() if day in inside}
        self.progress = self._count_done(replace(before, total=days, open_days=open_days))

    def is_wanted(self, day: str, now: float | None) -> bool:
        """Whether to ask for a day that is not settled: always, or, given `now`, when it is due."""
        kept = self.progress.open_days.get(day)
        if day in self.progress.settled:
            return False
        return now is None or kept is None or is_due(kept["asked_at"], kept["due_at"], now)

    def answered(self, day: date, found: Sequence[SourcePaper]) -> None:
        now, name = time.time(), day.isoformat()
        there = datetime.fromtimestamp(self.listing.now(), UTC).date()
        # By the slower of the two clocks: with ours ahead, a day would count as over too early.
        may_change = (min(self.today, there) - day).days <= SETTLED_AFTER
        settled, open_days = self.progress.settled, self.progress.open_days
        if found and not may_change:
            settled = [*settled, name]
            open_days = {other: kept for other, kept in open_days.items() if other != name}
        else:
            # An empty day is usually a Sunday, but a broken listing looks the same, so the day is asked for again.
            tries = 0 if found else open_days.get(name, {}).get("tries", 0) + 1
            wait = ASK_EVERY if may_change else max(ASK_EVERY, wait_after(tries, MAX_WAIT))
            open_days = {**open_days, name: _open_day(now, wait, tries, None)}
        progress = self.progress.with_success(now, settled=settled, open_days=open_days)
        self._keep(self._count_done(progress), found)
        if self.progress.done % REPORT_EVERY == 0 or self.progress.done == self.progress.total:
            logger.info(
                "catalogue: %d of %d days of the listing, back to %s", self.progress.done, self.progress.total, day
            )

    def refused(self, day: date, error: SourceRefused) -> None:
        now, name = time.time(), day.isoformat()
        tries = self.progress.open_days.get(name, {}).get("tries", 0) + 1
        wait = wait_after(tries, MAX_WAIT)
        open_days = {**self.progress.open_days, name: _open_day(now, wait, tries, error.message)}
        self._keep(self._count_done(replace(self.progress, open_days=open_days)), error.found)
        self.any_refused = True

    def finish(self) -> Progress:
        """Record that every day was asked for, and log the refused ones."""
        if self.progress.filled < self.progress.total:
            self._keep(replace(self.progress, filled=self.progress.total), [])
        if self.any_refused:
            logger.warning("catalogue: %s", _refusal_summary(self.progress))
        return self.progress

    def _count_done(self, progress: Progress) -> Progress:
        done = {*progress.settled, *(day for day, kept in progress.open_days.items() if kept["reason"] is None)}
        return replace(progress, done=sum(day.isoformat() in done for day in self.window))

    def _keep(self, progress: Progress, found: Sequence[SourcePaper]) -> None:
        # Stored first: what could not be written must be asked for again.
        self.progress = progress.save(self.database, NAME, found)
        if self.on_progress:
            self.on_progress(progress.done, progress.total)


def _open_day(now: float, wait: float, tries: int, reason: str | None) -> dict[str, Any]:
    return {"asked_at": now, "due_at": now + wait, "tries": tries, "reason": reason}


def refused_days(progress: Progress) -> dict[str, str]:
    """Return day -> reason for the refused days, newest first."""
    refused = {day: kept["reason"] for day, kept in progress.open_days.items() if kept["reason"]}
    return dict(sorted(refused.items(), reverse=True))


def _refusal_summary(progress: Progress) -> str | None:
    refused = refused_days(progress)
    newest = "; ".join(f"{day}: {reason}" for day, reason in list(refused.items())[:1])
    return f"{len(refused)} of {progress.total} days are refused, and asked for again; {newest}" if refused else None


def state(progress: Progress, now: float) -> tuple[str, str | None]:
    """Return (`ok` or `degraded`, reason or None) for the listing."""
    if late := progress.lateness(now):
        return "degraded", late
    if progress.filled < max(1, progress.total):
        begun = progress.settled or progress.open_days
        return "degraded", f"filling: {progress.done} of {progress.total} days" if begun else "not asked yet"
    if progress.done == 0:
        return "degraded", _refusal_summary(progress)
    if progress.total >= A_WEEK and not progress.settled and all(day["tries"] for day in progress.open_days.values()):
        return "degraded", f"nothing was listed in {progress.total} days; is INKLING_HF_URL right?"
    return "ok", _refusal_summary(progress)

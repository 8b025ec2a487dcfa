"""Fetch the listing's days, newest first, and its weeks, months and trending papers; ask again while upvotes move.

A refused list is asked for again later, and holds up no other.
"""

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
from server.services.source_health import DAY, FINE, Health, judge
from server.sources.huggingface import NAME, TRENDING, Listed, PaperList
from server.sources.paper import SourcePaper
from server.store.database import Database

logger = logging.getLogger(__name__)

DAYS = 90
GAINS_PAPERS = 2  # days after its last day, at most, on which a list still gains papers
REPORT_EVERY = 10  # days between two log lines
ASK_EVERY = 3600.0  # seconds before a list that still gains papers is asked for again
MAX_WAIT = DAY  # seconds, at most, before a refused or empty list is asked for again
# (age of a list's last day in days, seconds between two requests): upvotes move for a month, less and less.
REFRESH = ((GAINS_PAPERS, ASK_EVERY), (7, DAY), (30, 3 * DAY))


class Listing(Protocol):
    """A source of lists of papers."""

    def now(self) -> float:
        """Return the time by the listing's own clock, in epoch seconds."""

    def papers(self, wanted: PaperList) -> Listed:
        """Return the papers of a list. Raises SourceRefused, SourceUnavailable."""


def refresh_every(wanted: PaperList, today: date) -> float | None:
    """Return the seconds after which a list is asked for again, None when it no longer changes.

    Weeks and months take several requests and are asked for once a day at most.
    """
    age = (today - wanted.last).days
    every = next((seconds for oldest, seconds in REFRESH if age <= oldest), None)
    return every if every is None or wanted.first == wanted.last else max(DAY, every)


def lists_between(since: date, until: date, today: date) -> list[PaperList]:
    """Return the lists with a day in the period: days newest first, what is trending today, weeks, months."""
    days = [until - timedelta(days=back) for back in range((until - since).days + 1)]
    trending = [PaperList.trending(today)] if until >= today else []
    longer = [of(day) for of in (PaperList.of_week, PaperList.of_month) for day in days]
    return [*map(PaperList.of_day, days), *trending, *dict.fromkeys(longer)]


def fill_from_listing(
    context: Context,
    listing: Listing,
    *,
    days: int = DAYS,
    until: date | None = None,
    today: date | None = None,
    only_due: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Progress:
    """Fetch the listing's `days` days up to `until` (today), newest first, and what else lists papers of that time.

    What no longer changes is skipped, and so is what is not due yet; but by hand (without `only_due`) refused lists and
    those that still gain papers are asked for at once. A refused list is recorded with its reason, and the others go
    on. Progress is stored after each list; the days done and in all, which it returns, are passed to `on_progress`.
    Raises SourceUnavailable (and stores the reason) when the source cannot be asked, Stopped when told to end.
    """
    today = today or datetime.now(UTC).date()
    round_ = _ListingRound(context.database, listing, (days, until or today, today), on_progress)
    with round_.asking():
        wanted = [one for one in round_.lists if round_.is_wanted(one, time.time(), only_due=only_due)]
        ask_batches(
            [[one] for one in wanted],
            lambda batch: listing.papers(batch[0]),
            answered=lambda batch, listed: round_.answered(batch[0], listed),
            refused=round_.refused,
        )
    return round_.finish()


class _ListingRound(Round):
    """One round over the listing's lists, with the outcome of each."""

    def __init__(
        self,
        database: Database,
        listing: Listing,
        period: tuple[int, date, date],
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        super().__init__(database, NAME)
        days, until, self.today = period
        self.listing, self.on_progress = listing, on_progress
        self.any_refused = False
        since = until - timedelta(days=days - 1)
        self.lists = lists_between(since, until, self.today)
        self.days = [one.name for one in self.lists[:days]]
        # Only the days up to today are what a server has to have; an operator may ask for any others.
        self.is_recent = until == self.today
        opened = _reopen(self._without_old(self.progress), self.lists, self.today)
        self.done = self._count_days(opened)
        self.progress = self._with_counts(opened)

    def _without_old(self, progress: Progress) -> Progress:
        """Return the progress without the open lists that have left the window."""
        inside = {one.name for one in self.lists}
        kept = {name: kept for name, kept in progress.open_days.items() if name in inside}
        return replace(progress, open_days=kept) if self.is_recent else progress

    def is_wanted(self, wanted: PaperList, now: float, *, only_due: bool) -> bool:
        """Whether to ask for a list in this round."""
        kept = self.progress.open_days.get(wanted.name)
        if wanted.name in self.progress.settled:
            return False
        if kept is None or is_due(kept["asked_at"], kept["due_at"], now):
            return True
        return not only_due and (kept["tries"] > 0 or kept["due_at"] - kept["asked_at"] <= ASK_EVERY)

    def answered(self, wanted: PaperList, listed: Listed) -> None:
        now, name, found = time.time(), wanted.name, listed.papers
        there = datetime.fromtimestamp(self.listing.now(), UTC).date()
        # By the slower of the two clocks: with ours ahead, a day would count as over too early.
        slower = min(self.today, there)
        every = refresh_every(wanted, slower)
        settled, open_days = self.progress.settled, self.progress.open_days
        if found and every is None:
            settled = [*settled, name]
            open_days = {other: kept for other, kept in open_days.items() if other != name}
        else:
            # An empty day is usually a Sunday, but a broken listing looks the same, so the day is asked for again.
            tries = 0 if found else open_days.get(name, {}).get("tries", 0) + 1
            gains = (slower - wanted.last).days <= GAINS_PAPERS
            wait = every if every and (found or gains) else max(ASK_EVERY, wait_after(tries, MAX_WAIT))
            open_days = {**open_days, name: _open_list(now, wait, tries, None)}
        progress = self.progress.with_success(now, settled=settled, open_days=open_days)
        self._keep(_with_answer(progress, wanted, listed, now), found)

    def refused(self, wanted: PaperList, error: SourceRefused) -> None:
        now, name = time.time(), wanted.name
        tries = self.progress.open_days.get(name, {}).get("tries", 0) + 1
        wait = wait_after(tries, MAX_WAIT)
        open_days = {**self.progress.open_days, name: _open_list(now, wait, tries, error.message)}
        self._keep(replace(self.progress, open_days=open_days), error.found)
        self.any_refused = True

    def finish(self) -> Progress:
        """Record that every list was asked for, log the refused days, and return the progress over this period."""
        if self.is_recent and self.progress.filled < self.progress.total:
            self._keep(replace(self.progress, filled=self.progress.total), [])
        asked = replace(self.progress, total=len(self.days), done=self.done, filled=len(self.days))
        if self.any_refused:
            logger.warning("catalogue: %s", _refusal_summary(asked))
        return asked

    def _count_days(self, progress: Progress) -> int:
        here = {*progress.settled, *(name for name, kept in progress.open_days.items() if kept["reason"] is None)}
        return sum(day in here for day in self.days)

    def _with_counts(self, progress: Progress) -> Progress:
        return replace(progress, total=len(self.days), done=self.done) if self.is_recent else progress

    def _keep(self, progress: Progress, found: Sequence[SourcePaper]) -> None:
        before, self.done = self.done, self._count_days(progress)
        # Stored first: what could not be written must be asked for again.
        self.progress = self._with_counts(progress).save(self.database, NAME, found)
        if self.done > before and (self.done % REPORT_EVERY == 0 or self.done == len(self.days)):
            logger.info("catalogue: %d of %d days of the listing", self.done, len(self.days))
        if self.on_progress:
            self.on_progress(self.done, len(self.days))


def _reopen(progress: Progress, lists: Sequence[PaperList], today: date) -> Progress:
    """Return the progress with those lists due that were settled too early: by an earlier version, or a wrong clock."""
    moving = {one.name for one in lists if refresh_every(one, today) is not None}
    early = {name: _open_list(0.0, 0.0, 0, None) for name in progress.settled if name in moving}
    settled = [name for name in progress.settled if name not in early]
    return replace(progress, settled=settled, open_days=early | progress.open_days)


def _with_answer(progress: Progress, wanted: PaperList, listed: Listed, now: float) -> Progress:
    """Return the progress with what the listing's health is judged by."""
    if wanted.name == TRENDING:
        return progress.with_changing_answer(listed.digest, now)
    if wanted.first == wanted.last:
        return progress.with_day(wanted.first, len(listed.papers), listed.digest)
    return progress


def _open_list(now: float, wait: float, tries: int, reason: str | None) -> dict[str, Any]:
    return {"asked_at": now, "due_at": now + wait, "tries": tries, "reason": reason}


def refused_lists(progress: Progress) -> dict[str, str]:
    """Return name -> reason for the refused lists: days first, the newest first."""
    refused = {name: kept["reason"] for name, kept in progress.open_days.items() if kept["reason"]}
    return dict(sorted(refused.items(), key=lambda item: (_is_day(item[0]), item[0]), reverse=True))


def _is_day(name: str) -> bool:
    return len(name) == len("2026-11-20")


def _refusal_summary(progress: Progress) -> str | None:
    """Return a sentence on the refused lists, None without any."""
    refused = refused_lists(progress)
    if not refused:
        return None
    days = sum(map(_is_day, refused))
    others = len(refused) - days
    name, reason = next(iter(refused.items()))
    which = f"{days} of {progress.total} days" if days else f"{others} weekly, monthly or trending lists"
    more = f" So are {others} other lists." if days and others else ""
    return f"{which} are refused, and asked for again; {name}: {reason}{more}"


def health(progress: Progress, now: float) -> Health:
    """Return the health of the listing."""
    found = judge(progress.history(ASK_EVERY), now)
    note = _refusal_summary(progress)
    if found.state in ("failing", "stopped"):
        return found
    if not progress.total or max(progress.filled, progress.done) < progress.total:
        begun = progress.total and (progress.settled or progress.open_days)
        if not begun:
            return replace(found, state="new", reason="not asked yet")
        return replace(found, state="filling", reason=f"filling: {progress.done} of {progress.total} days")
    if progress.done == 0:
        return replace(found, state="failing", reason=note)
    return replace(found, reason=note) if found.state in FINE else found

"""Fill years of some categories from arXiv's OAI-PMH; a fill that was stopped or killed goes on where it was.

OAI-PMH lists what changed within some days, so everything since the first day is gone through: papers submitted in the
days wanted are kept, of others only those known here, whose facts may have changed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from server.categories import oai_set
from server.errors import SourceRefused, SourceUnavailable
from server.services.context import Context
from server.services.papers import merge_source_papers
from server.services.polling import MAX_PAUSE, Progress, ask_batches, wait_after
from server.sources.arxiv import NAME
from server.sources.arxiv_oai import RecordPage, TokenExpired
from server.sources.http import Stopped
from server.store import job_states, papers

logger = logging.getLogger(__name__)

WINDOW = 31  # days of change asked for in one list
PAGE_TRIES = 3  # times that a page is asked for which cannot be read
MAX_RESTARTS = 3  # of a list, after its token expired
MAX_FAILURES = 10  # in a row without a page in between, after which a fill is given up
FIRST_ESTIMATE = 5  # pages, after which the time left is estimated
SETTLED_DAYS = 1  # days asked for again by the next run, because they were not over

Item = tuple[str, date]  # a set, and a day of change


class Records(Protocol):
    """A source of records by set and day of change."""

    def records(self, named_set: str, first: date, last: date, token: str | None = None) -> RecordPage:
        """Return a page. Raises TokenExpired, SourceRefused, SourceUnavailable."""


@dataclass(frozen=True)
class Fill:
    """What is wanted: the papers of categories that were submitted from day `since` to day `until` (None: today)."""

    categories: tuple[str, ...]
    since: date
    until: date | None = None

    @property
    def job(self) -> str:
        """The name under which its state is stored."""
        text = json.dumps([sorted(self.categories), self.since.isoformat(), self.until and self.until.isoformat()])
        return f"bulk_fill:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class FillState:
    """How far a fill is; stored with each page, in the page's transaction. Days are ISO dates.

    All before `day` of the set at `place` is done, and what `token` lists next, of the days from `day` to `window`.
    `last` is the last day of change of this pass. `refused` maps `SET DAY` to the reason.
    """

    first: str
    last: str
    day: str
    place: int = 0
    window: str | None = None
    token: str | None = None
    papers: int = 0
    pages: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, context: Context, fill: Fill) -> FillState | None:
        """Return the stored state of a fill, None before its first run."""
        with context.database.reading() as session:
            kept = job_states.load(session, fill.job)
        return cls(**kept) if kept else None


@dataclass(frozen=True)
class Reached:
    """How far a fill is: `done` of `total` (days of change, over all sets), papers, and the seconds left if known."""

    done: float
    total: int
    papers: int
    seconds_left: float | None = None


def fill_patiently(
    context: Context, source: Records, fill: Fill, stop: threading.Event, on_progress: Callable[[Reached], None]
) -> FillState:
    """Fill to the end: wait when arXiv asks for a pause or does not answer, and go on from there.

    Raises SourceUnavailable after `MAX_FAILURES` in a row, or at once when no source may be asked; Stopped.
    """
    failures, pages = 0, -1
    while True:
        try:
            return _BulkFill(context, source, fill, on_progress).run()
        except Stopped:
            raise
        except SourceUnavailable as error:
            state = FillState.load(context, fill)
            failures = 1 if state and state.pages != pages else failures + 1
            pages = state.pages if state else 0
            if error.code == "offline" or failures > MAX_FAILURES:
                raise
            pause = error.retry_at - time.time() if error.retry_at else wait_after(failures, MAX_PAUSE)
            logger.warning("bulk fill: %s Going on in %.0f s.", error.message, max(0.0, pause))
            if stop.wait(max(0.0, pause)):
                raise Stopped("The fill was told to end while it waited for arXiv; run it again to go on.") from error


class _BulkFill:
    """One run of a fill."""

    def __init__(self, context: Context, source: Records, fill: Fill, on_progress: Callable[[Reached], None]) -> None:
        self.context, self.source, self.fill, self.on_progress = context, source, fill, on_progress
        self.sets = [oai_set(category) for category in sorted(fill.categories)]
        self._begin()

    def _begin(self) -> None:
        self.state = self._next_state(datetime.now(UTC).date())
        self.began, self.pages = time.monotonic(), 0
        self.start = self._position()

    def _next_state(self, today: date) -> FillState:
        """Return the state to go on from: that of a run that was cut short, or a new pass over what changed since."""
        kept = FillState.load(self.context, self.fill)
        if kept is None:
            return FillState(self.fill.since.isoformat(), today.isoformat(), self.fill.since.isoformat())
        if kept.place < len(self.sets):
            return kept
        first = (date.fromisoformat(kept.last) - timedelta(days=SETTLED_DAYS)).isoformat()
        return replace(kept, first=first, last=today.isoformat(), day=first, place=0, window=None, token=None)

    def run(self) -> FillState:
        """Ask for everything that is left; return the state at the end.

        A pass that was begun on an earlier day ends with that day, and another one follows up to the present.
        """
        self._run_pass()
        while date.fromisoformat(self.state.last) < datetime.now(UTC).date():
            self._begin()
            self._run_pass()
        return self.state

    def _run_pass(self) -> None:
        progress = Progress.load(self.context.database, NAME)
        progress.check_not_held(time.time())
        again = [[_parse_item(name)] for name in self.state.refused]
        try:
            ask_batches(
                [*self._windows(), *again],
                self._ask,
                answered=lambda _items, _found: None,  # stored page by page
                refused=self._refuse,
            )
        except SourceUnavailable as error:
            if error.retry_at:  # the other requests to arXiv must wait too
                progress = Progress.load(self.context.database, NAME).with_failure(error, time.time())
                progress.save(self.context.database, NAME)
            raise

    def _windows(self) -> Iterator[list[Item]]:
        first, last = date.fromisoformat(self.state.day), date.fromisoformat(self.state.last)
        for place in range(self.state.place, len(self.sets)):
            day = first if place == self.state.place else date.fromisoformat(self.state.first)
            while day <= last:
                end = min(day + timedelta(days=WINDOW - 1), last)
                if day == first and place == self.state.place and self.state.window:
                    end = date.fromisoformat(self.state.window)
                yield [(self.sets[place], day + timedelta(days=ahead)) for ahead in range((end - day).days + 1)]
                day = end + timedelta(days=1)

    def _ask(self, items: Sequence[Item]) -> list[Any]:
        """Ask for all pages of a window and store each. Raises SourceRefused, SourceUnavailable."""
        token = self.state.token if self._is_next(items) and self.state.window == items[-1][1].isoformat() else None
        restarts = 0
        while True:
            try:
                page = self._page(items, token)
            except TokenExpired:
                restarts += 1
                if token is None or restarts > MAX_RESTARTS:
                    raise
                logger.info("bulk fill: the resumption token has expired; the list is begun again")
                token = None
                continue
            if page.token and page.token == token:
                raise SourceRefused("arXiv gives the same resumption token again.")
            self._store(items, page)
            token = page.token
            if token is None:
                return []

    def _page(self, items: Sequence[Item], token: str | None) -> RecordPage:
        """Return a page; one that cannot be read may have been cut off on its way, so it is asked for again."""
        for _ in range(PAGE_TRIES - 1):
            try:
                return self.source.records(items[0][0], items[0][1], items[-1][1], token)
            except TokenExpired:
                raise
            except SourceRefused as error:
                logger.info("bulk fill: %s", error.message)
        return self.source.records(items[0][0], items[0][1], items[-1][1], token)

    def _store(self, items: Sequence[Item], page: RecordPage) -> None:
        """Store the papers of a page and how far the fill is, in one transaction."""
        now, until = time.time(), self.fill.until or date.fromisoformat(self.state.last)
        with self.context.database.writing() as session:
            known = papers.known(session, [*(paper.id for paper in page.papers), *page.deleted])
            found = [
                paper
                for paper in page.papers
                if paper.id in known or _is_within(paper.published_at, self.fill.since, until)
            ]
            gone = [{"id": name, "withdrawn": True} for name in page.deleted if name in known]
            merge_source_papers(session, NAME, [*map(vars, found), *gone], now=now)
            state = self._after(items, page, len({paper.id for paper in found} - known))
            job_states.save(session, self.fill.job, asdict(state), now)
        self.state = state
        self.pages += 1
        self.on_progress(self._reached(page.newest if page.token else None))

    def _after(self, items: Sequence[Item], page: RecordPage, new: int) -> FillState:
        state = replace(self.state, papers=self.state.papers + new, pages=self.state.pages + 1)
        if page.token is None:
            done = {_name(item) for item in items}
            state = replace(state, refused={name: why for name, why in state.refused.items() if name not in done})
            return self._advance(state, items)
        if self._is_next(items):
            return replace(state, token=page.token, window=items[-1][1].isoformat())
        return state

    def _advance(self, state: FillState, items: Sequence[Item]) -> FillState:
        """Return the state after these items, if it is their turn; refused ones are asked for again out of turn."""
        if not self._is_next(items):
            return state
        after = (items[-1][1] + timedelta(days=1)).isoformat()
        if after > state.last:
            return replace(state, place=state.place + 1, day=state.first, token=None, window=None)
        return replace(state, day=after, token=None, window=None)

    def _is_next(self, items: Sequence[Item]) -> bool:
        state = self.state
        return state.place < len(self.sets) and items[0] == (self.sets[state.place], date.fromisoformat(state.day))

    def _refuse(self, item: Item, error: SourceRefused) -> None:
        state = replace(self.state, refused={**self.state.refused, _name(item): error.message})
        state = self._advance(state, [item])
        with self.context.database.writing() as session:
            job_states.save(session, self.fill.job, asdict(state), time.time())
        self.state = state

    def _position(self, newest: date | None = None) -> float:
        """Return the days of change that are done, over all sets; `newest` is how far the list under way has come."""
        first, day = date.fromisoformat(self.state.first), date.fromisoformat(self.state.day)
        return self.state.place * self._days() + (max(day, newest or day) - first).days

    def _days(self) -> int:
        return (date.fromisoformat(self.state.last) - date.fromisoformat(self.state.first)).days + 1

    def _reached(self, newest: date | None) -> Reached:
        done, total = self._position(newest), self._days() * len(self.sets)
        gained = done - self.start
        left = None
        if self.pages >= FIRST_ESTIMATE and gained > 0:
            left = (time.monotonic() - self.began) * (total - done) / gained
        return Reached(done, total, self.state.papers, left)


def _is_within(published_at: float | None, first: date, last: date) -> bool:
    return published_at is not None and first <= datetime.fromtimestamp(published_at, UTC).date() <= last


def _name(item: Item) -> str:
    return f"{item[0]} {item[1].isoformat()}"


def _parse_item(name: str) -> Item:
    named_set, _, day = name.rpartition(" ")
    return named_set, date.fromisoformat(day)

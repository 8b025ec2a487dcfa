"""Follow some categories of arXiv: what each announced today, and what was submitted to it in the last weeks.

The day comes from the RSS feed. The weeks come from the Atom API, which also has what a feed has not: comments, the
time of submission, and the days on which nobody asked for the feed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Protocol

from server.categories import parse_category
from server.errors import SourceRefused
from server.services.context import Context
from server.services.papers import merge_source_papers
from server.services.polling import Progress, Round, ask_batches, is_due, wait_after
from server.services.source_health import Health, judge
from server.sources.arxiv import NAME as ARXIV
from server.sources.arxiv_rss import Announcement, DayFeed
from server.sources.paper import SourcePaper
from server.store import papers, reader_papers
from server.store.database import Database

logger = logging.getLogger(__name__)

NAME = "arxiv-categories"
WEEKS = 13  # about as far back as the papers listing is fetched
MAX_CATEGORIES = 12  # of those that readers met, unless the operator names some
SETTLED_AFTER = 7  # days after the end of a week, when all of its papers have been announced
ASK_FEED_EVERY = 3 * 3600.0  # seconds, while a feed does not have today's announcements
ASK_WEEK_EVERY = 86400.0  # seconds before a week that may still change is asked for again
MAX_WAIT = 86400.0  # seconds, at most, before a refused feed or week is asked for again
ANNOUNCED_AT = 4  # hour in UTC, before which no feed changes
# A feed bears arXiv's day, which begins at midnight in New York: in summer an hour before this one's does.
ARXIV_TIME = timezone(timedelta(hours=-5))

Item = tuple[str, date | None]  # a category, and the Monday of a week; None: its feed


class Feeds(Protocol):
    """A source of what a category announced last."""

    def announced(self, category: str) -> DayFeed:
        """Return the feed of a category. Raises SourceRefused, SourceUnavailable."""


class Search(Protocol):
    """A source of the papers submitted to a category."""

    def submitted(self, category: str, first: date, last: date) -> list[SourcePaper]:
        """Return the papers submitted from one day to another. Raises SourceRefused, SourceUnavailable."""


def met_categories(context: Context) -> list[str]:
    """Return the categories of which readers met most papers, the most frequent first."""
    with context.database.reading() as session:
        found = reader_papers.met_categories(session, 2 * MAX_CATEGORIES)
    return [one for one in found if _is_category(one)][:MAX_CATEGORIES]


def fill_categories(
    context: Context,
    feeds: Feeds,
    search: Search,
    *,
    categories: Sequence[str],
    today: date | None = None,
    only_due: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Progress:
    """Fetch what these categories announced, and the last weeks of each, newest first, except those already settled.

    What is refused is recorded with its reason, and the rest goes on; `only_due` skips what is not due yet. Progress is
    passed to `on_progress` as (weeks done, weeks in all). `today` is arXiv's day. Raises SourceUnavailable (and stores
    the reason), Stopped.
    """
    round_ = _CategoryRound(
        context.database, categories, today or datetime.fromtimestamp(time.time(), ARXIV_TIME).date(), on_progress
    )
    with round_.asking():
        now = time.time() if only_due else None

        def ask(batch: Sequence[Item]) -> DayFeed | list[SourcePaper]:
            category, monday = batch[0]
            if monday is None:
                return feeds.announced(category)
            return search.submitted(category, monday, monday + timedelta(days=6))

        ask_batches(
            [[item] for item in round_.items if round_.is_wanted(item, now)],
            ask,
            answered=lambda batch, found: round_.answered(batch[0], found),
            refused=round_.refused,
        )
    return round_.progress


class _CategoryRound(Round):
    """One round over the feeds and weeks of some categories, with the outcome of each."""

    def __init__(
        self,
        database: Database,
        categories: Sequence[str],
        today: date,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        super().__init__(database, NAME)
        self.today, self.on_progress = today, on_progress
        this_monday = today - timedelta(days=today.weekday())
        mondays = [this_monday - timedelta(weeks=age) for age in range(WEEKS)]
        weeks: list[Item] = [(category, monday) for monday in mondays for category in categories]
        self.items: list[Item] = [*((category, None) for category in categories), *weeks]
        # Other categories stay as they are: this round may be an operator's, for some of those that are followed.
        kept = {name: one for name, one in self.progress.open_days.items() if _is_kept(name, one, mondays[-1])}
        settled = [name for name in self.progress.settled if _is_kept(name, {}, mondays[-1])]
        self.progress = self._count(replace(self.progress, total=len(weeks), open_days=kept, settled=settled))

    def is_wanted(self, item: Item, now: float | None) -> bool:
        """Whether to ask for what is not settled: always, or, given `now`, when it is due."""
        if _name(item) in self.progress.settled:
            return False
        kept = self.progress.open_days.get(_name(item))
        return now is None or kept is None or is_due(kept["asked_at"], kept["due_at"], now)

    def answered(self, item: Item, found: DayFeed | list[SourcePaper]) -> None:
        """Store what a feed or a search answered."""
        if isinstance(found, DayFeed):
            self._store_feed(item, found)
        else:
            self._store_week(item, found)

    def _store_feed(self, item: Item, feed: DayFeed) -> None:
        now, name = time.time(), _name(item)
        before = self.progress.open_days.get(name, {}).get("day")
        here = feed.day is not None and feed.day >= self.today
        wait = _until_next_feed(now) if here else ASK_FEED_EVERY
        entry = _entry(now, wait, 0, None) | {"day": feed.day and feed.day.isoformat()}
        progress = self.progress.with_success(now, open_days={**self.progress.open_days, name: entry})
        new = sum(one.new for one in feed.announcements) if before != entry["day"] else 0
        self._keep(self._count_day(progress, feed.day, new), feed.announcements)

    def _count_day(self, progress: Progress, day: date | None, new: int) -> Progress:
        """Return the progress with `new` more papers of a feed's day.

        A day had none only once it is over and the feed is still an older one: today's may be yet to come.
        """
        yesterday = self.today - timedelta(days=1)
        if day is None or day < yesterday:
            progress = progress.with_day(yesterday, _papers_of(progress, yesterday), None)
        return progress.with_day(day, _papers_of(progress, day) + new, None) if day else progress

    def _store_week(self, item: Item, found: Sequence[SourcePaper]) -> None:
        now, name = time.time(), _name(item)
        monday = item[1] or self.today
        open_days, settled = self.progress.open_days, self.progress.settled
        if (self.today - monday).days > 6 + SETTLED_AFTER:
            settled = [*settled, name]
            open_days = {other: kept for other, kept in open_days.items() if other != name}
        else:
            open_days = {**open_days, name: _entry(now, ASK_WEEK_EVERY, 0, None)}
        progress = self.progress.with_success(now, open_days=open_days, settled=settled)
        self._keep(progress, [Announcement(paper, new=True) for paper in found])

    def refused(self, item: Item, error: SourceRefused) -> None:
        """Record a refused feed or week, with what was found of it."""
        now, name = time.time(), _name(item)
        tries = self.progress.open_days.get(name, {}).get("tries", 0) + 1
        entry = _entry(now, wait_after(tries, MAX_WAIT), tries, error.message)
        progress = replace(self.progress, open_days={**self.progress.open_days, name: entry})
        self._keep(progress, [Announcement(paper, new=True) for paper in error.found])

    def _keep(self, progress: Progress, announced: Sequence[Announcement]) -> None:
        """Store papers and progress in one transaction; of an old paper only the new facts of one that is known."""
        progress = self._count(progress)
        with self.database.writing() as session:
            known = papers.known(session, [one.paper.id for one in announced])
            found = [vars(one.paper) for one in announced if one.new or one.paper.id in known]
            merge_source_papers(session, ARXIV, found, now=time.time())
            progress.save_in(session, NAME, [])
        self.progress = progress
        if self.on_progress:
            self.on_progress(progress.done, progress.total)

    def _count(self, progress: Progress) -> Progress:
        done = {*progress.settled, *(name for name, kept in progress.open_days.items() if kept["reason"] is None)}
        return replace(progress, done=sum(_name(item) in done for item in self.items if item[1]))


def _entry(now: float, wait: float, tries: int, reason: str | None) -> dict[str, Any]:
    return {"asked_at": now, "due_at": now + wait, "tries": tries, "reason": reason}


def _name(item: Item) -> str:
    category, monday = item
    return f"{category} {monday.isoformat()}" if monday else category


def _is_kept(name: str, entry: Mapping[str, Any], oldest: date) -> bool:
    """Whether a week is not before the `oldest`, or a feed was asked for since then."""
    _, _, monday = name.partition(" ")
    if monday:
        return monday >= oldest.isoformat()
    return datetime.fromtimestamp(entry["asked_at"], UTC).date() >= oldest


def _papers_of(progress: Progress, day: date) -> int:
    return progress.days.get(day.isoformat(), (0, None))[0]


def _until_next_feed(now: float) -> float:
    """Return the seconds until feeds change again."""
    moment = datetime.fromtimestamp(now, UTC)
    change = moment.replace(hour=ANNOUNCED_AT, minute=0, second=0, microsecond=0)
    return (change - moment).total_seconds() + (0 if change > moment else 86400)


def _is_category(text: str) -> bool:
    try:
        return parse_category(text) == text
    except ValueError:
        return False


def refused(progress: Progress, categories: Collection[str]) -> dict[str, str]:
    """Return what was refused of these categories (a feed, or a week) -> reason."""
    return {
        name: kept["reason"]
        for name, kept in progress.open_days.items()
        if kept["reason"] and name.partition(" ")[0] in categories
    }


def health(context: Context, now: float, by_id: Health) -> Health:
    """Return the health of arXiv: of what it is asked for by id, and of its categories once there are some."""
    progress = Progress.load(context.database, NAME)
    if by_id.status != "ok" or not progress.total:
        return by_id
    found = judge(progress.history(every=ASK_FEED_EVERY), now)
    notes = [by_id.reason] if by_id.reason else []
    if progress.done < progress.total:
        notes.append(f"{progress.done} of {progress.total} weeks of its categories are here")
    reason = found.reason if found.status != "ok" else "; ".join(notes) or None
    return replace(found, reason=reason)

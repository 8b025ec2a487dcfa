"""Keep the catalogue full from the sources, and report the state of each.

Progress is stored in the database, so that a restart continues where it was and `/readyz` can report it. How a source
is asked is in `polling.py`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from server.services import arxiv_days, listing_days, missing_papers
from server.services.arxiv_days import Feeds, Search, fill_categories
from server.services.context import Context
from server.services.listing_days import Listing, fill_from_listing
from server.services.missing_papers import Archive, fill_from_archive
from server.services.polling import POLL_INTERVAL, Progress, poll
from server.services.source_health import LATE, Health
from server.sources import arxiv, huggingface

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """The clients of all sources, each for one thread."""

    listing: Listing
    archive: Archive
    feeds: Feeds
    search: Search


def follow(context: Context, sources: Sources, stop: threading.Event, *, every: float = POLL_INTERVAL) -> None:
    """Keep the catalogue full until `stop`: the listing every hour, papers known only by id as they come, arXiv's days.

    Each has its own thread, so that a slow one does not hold up the others: a first fill of arXiv's weeks takes many
    requests, between which those for papers that readers wait for have their turns.
    """
    asks: dict[str, Callable[[], object]] = {
        huggingface.NAME: partial(fill_from_listing, context, sources.listing, only_due=True),
        arxiv.NAME: partial(fill_from_archive, context, sources.archive, only_due=True),
        arxiv_days.NAME: partial(_follow_categories, context, sources.feeds, sources.search),
    }
    watched = [partial(_ask_and_tell, context, name, ask, {}) for name, ask in asks.items()]
    threads = [threading.Thread(target=poll, args=(ask, stop), kwargs={"every": every}) for ask in watched]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _follow_categories(context: Context, feeds: Feeds, search: Search) -> None:
    categories = context.settings.arxiv_categories or arxiv_days.met_categories(context)
    if categories:
        fill_categories(context, feeds, search, categories=categories, only_due=True)


def _ask_and_tell(context: Context, name: str, ask: Callable[[], object], told: dict[str, str]) -> None:
    """Ask a source; log what became of its health when that is news. `told` holds the state that was last logged."""
    try:
        ask()
    finally:
        found = health(context, time.time()).get(name, Health("ok"))
        before, told[name] = told.get(name, "ok"), found.state if found.state in LATE else "ok"
        if told[name] == "ok" != before:
            logger.info("catalogue: %s is well again", name)
        elif told[name] != before and found.state != "failing":  # of which `poll` tells
            logger.warning("catalogue: %s is %s: %s", name, found.state, found.reason)


def health(context: Context, now: float) -> dict[str, Health]:
    """Return source -> its health; empty with INKLING_OFFLINE."""
    if context.settings.offline:
        return {}
    return {
        huggingface.NAME: listing_days.health(Progress.load(context.database, huggingface.NAME), now),
        arxiv.NAME: arxiv_days.health(context, now, missing_papers.health(context, now)),
    }


def late_sources(context: Context, now: float) -> dict[str, Health]:
    """Return source -> its health, for those of which readers get no new papers."""
    return {name: one for name, one in health(context, now).items() if one.state in LATE}

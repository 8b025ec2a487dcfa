"""Keep the catalogue full from the sources, and report the state of each.

Progress is stored in the database, so that a restart continues where it was and `/readyz` can report it. How a source
is asked is in `polling.py`.
"""

from __future__ import annotations

import threading
from functools import partial

from server.services import listing_days, missing_papers
from server.services.context import Context
from server.services.listing_days import Listing, fill_from_listing
from server.services.missing_papers import Archive, fill_from_archive
from server.services.polling import POLL_INTERVAL, Progress, poll
from server.services.source_health import Health
from server.sources import arxiv, huggingface


def follow(
    context: Context, listing: Listing, archive: Archive, stop: threading.Event, *, every: float = POLL_INTERVAL
) -> None:
    """Keep the catalogue full until `stop`: the listing every hour, papers known only by id as they come.

    Each source has its own thread, so that a slow one does not hold up the other.
    """
    asks = [
        partial(fill_from_listing, context, listing, only_due=True),
        partial(fill_from_archive, context, archive, only_due=True),
    ]
    threads = [threading.Thread(target=poll, args=(ask, stop), kwargs={"every": every}) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def health(context: Context, now: float) -> dict[str, Health]:
    """Return source -> its health; empty with INKLING_OFFLINE."""
    if context.settings.offline:
        return {}
    return {
        huggingface.NAME: listing_days.health(Progress.load(context.database, huggingface.NAME), now),
        arxiv.NAME: missing_papers.health(context, now),
    }

"""The catalogue is kept full from the sources: what is asked for when, and how each source stands.

What was fetched is kept in the database, so that a restart goes on where it was and `/readyz` can say how far it is.
How a source is asked, and what one bad answer may hold up (nothing but itself), is in `asking.py`.
"""

from __future__ import annotations

import threading
from functools import partial

from server.services import listing_days, missing_papers
from server.services.asking import LOOK_EVERY, Progress, keep_asking
from server.services.listing_days import Listing, fill_from_listing
from server.services.missing_papers import Archive, fill_from_archive
from server.sources import arxiv, huggingface
from server.store.database import Database


def follow(
    database: Database, listing: Listing, archive: Archive, stop: threading.Event, *, every: float = LOOK_EVERY
) -> None:
    """Keep the catalogue full until `stop`: the listing every hour, papers known by id alone as they come.

    Each source is asked in a thread of its own, so that one that is slow or away does not keep the other waiting.
    """
    asks = [
        partial(fill_from_listing, database, listing, only_due=True),
        partial(fill_from_archive, database, archive, only_due=True),
    ]
    threads = [threading.Thread(target=keep_asking, args=(ask, stop), kwargs={"every": every}) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def states(database: Database, now: float, *, offline: bool) -> dict[str, tuple[str, str | None]]:
    """Return source -> (`ok` or `degraded`, what there is to say) for `/readyz`; none with `offline`, no fault."""
    if offline:
        return {}
    return {
        huggingface.NAME: listing_days.state(Progress.read(database, huggingface.NAME), now),
        arxiv.NAME: missing_papers.state(database),
    }

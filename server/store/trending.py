"""What several readers read lately, counted from the log."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.store.events import private_readers
from server.store.tables import events

KINDS = ("open", "save")
NEWEST = 100_000  # events that are looked at: the cost of a count does not grow with the log


def most_read(session: Session, since: float, at_least: int, limit: int) -> list[tuple[str, int]]:
    """Return (paper, readers) of papers that at least so many readers opened or saved since a moment, most first.

    Among the newest events alone, and not by readers from whom nothing is to be learned for others.
    """
    readers = func.count(events.c.reader_id.distinct())
    newest = select(func.coalesce(func.max(events.c.number), 0)).scalar_subquery()
    statement = (
        select(events.c.paper_id, readers.label("readers"))
        .where(
            events.c.reader_id.not_in(private_readers()),
            events.c.number > newest - NEWEST,
            events.c.at >= since,
            events.c.kind.in_(KINDS),
        )
        .group_by(events.c.paper_id)
        .having(readers >= at_least)
        .order_by(readers.desc(), events.c.paper_id)
        .limit(limit)
    )
    return [(row.paper_id, row.readers) for row in session.execute(statement)]

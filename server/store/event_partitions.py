"""The partitions of PostgreSQL's log: one a month in which the server received events, and one for what fits in none.

By the server's own time: a time that a client sends makes no partition. SQLite keeps one table.
"""

from __future__ import annotations

import logging
import re

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.errors import DatabaseUnavailable
from server.store import locks
from server.store.archived_events import month_after, month_of, month_start
from server.store.database import Database

logger = logging.getLogger(__name__)

AHEAD = 3  # months after this one that have their partition
OTHER = "events_other"
# A change of partitions waits for who reads the log, and everybody else then waits for it.
_WAIT = "300ms"
_NAME = re.compile(r"events_(\d{4})_(\d{2})")
_PARTITIONS = text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'events'::regclass"
)


def name_of(month: str) -> str:
    """Return the name of a month's partition."""
    return f"events_{month.replace('-', '_')}"


def months(session: Session) -> list[str]:
    """Return the months that have a partition, oldest first."""
    found = (_NAME.fullmatch(name) for name in session.execute(_PARTITIONS).scalars())
    return sorted(f"{name[1]}-{name[2]}" for name in found if name)


def make_ahead(database: Database, now: float) -> list[str]:
    """Make the partitions of this and the next months that are missing; return their months.

    While others read the log for long, such as a training, none is made: the next call does it, and until then what is
    received in such a month waits in the partition for the rest.
    """
    if database.engine.dialect.name != "postgresql":
        return []
    wanted = [month_after(month_of(now), number) for number in range(AHEAD + 1)]
    with database.reading() as session:
        missing = [month for month in wanted if month not in months(session)]
    try:
        return [month for month in missing if _make(database, month)]
    except DatabaseUnavailable as error:
        logger.info("a partition is made later: %s", error.detail)
        return []


def _make(database: Database, month: str) -> bool:
    """Make a month's partition, with what waits for it; return False when another process was faster."""
    name, start, end = name_of(month), month_start(month), month_start(month_after(month))
    with database.writing() as session:
        _hold(session)
        if month in months(session):
            return False
        # Whoever logs holds the readers first: the other way round this and they would wait for each other, every time.
        session.execute(text("LOCK TABLE readers IN SHARE ROW EXCLUSIVE MODE"))  # as ATTACH with a foreign key does
        session.execute(text(f"CREATE TABLE {name} (LIKE events INCLUDING DEFAULTS)"))
        session.execute(text(f"LOCK TABLE {OTHER} IN ACCESS EXCLUSIVE MODE"))
        within = f"received_at >= {start!r} AND received_at < {end!r}"
        session.execute(text(f"INSERT INTO {name} SELECT * FROM {OTHER} WHERE {within}"))  # noqa: S608 - our own names
        session.execute(text(f"DELETE FROM {OTHER} WHERE {within}"))  # noqa: S608
        session.execute(text(f"ALTER TABLE events ATTACH PARTITION {name} FOR VALUES FROM ({start!r}) TO ({end!r})"))
        return True


def _hold(session: Session) -> None:
    session.execute(text(f"SET LOCAL lock_timeout = '{_WAIT}'"))
    session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": locks.PARTITIONING})


def drop_empty(database: Database, until: str) -> list[str]:
    """Drop the partitions of months before `until` that hold nothing any more; return their months.

    While others read the log for long, none is dropped: the next call does it.
    """
    if database.engine.dialect.name != "postgresql":
        return []
    with database.reading() as session:
        old = [month for month in months(session) if month < until]
        empty = [month for month in old if _is_empty(session, month)]
    try:
        return [month for month in empty if _drop(database, month)]
    except DatabaseUnavailable as error:
        logger.info("an empty partition is dropped later: %s", error.detail)
        return []


def _is_empty(session: Session, month: str) -> bool:
    return session.execute(text(f"SELECT 1 FROM {name_of(month)} LIMIT 1")).first() is None  # noqa: S608


def _drop(database: Database, month: str) -> bool:
    with database.writing() as session:
        _hold(session)
        session.execute(text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        gone = month in months(session) and _is_empty(session, month)
        if gone:
            session.execute(text(f"DROP TABLE {name_of(month)}"))
        return gone

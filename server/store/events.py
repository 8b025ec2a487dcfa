"""The log of events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, insert_new
from server.store.tables import deleted_events, events, lists

_CHUNK = 5000


def hashes(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return id -> content hash for those of `ids` that this reader already logged."""
    statement = select(events.c.id, events.c.content_hash).where(events.c.reader_id == reader_id, events.c.id.in_(ids))
    return {row.id: row.content_hash for row in session.execute(statement)}


def deleted(session: Session, reader_id: str, id_hashes: Collection[str]) -> set[str]:
    """Return those of `id_hashes` that belong to events this reader deleted."""
    statement = select(deleted_events.c.id_hash).where(
        deleted_events.c.reader_id == reader_id, deleted_events.c.id_hash.in_(id_hashes)
    )
    return set(session.execute(statement).scalars())


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append events (columns of the table but `number`), in order."""
    if rows:
        session.execute(events.insert(), list(rows))


def add_lists(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the lists that events cite; those already kept stay as they are."""
    insert_new(session, lists, rows)


def forget_lists(session: Session, reader_id: str) -> None:
    """Delete the lists of this reader that no event cites any more."""
    cited = select(events.c.list_id).where(events.c.reader_id == reader_id, events.c.list_id.is_not(None))
    session.execute(delete(lists).where(lists.c.reader_id == reader_id, lists.c.id.not_in(cited)))


def page(
    session: Session,
    reader_id: str,
    limit: int,
    after: tuple[float, int] | None = None,
    *,
    paper: str | None = None,
    kinds: Collection[str] = (),
) -> list[Row]:
    """Return the reader's events, newest first, from just after the (at, number) given.

    Of one paper alone, or of some kinds alone, where they are named.
    """
    statement = select(events).where(events.c.reader_id == reader_id)
    if paper is not None:
        statement = statement.where(events.c.paper_id == paper)
    if kinds:
        statement = statement.where(events.c.kind.in_(kinds))
    if after is not None:
        at, number = after
        statement = statement.where(or_(events.c.at < at, and_(events.c.at == at, events.c.number < number)))
    statement = statement.order_by(events.c.at.desc(), events.c.number.desc()).limit(limit)
    return all_rows(session, statement)


def of_papers(session: Session, reader_id: str, papers: Collection[str]) -> list[Row]:
    """Return the reader's events on these papers in the order in which they count: by time, ties by arrival."""
    statement = select(events).where(events.c.reader_id == reader_id, events.c.paper_id.in_(papers))
    return all_rows(session, statement.order_by(events.c.at, events.c.number))


def ids_and_papers(session: Session, reader_id: str, event_id: str | None = None) -> list[tuple[str, str]]:
    """Return (id, paper) of all the reader's events, or of the one with this id."""
    statement = select(events.c.id, events.c.paper_id).where(events.c.reader_id == reader_id)
    if event_id is not None:
        statement = statement.where(events.c.id == event_id)
    return [(row.id, row.paper_id) for row in session.execute(statement.order_by(events.c.number))]


def remove(session: Session, reader_id: str, id_hashes: Mapping[str, str], now: float) -> None:
    """Delete the events with these ids for good and keep only their keyed hashes (id -> hash)."""
    wanted = list(id_hashes)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        rows = [{"reader_id": reader_id, "id_hash": id_hashes[name], "deleted_at": now} for name in chunk]
        insert_new(session, deleted_events, rows)
        session.execute(delete(events).where(events.c.reader_id == reader_id, events.c.id.in_(chunk)))


def newest_number(session: Session) -> int:
    """Return the number of the newest event on the server, 0 before the first."""
    return session.execute(select(func.max(events.c.number))).scalar() or 0


def count(session: Session, reader_id: str | None = None) -> int:
    """Return how many events the reader has logged, or everybody."""
    statement = select(func.count()).select_from(events)
    if reader_id is not None:
        statement = statement.where(events.c.reader_id == reader_id)
    return session.execute(statement).scalar_one()


def count_since(session: Session, number: int) -> int:
    """Return how many events came after the event of this number."""
    return session.execute(select(func.count()).select_from(events).where(events.c.number > number)).scalar_one()


def for_training(session: Session) -> Iterator[tuple[str, str, str, float]]:
    """Yield (reader, paper, kind, time) of every event in order of arrival, in pieces that fit in memory."""
    statement = select(events.c.reader_id, events.c.paper_id, events.c.kind, events.c.at).order_by(events.c.number)
    for row in session.execute(statement.execution_options(yield_per=_CHUNK)):
        yield row.reader_id, row.paper_id, row.kind, row.at

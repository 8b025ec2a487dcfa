"""The log of events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, among, insert_new
from server.store.tables import deleted_events, events, lists

_CHUNK = 5000


def hashes(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return id -> content hash for those of `ids` that this reader already logged."""
    statement = select(events.c.id, events.c.content_hash).where(events.c.reader_id == reader_id)
    statement = statement.where(among(events.c.id, ids))
    return {row.id: row.content_hash for row in session.execute(statement)}


def deleted(session: Session, reader_id: str, id_hashes: Collection[str]) -> set[str]:
    """Return those of `id_hashes` that belong to events this reader deleted."""
    statement = select(deleted_events.c.id_hash).where(
        deleted_events.c.reader_id == reader_id, among(deleted_events.c.id_hash, id_hashes)
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
        # As one comparison of pairs, which an index finds; an OR reads all that came before, page for page.
        statement = statement.where(tuple_(events.c.at, events.c.number) < tuple_(*after))
    statement = statement.order_by(events.c.at.desc(), events.c.number.desc()).limit(limit)
    return all_rows(session, statement)


def of_paper(session: Session, reader_id: str, paper: str) -> Iterator[tuple[str, float]]:
    """Yield (kind, at) of the reader's events on a paper in the order in which they count: by time, ties by arrival."""
    statement = select(events.c.kind, events.c.at).where(events.c.reader_id == reader_id, events.c.paper_id == paper)
    statement = statement.order_by(events.c.at, events.c.number)
    for row in session.execute(statement.execution_options(yield_per=_CHUNK)):
        yield row.kind, row.at


def paper_of(session: Session, reader_id: str, event_id: str) -> str | None:
    """Return the paper of the reader's event with this id, None when there is no such event."""
    statement = select(events.c.paper_id).where(events.c.reader_id == reader_id, events.c.id == event_id)
    return session.execute(statement).scalar()


def newest_of(session: Session, reader_id: str) -> int:
    """Return the number of the event that arrived last of this reader, 0 before the first."""
    return session.execute(select(func.max(events.c.number)).where(events.c.reader_id == reader_id)).scalar() or 0


def forget_resets(session: Session, reader_id: str, id_hashes: Collection[str]) -> None:
    """Let those of `id_hashes` that starting over left be logged again."""
    left = (deleted_events.c.reader_id == reader_id, deleted_events.c.by_reset.is_(True))
    session.execute(delete(deleted_events).where(*left, among(deleted_events.c.id_hash, id_hashes)))


def remove(
    session: Session, reader_id: str, id_hashes: Mapping[str, str], now: float, *, by_reset: bool = False
) -> None:
    """Delete the events with these ids for good and keep only their keyed hashes (id -> hash)."""
    facts = {"reader_id": reader_id, "deleted_at": now, "by_reset": by_reset}
    rows = [{**facts, "id_hash": mark} for mark in id_hashes.values()]
    insert_new(session, deleted_events, rows)
    session.execute(delete(events).where(events.c.reader_id == reader_id, among(events.c.id, id_hashes)))


def remove_some(session: Session, reader_id: str, most: int) -> bool:
    """Delete at most so many of the reader's events, without a trace; return whether there were any."""
    some = select(events.c.number).where(events.c.reader_id == reader_id).limit(most)
    return (
        session.execute(delete(events).where(events.c.number.in_(some)).returning(events.c.number)).first() is not None
    )


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

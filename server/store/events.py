"""The log of events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from server.store.bulk_insert import BulkInsert, Values
from server.store.database import Row, all_rows, among, among_given, in_one, insert_new, stream_tuples
from server.store.tables import deleted_events, events, lists, page_texts, papers, readers

_CHUNK = 5000
# Built once: building one takes five times as long as running it.
_HASHES = select(events.c.id, events.c.content_hash).where(
    events.c.reader_id == bindparam("reader"), among_given(events.c.id, "ids")
)
_DELETED = select(deleted_events.c.id_hash).where(
    deleted_events.c.reader_id == bindparam("reader"), among_given(deleted_events.c.id_hash, "hashes")
)
_ANY_DELETED = select(deleted_events.c.id_hash).where(deleted_events.c.reader_id == bindparam("reader")).limit(1)
# All but `number`, by which the database counts arrivals.
_LOGGED = tuple(one.name for one in events.columns if one.name != "number")
_APPEND = BulkInsert(events, _LOGGED)
_ADD_LISTS = BulkInsert(lists, ("id", "reader_id", "model", "made_at"), ignored=True)


def hashes(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return id -> content hash for those of `ids` that this reader has logged."""
    found = session.connection().execute(_HASHES, {"reader": reader_id, "ids": in_one(ids)})
    return {row.id: row.content_hash for row in found}


def any_deleted(session: Session, reader_id: str) -> bool:
    """Whether this reader ever deleted an event."""
    return session.connection().execute(_ANY_DELETED, {"reader": reader_id}).first() is not None


def deleted(session: Session, reader_id: str, id_hashes: Collection[str]) -> set[str]:
    """Return those of `id_hashes` whose events this reader deleted."""
    found = session.connection().execute(_DELETED, {"reader": reader_id, "hashes": in_one(id_hashes)})
    return set(found.scalars())


def add(session: Session, rows: Sequence[Values]) -> None:
    """Append events, in order; of each all columns but `number`, in the order of the table."""
    _APPEND(session, rows)


def add_lists(session: Session, rows: Sequence[Values]) -> None:
    """Store the lists (id, reader, model, time made) that events cite, except those already stored."""
    _ADD_LISTS(session, rows)


def delete_uncited_lists(session: Session, reader_id: str) -> None:
    """Delete this reader's lists that no event cites any more."""
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
    words: Collection[str] = (),
) -> list[Row]:
    """Return the reader's events, newest first, starting after the (at, number) given.

    `paper` and `kinds` narrow them to one paper or to some kinds, `words` to papers with all of these in the title.
    """
    statement = select(events).where(events.c.reader_id == reader_id)
    if paper is not None:
        statement = statement.where(events.c.paper_id == paper)
    if kinds:
        statement = statement.where(events.c.kind.in_(kinds))
    if words:
        statement = statement.where(_titled(reader_id, words))
    if after is not None:
        # A comparison of pairs uses the index; an OR would read all earlier pages again.
        statement = statement.where(tuple_(events.c.at, events.c.number) < tuple_(*after))
    statement = statement.order_by(events.c.at.desc(), events.c.number.desc()).limit(limit)
    return all_rows(session, statement)


def _titled(reader_id: str, words: Collection[str]) -> ColumnElement[bool]:
    """Return whether the title that this reader sees of an event's paper contains each of `words`, in any case."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    title = func.lower(func.coalesce(papers.c.title, page_texts.c.title, papers.c.id))
    contained = [title.contains(word.lower(), autoescape=True) for word in words]
    seen = exists().select_from(papers.outerjoin(page_texts, own))
    return seen.where(papers.c.id == events.c.paper_id, *contained)


def of_paper(session: Session, reader_id: str, paper: str) -> Iterator[tuple[str, float]]:
    """Yield (kind, at) of the reader's events on a paper by time, ties by arrival."""
    statement = select(events.c.kind, events.c.at).where(events.c.reader_id == reader_id, events.c.paper_id == paper)
    statement = statement.order_by(events.c.at, events.c.number)
    for row in session.execute(statement.execution_options(yield_per=_CHUNK)):
        yield row.kind, row.at


def with_categories(
    session: Session, reader_id: str, kinds: Collection[str], since: float
) -> Iterator[tuple[float, str, list[str] | None]]:
    """Yield (at, paper, categories as this reader sees them) of the reader's events of some kinds since a time."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    categories = func.coalesce(papers.c.categories, page_texts.c.categories).label("categories")
    statement = select(events.c.at, events.c.paper_id, type_coerce(categories, papers.c.categories.type))
    statement = statement.join(papers, papers.c.id == events.c.paper_id).outerjoin(page_texts, own)
    statement = statement.where(events.c.reader_id == reader_id, events.c.at >= since, events.c.kind.in_(kinds))
    for row in session.execute(statement.execution_options(yield_per=_CHUNK)):
        yield row[0], row[1], row[2]


def paper_of(session: Session, reader_id: str, event_id: str) -> str | None:
    """Return the paper of the reader's event with this id, or None."""
    statement = select(events.c.paper_id).where(events.c.reader_id == reader_id, events.c.id == event_id)
    return session.execute(statement).scalar()


def newest_of(session: Session, reader_id: str) -> int:
    """Return the number of this reader's last event to arrive, 0 before the first."""
    return session.execute(select(func.max(events.c.number)).where(events.c.reader_id == reader_id)).scalar() or 0


def delete_reset_hashes(session: Session, reader_id: str, id_hashes: Collection[str]) -> None:
    """Delete those of `id_hashes` that starting over left, so that their events can be logged again."""
    left = (deleted_events.c.reader_id == reader_id, deleted_events.c.by_reset.is_(True))
    session.execute(delete(deleted_events).where(*left, among(deleted_events.c.id_hash, id_hashes)))


def remove(
    session: Session, reader_id: str, id_hashes: Mapping[str, str], now: float, *, by_reset: bool = False
) -> None:
    """Delete the events with these ids and keep only their keyed hashes (id -> hash)."""
    facts = {"reader_id": reader_id, "deleted_at": now, "by_reset": by_reset}
    rows = [{**facts, "id_hash": mark} for mark in id_hashes.values()]
    insert_new(session, deleted_events, rows)
    session.execute(delete(events).where(events.c.reader_id == reader_id, among(events.c.id, id_hashes)))


def remove_batch(session: Session, reader_id: str, limit: int) -> bool:
    """Delete up to `limit` of the reader's events without keeping hashes; return whether there were any."""
    some = select(events.c.number).where(events.c.reader_id == reader_id).limit(limit)
    return (
        session.execute(delete(events).where(events.c.number.in_(some)).returning(events.c.number)).first() is not None
    )


def newest_number(session: Session) -> int:
    """Return the number of the newest event on the server, 0 before the first."""
    return session.execute(select(func.max(events.c.number))).scalar() or 0


def count(session: Session, reader_id: str | None = None) -> int:
    """Return how many events this reader (None: everybody) has logged."""
    statement = select(func.count()).select_from(events)
    if reader_id is not None:
        statement = statement.where(events.c.reader_id == reader_id)
    return session.execute(statement).scalar_one()


def count_since(session: Session, number: int) -> int:
    """Return how many events came after the event with this number."""
    return session.execute(select(func.count()).select_from(events).where(events.c.number > number)).scalar_one()


def private_readers() -> Select[tuple[str]]:
    """Select the readers from whom nothing is to be learned for others."""
    return select(readers.c.id).where(readers.c.settings["learn_for_others"].as_boolean().is_(False))


def for_training(session: Session) -> Iterator[Sequence[tuple[str, str, str, float]]]:
    """Yield lists of (reader, paper, kind, epoch seconds) of events in order of arrival, without loading all at once.

    Those of readers from whom nothing may be learned for others are left out.
    """
    private = set(session.execute(private_readers()).scalars())
    statement = select(events.c.reader_id, events.c.paper_id, events.c.kind, events.c.at).order_by(events.c.number)
    for rows in stream_tuples(session, statement, _CHUNK):
        yield [row for row in rows if row[0] not in private] if private else rows

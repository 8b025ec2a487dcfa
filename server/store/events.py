"""The log of events: the rows of `events`, and those of past months that `archived_events` packs.

Where both are asked, the rows come first: an event that is archived between the two is met twice, and never not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from server.store import archived_events as archived
from server.store.bulk_insert import BulkInsert, Values
from server.store.database import Row, all_rows, among, among_given, in_one, insert_new, stream_tuples
from server.store.tables import archived_events, deleted_events, events, lists, page_texts, papers, readers

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
    rows = session.connection().execute(_HASHES, {"reader": reader_id, "ids": in_one(ids)})
    found = {row.id: row.content_hash for row in rows}
    older = archived.by_id(session, reader_id, set(ids) - found.keys())
    return found | {name: row["content_hash"] for name, row in older.items()}


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
    older = {row["list_id"] for row in archived.of_reader(session, reader_id)} - {None}
    uncited = (lists.c.id.not_in(cited), ~among(lists.c.id, older))
    session.execute(delete(lists).where(lists.c.reader_id == reader_id, *uncited))


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
    rows = all_rows(session, statement)

    def matching(found: Sequence[Row]) -> Sequence[Row]:
        asked = [row for row in found if paper in (None, row["paper_id"]) and (not kinds or row["kind"] in kinds)]
        named = _titled_among(session, reader_id, words, {row["paper_id"] for row in asked}) if words else ()
        return [row for row in asked if row["paper_id"] in named] if words else asked

    older = archived.newest_first(session, reader_id, after, matching)
    return list(islice(_once(merge(rows, older, key=lambda row: (-row["at"], -row["number"]))), limit))


def _once(rows: Iterable[Row]) -> Iterator[Row]:
    """Leave out events that come again."""
    met = set[int]()
    for row in rows:
        if row["number"] not in met:
            met.add(row["number"])
            yield row


def _titled_among(session: Session, reader_id: str, words: Collection[str], ids: Collection[str]) -> set[str]:
    """Return those of the papers whose title, as this reader sees it, contains each of `words`."""
    statement = select(papers.c.id).outerjoin(page_texts, _own_text(reader_id))
    return set(session.execute(statement.where(among(papers.c.id, ids), *_in_title(words))).scalars())


def _own_text(reader_id: str) -> ColumnElement[bool]:
    return and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)


def _in_title(words: Collection[str]) -> list[ColumnElement[bool]]:
    title = func.lower(func.coalesce(papers.c.title, page_texts.c.title, papers.c.id))
    return [title.contains(word.lower(), autoescape=True) for word in words]


def _titled(reader_id: str, words: Collection[str]) -> ColumnElement[bool]:
    """Return whether the title that this reader sees of an event's paper contains each of `words`, in any case."""
    seen = exists().select_from(papers.outerjoin(page_texts, _own_text(reader_id)))
    return seen.where(papers.c.id == events.c.paper_id, *_in_title(words))


def of_paper(session: Session, reader_id: str, paper: str) -> Iterator[tuple[str, float]]:
    """Yield (kind, at) of the reader's events on a paper by time, ties by arrival."""
    columns = (events.c.kind, events.c.at, events.c.number)
    statement = select(*columns).where(events.c.reader_id == reader_id, events.c.paper_id == paper)
    rows = all_rows(session, statement)
    older = [row for row in archived.of_reader(session, reader_id) if row["paper_id"] == paper]
    for row in _once(sorted(chain(rows, older), key=lambda row: (row["at"], row["number"]))):
        yield row["kind"], row["at"]


def with_categories(
    session: Session, reader_id: str, kinds: Collection[str], since: float
) -> Iterator[tuple[float, str, list[str] | None]]:
    """Yield (at, paper, categories as this reader sees them) of the reader's events of some kinds since a time.

    An event that is archived meanwhile may come twice.
    """
    statement = select(events.c.at, events.c.paper_id, _categories())
    statement = statement.join(papers, papers.c.id == events.c.paper_id).outerjoin(page_texts, _own_text(reader_id))
    statement = statement.where(events.c.reader_id == reader_id, events.c.at >= since, events.c.kind.in_(kinds))
    for row in session.execute(statement.execution_options(yield_per=_CHUNK)):
        yield row[0], row[1], row[2]
    older = archived.of_reader(session, reader_id, since)
    asked = (row for row in older if row["at"] >= since and row["kind"] in kinds)
    while chunk := list(islice(asked, _CHUNK)):
        statement = select(papers.c.id, _categories()).outerjoin(page_texts, _own_text(reader_id))
        found = session.execute(statement.where(among(papers.c.id, {row["paper_id"] for row in chunk})))
        known = {row[0]: row[1] for row in found}
        yield from ((row["at"], row["paper_id"], known.get(row["paper_id"])) for row in chunk)


def _categories() -> ColumnElement[Any]:
    found = func.coalesce(papers.c.categories, page_texts.c.categories).label("categories")
    return type_coerce(found, papers.c.categories.type)


def paper_of(session: Session, reader_id: str, event_id: str) -> str | None:
    """Return the paper of the reader's event with this id, or None."""
    statement = select(events.c.paper_id).where(events.c.reader_id == reader_id, events.c.id == event_id)
    found = session.execute(statement).scalar()
    if found is None:
        found = next((row["paper_id"] for row in archived.by_id(session, reader_id, [event_id]).values()), None)
    return found


def newest_of(session: Session, reader_id: str) -> int:
    """Return the number of this reader's last event to arrive, 0 before the first."""
    newest = session.execute(select(func.max(events.c.number)).where(events.c.reader_id == reader_id)).scalar() or 0
    return max(newest, archived.newest_of(session, reader_id))


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
    archived.remove(session, reader_id, set(id_hashes))


def remove_batch(session: Session, reader_id: str, limit: int) -> bool:
    """Delete up to `limit` of the reader's events without keeping hashes, the archived ones last and at once.

    Returns whether there were any that are not archived.
    """
    some = select(events.c.number).where(events.c.reader_id == reader_id).limit(limit)
    found = session.execute(delete(events).where(events.c.number.in_(some)).returning(events.c.number)).first()
    if found is None:
        archived.remove_all(session, reader_id)
    return found is not None


def newest_number(session: Session) -> int:
    """Return the number of the newest event on the server, 0 before the first."""
    newest = session.execute(select(func.max(events.c.number))).scalar() or 0
    return max(newest, archived.newest_number(session))


def count(session: Session, reader_id: str | None = None) -> int:
    """Return how many events this reader (None: everybody) has logged."""
    rows, older = select(func.count()).select_from(events), archived.counted()
    if reader_id is not None:
        rows = rows.where(events.c.reader_id == reader_id)
        older = older.where(archived_events.c.reader_id == reader_id)
    return session.execute(select(rows.scalar_subquery() + older.scalar_subquery())).scalar_one()


def count_since(session: Session, number: int) -> int:
    """Return how many events came after the event with this number."""
    found = session.execute(select(func.count()).select_from(events).where(events.c.number > number)).scalar_one()
    return found + archived.count_since(session, number)


class Logged(NamedTuple):
    """What a list's events say of one paper."""

    number: int
    reader: str
    paper: str
    kind: str
    at: float
    list_id: str | None
    position: int | None


def logged_after(session: Session, number: int, limit: int) -> list[Logged]:
    """Return the events that came after the event with this number, oldest first, at most `limit`."""
    columns = (events.c.number, events.c.reader_id, events.c.paper_id, events.c.kind, events.c.at)
    statement = select(*columns, events.c.list_id, events.c.position).where(events.c.number > number)
    return [Logged(*row) for row in session.execute(statement.order_by(events.c.number).limit(limit))]


def private_among(session: Session, names: Collection[str]) -> set[str]:
    """Return those of some readers from whom nothing is to be learned for others."""
    return {row[0] for row in session.execute(private_readers().where(among(readers.c.id, names)))}


def private_readers() -> Select[str]:
    """Select the readers from whom nothing is to be learned for others."""
    return select(readers.c.id).where(readers.c.settings["learn_for_others"].as_boolean().is_(False))


def for_training(session: Session) -> Iterator[Sequence[tuple[str, str, str, float]]]:
    """Yield lists of (reader, paper, kind, epoch seconds) of each reader's events in order of arrival, in a stream.

    The archived ones come first; in a session that sees one state of the database, each event comes once. Those of
    readers from whom nothing may be learned for others are left out.
    """
    private = set(session.execute(private_readers()).scalars())
    statement = select(events.c.reader_id, events.c.paper_id, events.c.kind, events.c.at).order_by(events.c.number)
    for rows in chain(archived.for_training(session), stream_tuples(session, statement, _CHUNK)):
        yield [row for row in rows if row[0] not in private] if private else rows

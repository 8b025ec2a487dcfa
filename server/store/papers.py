"""Papers: the public facts, and the texts that only one reader's pages gave."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from server.store import search
from server.store.bulk_insert import BulkInsert
from server.store.database import Row, all_rows, among, among_given, in_one, upsert
from server.store.tables import is_stub, is_untitled, is_withdrawn, page_texts, papers, reader_papers

FACTS = ("title", "abstract", "authors", "categories", "organization", "published_at", "upvotes")
SOURCE_FACTS = ("code_url", "project_url", "doi", "journal_ref", "comment", "withdrawn")  # no page gives these
_CHUNK = 2000
_ADD_STUBS = BulkInsert(papers, ("id", "created_at", "updated_at"), ignored=True)
_AMONG = select(papers.c.id).where(among_given(papers.c.id, "ids")).order_by(papers.c.id)
_LOCKED, _LOCKED_TO_CHANGE = _AMONG.with_for_update(read=True, key_share=True), _AMONG.with_for_update(key_share=True)


def add_stubs(session: Session, ids: Collection[str], now: float) -> None:
    """Add an empty row for each unknown paper, so that events can name it, and lock the rows until the commit."""
    missing = set(ids) - _locked(session, ids)
    while missing:
        _ADD_STUBS(session, [(name, now, now) for name in sorted(missing)])
        # PostgreSQL: a row that another transaction is deleting counted as present, and must be inserted again.
        missing -= _locked(session, missing)


def _locked(session: Session, ids: Collection[str]) -> set[str]:
    """Return those of `ids` that are known, in rows that nobody else can delete before the commit."""
    return set(session.connection().execute(_LOCKED, {"ids": in_one(ids)}).scalars())


def rows(session: Session, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> row for those of `ids` that are known."""
    return {row["id"]: row for row in all_rows(session, select(papers).where(among(papers.c.id, ids)))}


def known(session: Session, ids: Collection[str]) -> set[str]:
    """Return those of `ids` that are known."""
    return set(session.execute(select(papers.c.id).where(among(papers.c.id, ids))).scalars())


def lock(session: Session, ids: Collection[str]) -> None:
    """Let nobody else change these papers before the commit; events may still name them."""
    session.connection().execute(_LOCKED_TO_CHANGE, {"ids": in_one(ids)}).all()


def locked_rows(session: Session, ids: Collection[str]) -> dict[str, Row]:
    """Return what `rows` does, and let nobody else change these rows before the commit."""
    statement = select(papers).where(among(papers.c.id, ids)).order_by(papers.c.id).with_for_update()
    return {row["id"]: row for row in all_rows(session, statement)}


def seen_by(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> facts as this reader may see them: public ones, completed from their own pages.

    A paper of which the reader may see no fact is left out, whoever else named it.
    """
    found = session.connection().execute(_SEEN, {"reader": reader_id, "ids": in_one(ids)}).mappings()
    return {row["id"]: row for row in map(dict, found) if any(row[name] is not None for name in FACTS)}


def _own_facts(reader_id: str | ColumnElement[str], *more: ColumnElement[Any]) -> Select[Any]:
    """Select `id`, the facts that this reader may see, and the columns `more`."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    facts = [func.coalesce(papers.c[name], page_texts.c[name]).label(name) for name in FACTS]
    return select(papers.c.id, *facts, *source_facts(), *more).outerjoin(page_texts, own)


def source_facts() -> list[ColumnElement[Any]]:
    """Return the columns of the facts that everybody may see, because only sources give them."""
    return [papers.c[name] for name in SOURCE_FACTS]


_SEEN = _own_facts(bindparam("reader", type_=String)).where(among_given(papers.c.id, "ids"))


def save(session: Session, changed: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite whole rows (`id`, facts, `source`, times); `created_at` is kept once set."""
    upsert(session, papers, changed, keep=("created_at",))
    search.put(session, changed)


def confirm(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store who confirmed the facts of these papers and when (`id`, `source`, `confirmed_at`, `recheck_at`)."""
    names = ("source", "confirmed_at", "recheck_at")
    statement = update(papers).where(papers.c.id == bindparam("of")).values({name: bindparam(name) for name in names})
    if rows:
        connection = session.connection()
        connection.execute(statement, [{"of": row["id"], **{name: row[name] for name in names}} for row in rows])


def page_texts_of(session: Session, ids: Collection[str]) -> list[Row]:
    """Return the page texts of these papers, of all readers."""
    statement = select(page_texts).where(among(page_texts.c.paper_id, ids))
    return all_rows(session, statement.order_by(page_texts.c.paper_id, page_texts.c.reader_id))


def save_page_texts(session: Session, changed: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite whole page texts."""
    upsert(session, page_texts, changed)


def delete_page_texts(session: Session, ids: Collection[str], reader_id: str | None = None) -> None:
    """Delete the page texts of these papers, of one reader or (None) of all."""
    statement = delete(page_texts).where(among(page_texts.c.paper_id, ids))
    session.execute(statement if reader_id is None else statement.where(page_texts.c.reader_id == reader_id))


def delete_unsaved_page_texts(session: Session, reader_id: str) -> None:
    """Delete this reader's page texts of papers they have not saved."""
    saved = select(reader_papers.c.paper_id).where(
        reader_papers.c.reader_id == reader_id, reader_papers.c.saved.is_(True)
    )
    session.execute(delete(page_texts).where(page_texts.c.reader_id == reader_id, page_texts.c.paper_id.not_in(saved)))


def delete_orphans(session: Session, ids: Collection[str] | None = None, after: str = "") -> str | None:
    """Delete papers without facts that no reader names any more, among `ids` or (None) all.

    Deletes up to 2000 in order of id, starting after `after`; returns the last id, None when there are no more.
    """
    facts = [papers.c[name].is_(None) for name in FACTS]
    # Whoever has an event of a paper has a state of it, until they have all their events of it forgotten.
    named = [~exists().where(table.c.paper_id == papers.c.id) for table in (reader_papers, page_texts)]
    orphan = and_(is_stub, *facts, *named)
    statement = select(papers.c.id).where(orphan, papers.c.id > after).order_by(papers.c.id).limit(_CHUNK)
    if ids is not None:
        statement = statement.where(among(papers.c.id, ids))
    # PostgreSQL: a transaction about to name a paper has locked it (`add_stubs`): skip it. The DELETE checks again.
    found = list(session.execute(statement.with_for_update(of=papers, skip_locked=True)).scalars())
    if found:
        session.execute(delete(papers).where(among(papers.c.id, found), orphan))
    return found[-1] if len(found) == _CHUNK else None


def count(session: Session) -> int:
    """Return how many papers are known."""
    return session.execute(select(func.count()).select_from(papers)).scalar_one()


def count_readable(session: Session) -> int:
    """Return how many papers have a public title or abstract."""
    statement = select(func.count()).where(or_(papers.c.title.is_not(None), papers.c.abstract.is_not(None)))
    return session.execute(statement).scalar_one()


def newest_update(session: Session) -> float:
    """Return when a paper last changed (epoch seconds), 0 before the first."""
    return session.execute(select(func.max(papers.c.updated_at))).scalar() or 0.0


def for_catalogue(session: Session, since: float = float("-inf")) -> Iterator[list[dict[str, Any]]]:
    """Yield lists of papers changed at or after `since`, oldest change first, in the recommender's form.

    Page texts are left out: they would show in other readers' scores, reasons and models.
    """
    after: tuple[float, str] = (since, "")
    while True:
        # Keyset pages instead of one long cursor: a worker must not hold a snapshot open for a whole catalogue.
        position = tuple_(papers.c.updated_at, papers.c.id) > tuple_(*after)
        statement = select(papers).where(position).order_by(papers.c.updated_at, papers.c.id).limit(_CHUNK)
        found = all_rows(session, statement)
        if not found:
            return
        yield [_catalogue_row(row) for row in found]
        after = (found[-1]["updated_at"], found[-1]["id"])


def change_times(session: Session, since: float) -> Iterator[dict[str, float]]:
    """Yield id -> time of the papers that changed at or after `since`, oldest change first, without their texts."""
    columns, after = (papers.c.updated_at, papers.c.id), (since, "")
    while True:
        statement = select(*columns).where(tuple_(*columns) > tuple_(*after)).order_by(*columns).limit(_CHUNK)
        found = session.execute(statement).all()
        if found:
            yield {row.id: row.updated_at for row in found}
            after = tuple(found[-1])
        if len(found) < _CHUNK:
            return


def catalogue_rows(session: Session, ids: Collection[str]) -> list[dict[str, Any]]:
    """Return these papers in the recommender's form."""
    return [_catalogue_row(row) for row in rows(session, ids).values()]


def own_change_times(
    session: Session, reader_id: str, limit: int, wanted: Collection[str]
) -> dict[str, tuple[float, float]]:
    """Return id -> (time of change of the page text, of the paper) for this reader's page texts.

    Covers the newest `limit`, and those among `wanted`.
    """
    statement = (
        select(page_texts.c.paper_id, page_texts.c.updated_at, papers.c.updated_at)
        .join(papers, papers.c.id == page_texts.c.paper_id)
        .where(page_texts.c.reader_id == reader_id)
    )
    newest = statement.order_by(page_texts.c.updated_at.desc(), page_texts.c.paper_id).limit(limit)
    found = {paper_id: (own, public) for paper_id, own, public in session.execute(newest)}
    if len(found) == limit and wanted:
        others = statement.where(among(page_texts.c.paper_id, wanted))
        found |= {paper_id: (own, public) for paper_id, own, public in session.execute(others)}
    return found


def own_catalogue_rows(session: Session, reader_id: str, ids: Collection[str]) -> list[dict[str, Any]]:
    """Return these papers in the recommender's form, with this reader's page texts."""
    statement = _own_facts(reader_id, papers.c.updated_at).where(among(papers.c.id, ids))
    return [_catalogue_row(row) for row in all_rows(session, statement)]


def own_facts(session: Session, reader_id: str, limit: int) -> list[Row]:
    """Return `id` and facts, as this reader may see them, of the papers of which their pages gave text; the newest."""
    newest = (
        select(page_texts.c.paper_id)
        .where(page_texts.c.reader_id == reader_id)
        .order_by(page_texts.c.updated_at.desc(), page_texts.c.paper_id)
        .limit(limit)
    )
    return all_rows(session, _own_facts(reader_id).where(papers.c.id.in_(newest)))


def _catalogue_row(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"] or "",
        "abstract": row["abstract"] or "",
        "authors": row["authors"] or [],
        "categories": row["categories"] or [],
        "organization": row["organization"] or "",
        "published": row["published_at"],
        "upvotes": row["upvotes"],
        "updated_at": row["updated_at"],
        "withdrawn": bool(row["withdrawn"]),
    }


def withdrawn(session: Session) -> set[str]:
    """Return the papers that were withdrawn."""
    return set(session.execute(select(papers.c.id).where(is_withdrawn)).scalars())


def untitled(session: Session) -> set[str]:
    """Return the papers with a public abstract and no title; few, if any."""
    return set(session.execute(select(papers.c.id).where(is_untitled)).scalars())


def published_since(session: Session, reader_id: str, moment: float) -> list[str]:
    """Return the papers published at or after `moment`, as this reader may see them."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    published = func.coalesce(papers.c.published_at, page_texts.c.published_at)
    statement = select(papers.c.id).outerjoin(page_texts, own).where(published >= moment)
    return list(session.execute(statement.order_by(papers.c.id)).scalars())


def new_since(session: Session, reader_id: str, moment: float) -> list[str]:
    """Return the papers published, or come here, at or after `moment`, as this reader may see them."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    new = or_(func.coalesce(papers.c.published_at, page_texts.c.published_at) >= moment, papers.c.created_at >= moment)
    titled = func.coalesce(papers.c.title, page_texts.c.title).is_not(None)
    statement = select(papers.c.id).outerjoin(page_texts, own).where(new, titled)
    return list(session.execute(statement.order_by(papers.c.id)).scalars())

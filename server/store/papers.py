"""Papers: what everybody may read of them, and what one reader's pages alone have said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, among, insert_new, upsert
from server.store.tables import events, is_stub, page_texts, papers, reader_papers

FACTS = ("title", "abstract", "authors", "categories", "organization", "published_at", "upvotes")
_CHUNK = 2000


def add_stubs(session: Session, ids: Collection[str], now: float) -> None:
    """Make an empty row for each paper that has none, so that events can name it, and keep them until the commit."""
    missing = set(ids)
    while missing:
        insert_new(session, papers, [{"id": name, "created_at": now, "updated_at": now} for name in sorted(missing)])
        # PostgreSQL: one that another transaction is just forgetting counted as there, and has to be made again.
        kept = select(papers.c.id).where(among(papers.c.id, missing)).order_by(papers.c.id)
        missing -= set(session.execute(kept.with_for_update(read=True, key_share=True)).scalars())


def rows(session: Session, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> what everybody may read of the papers among `ids` that are known."""
    return {row["id"]: row for row in all_rows(session, select(papers).where(among(papers.c.id, ids)))}


def seen_by(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> facts as this reader may see them: everybody's, and where these are empty, their own pages'.

    A paper of which the reader may see no fact at all is left out, whoever else named it.
    """
    statement = _own_facts(reader_id).where(among(papers.c.id, ids))
    return {row["id"]: row for row in all_rows(session, statement) if any(row[name] is not None for name in FACTS)}


def _own_facts(reader_id: str, *more: ColumnElement[Any]) -> Select[Any]:
    """Select `id`, the facts that this reader may see, and `more`."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    facts = [func.coalesce(papers.c[name], page_texts.c[name]).label(name) for name in FACTS]
    return select(papers.c.id, *facts, *more).outerjoin(page_texts, own)


def put(session: Session, changed: Sequence[Mapping[str, Any]]) -> None:
    """Write whole rows (`id`, the facts, `source`, `updated_at`, `created_at`); `created_at` counts for new ones."""
    upsert(session, papers, changed, keep=("created_at",))


def page_texts_of(session: Session, ids: Collection[str]) -> list[Row]:
    """Return what single readers' pages said of these papers."""
    statement = select(page_texts).where(among(page_texts.c.paper_id, ids))
    return all_rows(session, statement.order_by(page_texts.c.paper_id, page_texts.c.reader_id))


def put_page_texts(session: Session, changed: Sequence[Mapping[str, Any]]) -> None:
    """Write whole rows of what single readers' pages said."""
    upsert(session, page_texts, changed)


def forget_page_texts(session: Session, ids: Collection[str], reader_id: str | None = None) -> None:
    """Delete what pages said of these papers, this reader's alone where one is given."""
    statement = delete(page_texts).where(among(page_texts.c.paper_id, ids))
    session.execute(statement if reader_id is None else statement.where(page_texts.c.reader_id == reader_id))


def forget_page_texts_of(session: Session, reader_id: str) -> None:
    """Delete what this reader's pages said of papers they have not saved."""
    saved = select(reader_papers.c.paper_id).where(
        reader_papers.c.reader_id == reader_id, reader_papers.c.saved.is_(True)
    )
    session.execute(delete(page_texts).where(page_texts.c.reader_id == reader_id, page_texts.c.paper_id.not_in(saved)))


def forget_orphans(session: Session, ids: Collection[str] | None = None, after: str = "") -> str | None:
    """Delete papers (of these alone, where they are given) that are but an id which no reader names any more.

    The first 2000 in order of id from just after the one given; returns the last one, None when there are no more.
    """
    facts = [papers.c[name].is_(None) for name in FACTS]
    named = [~exists().where(table.c.paper_id == papers.c.id) for table in (reader_papers, page_texts, events)]
    orphan = and_(is_stub, *facts, *named)
    statement = select(papers.c.id).where(orphan, papers.c.id > after).order_by(papers.c.id).limit(_CHUNK)
    if ids is not None:
        statement = statement.where(among(papers.c.id, ids))
    # PostgreSQL: whoever is about to name one holds it (`add_stubs`), and is looked for again once we hold the others.
    found = list(session.execute(statement.with_for_update(of=papers, skip_locked=True)).scalars())
    if found:
        session.execute(delete(papers).where(among(papers.c.id, found), orphan))
    return found[-1] if len(found) == _CHUNK else None


def count(session: Session) -> int:
    """Return how many papers are known."""
    return session.execute(select(func.count()).select_from(papers)).scalar_one()


def count_readable(session: Session) -> int:
    """Return of how many papers everybody may read a text."""
    statement = select(func.count()).where(or_(papers.c.title.is_not(None), papers.c.abstract.is_not(None)))
    return session.execute(statement).scalar_one()


def newest_update(session: Session) -> float:
    """Return when a paper's text last changed, 0 before the first."""
    return session.execute(select(func.max(papers.c.updated_at))).scalar() or 0.0


def for_catalogue(session: Session, since: float = float("-inf")) -> Iterator[list[dict[str, Any]]]:
    """Yield papers changed at or after `since` in lists, oldest change first, as the recommender takes them.

    What one reader's pages alone said is not in: it would show in scores, reasons and models that others get.
    """
    after: tuple[float, str] = (since, "")
    while True:
        # Keyset pages and not one long cursor: a worker must not hold a snapshot open for a whole catalogue.
        position = tuple_(papers.c.updated_at, papers.c.id) > tuple_(*after)
        statement = select(papers).where(position).order_by(papers.c.updated_at, papers.c.id).limit(_CHUNK)
        found = all_rows(session, statement)
        if not found:
            return
        yield [_catalogue_row(row) for row in found]
        after = (found[-1]["updated_at"], found[-1]["id"])


def changed_between(session: Session, low: float, high: float) -> dict[str, float]:
    """Return id -> moment of the papers whose text last changed from `low` to `high`, both included."""
    statement = select(papers.c.id, papers.c.updated_at).where(papers.c.updated_at.between(low, high))
    return {row.id: row.updated_at for row in session.execute(statement)}


def catalogue_rows(session: Session, ids: Collection[str]) -> list[dict[str, Any]]:
    """Return these papers as the recommender takes them."""
    return [_catalogue_row(row) for row in rows(session, ids).values()]


def own_stamps(session: Session, reader_id: str, most: int, wanted: Collection[str]) -> dict[str, tuple[float, float]]:
    """Return id -> (when the reader's, when everybody's text changed) of papers that this reader's pages told of.

    Of the newest `most`, and of those among `wanted`.
    """
    statement = (
        select(page_texts.c.paper_id, page_texts.c.updated_at, papers.c.updated_at)
        .join(papers, papers.c.id == page_texts.c.paper_id)
        .where(page_texts.c.reader_id == reader_id)
    )
    newest = statement.order_by(page_texts.c.updated_at.desc(), page_texts.c.paper_id).limit(most)
    found = {paper_id: (own, public) for paper_id, own, public in session.execute(newest)}
    if len(found) == most and wanted:
        others = statement.where(among(page_texts.c.paper_id, wanted))
        found |= {paper_id: (own, public) for paper_id, own, public in session.execute(others)}
    return found


def own_catalogue_rows(session: Session, reader_id: str, ids: Collection[str]) -> list[dict[str, Any]]:
    """Return these papers as the recommender takes them for this reader alone."""
    statement = _own_facts(reader_id, papers.c.updated_at).where(among(papers.c.id, ids))
    return [_catalogue_row(row) for row in all_rows(session, statement)]


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
    }


def untitled(session: Session) -> set[str]:
    """Return the papers of which everybody may read the abstract and no title; few, if any."""
    statement = select(papers.c.id).where(papers.c.title.is_(None), papers.c.abstract.is_not(None))
    return set(session.execute(statement).scalars())


def with_words(
    session: Session, reader_id: str, words: Sequence[str], limit: int, *, abstracts: bool
) -> list[tuple[str, str]]:
    """Return (id, text) of the newest papers whose text, as this reader may see it, has each of `words` in it.

    The text is the title, with `abstracts` the abstract too.
    """
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    seen = [func.coalesce(papers.c[name], page_texts.c[name], "") for name in ("title", "abstract")]
    text = seen[0] + " " + seen[1] if abstracts else seen[0]
    matches: list[ColumnElement[bool]] = [
        or_(func.lower(text).contains(word.lower(), autoescape=True), text.contains(word, autoescape=True))
        for word in words
    ]
    statement = select(papers.c.id, text.label("text")).outerjoin(page_texts, own).where(*matches)
    found = session.execute(statement.order_by(papers.c.published_at.desc(), papers.c.id).limit(limit))
    return [(row.id, row.text) for row in found]


def published_since(session: Session, reader_id: str, moment: float) -> list[str]:
    """Return the papers published at or after `moment`, as far as this reader may know."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    published = func.coalesce(papers.c.published_at, page_texts.c.published_at)
    statement = select(papers.c.id).outerjoin(page_texts, own).where(published >= moment)
    return list(session.execute(statement.order_by(papers.c.id)).scalars())

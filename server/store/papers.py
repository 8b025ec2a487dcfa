"""Papers: what everybody may read of them, and what one reader's pages alone have said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, among, insert_new, upsert
from server.store.tables import page_texts, papers, reader_papers

FACTS = ("title", "abstract", "authors", "categories", "organization", "published_at", "upvotes")
_CHUNK = 2000


def add_stubs(session: Session, ids: Collection[str], now: float) -> None:
    """Make an empty row for each paper that has none, so that events can name it."""
    insert_new(session, papers, [{"id": name, "created_at": now, "updated_at": now} for name in sorted(ids)])


def rows(session: Session, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> what everybody may read of the papers among `ids` that are known."""
    return {row["id"]: row for row in all_rows(session, select(papers).where(among(papers.c.id, ids)))}


def seen_by(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> facts as this reader may see them: everybody's, and where these are empty, their own pages'."""
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    facts = [func.coalesce(papers.c[name], page_texts.c[name]).label(name) for name in FACTS]
    statement = select(papers.c.id, *facts).outerjoin(page_texts, own).where(among(papers.c.id, ids))
    return {row["id"]: row for row in all_rows(session, statement)}


def put(session: Session, changed: Sequence[Mapping[str, Any]]) -> None:
    """Write whole rows (`id`, the facts, `source`, `updated_at`, `created_at`); `created_at` counts for new ones."""
    upsert(session, papers, changed, keep=("created_at",))


def page_texts_of(session: Session, ids: Collection[str]) -> list[Row]:
    """Return what single readers' pages said of these papers, oldest first."""
    statement = select(page_texts).where(among(page_texts.c.paper_id, ids))
    return all_rows(session, statement.order_by(page_texts.c.created_at, page_texts.c.reader_id))


def put_page_texts(session: Session, changed: Sequence[Mapping[str, Any]]) -> None:
    """Write whole rows of what single readers' pages said."""
    upsert(session, page_texts, changed, keep=("created_at",))


def forget_page_texts(session: Session, ids: Collection[str]) -> None:
    """Delete what pages said of these papers."""
    session.execute(delete(page_texts).where(among(page_texts.c.paper_id, ids)))


def forget_page_texts_of(session: Session, reader_id: str) -> None:
    """Delete what this reader's pages said of papers they have not saved."""
    saved = select(reader_papers.c.paper_id).where(
        reader_papers.c.reader_id == reader_id, reader_papers.c.saved.is_(True)
    )
    session.execute(delete(page_texts).where(page_texts.c.reader_id == reader_id, page_texts.c.paper_id.not_in(saved)))


def count(session: Session) -> int:
    """Return how many papers are known."""
    return session.execute(select(func.count()).select_from(papers)).scalar_one()


def newest_update(session: Session) -> float:
    """Return when a paper's text last changed, 0 before the first."""
    return session.execute(select(func.max(papers.c.updated_at))).scalar() or 0.0


def for_catalogue(session: Session, since: float = float("-inf")) -> Iterator[list[dict[str, Any]]]:
    """Yield papers changed at or after `since` in lists, oldest change first, as the recommender takes them.

    Text that only pages gave is in: vectors are made of it. Who may see such a paper is `unconfirmed`.
    """
    after: tuple[float, str] = (since, "")
    while True:
        # Keyset pages and not one long cursor: a worker must not hold a snapshot open for a whole catalogue.
        position = tuple_(papers.c.updated_at, papers.c.id) > tuple_(*after)
        statement = select(papers).where(position).order_by(papers.c.updated_at, papers.c.id).limit(_CHUNK)
        found = all_rows(session, statement)
        if not found:
            return
        yield _as_catalogue(session, found)
        after = (found[-1]["updated_at"], found[-1]["id"])


def changed_between(session: Session, low: float, high: float) -> dict[str, float]:
    """Return id -> moment of the papers whose text last changed from `low` to `high`, both included."""
    statement = select(papers.c.id, papers.c.updated_at).where(papers.c.updated_at.between(low, high))
    return {row.id: row.updated_at for row in session.execute(statement)}


def catalogue_rows(session: Session, ids: Collection[str]) -> list[dict[str, Any]]:
    """Return these papers as the recommender takes them."""
    return _as_catalogue(session, list(rows(session, ids).values()))


def _as_catalogue(session: Session, found: Sequence[Row]) -> list[dict[str, Any]]:
    # Text that only pages gave exists for untitled or half-known papers; most have neither.
    open_ids = [row["id"] for row in found if row["title"] is None or row["abstract"] is None]
    said: dict[str, dict[str, Any]] = {}
    for text in page_texts_of(session, open_ids) if open_ids else ():
        facts = said.setdefault(text["paper_id"], {})
        facts.update({name: text[name] for name in FACTS if facts.get(name) is None})
    return [_catalogue_row(row, said.get(row["id"], {})) for row in found]


def _catalogue_row(row: Row, said: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] if row[name] is not None else said.get(name) for name in FACTS}
    return {
        "id": row["id"],
        "title": facts["title"] or "",
        "abstract": facts["abstract"] or "",
        "authors": facts["authors"] or [],
        "categories": facts["categories"] or [],
        "organization": facts["organization"] or "",
        "published": facts["published_at"],
        "upvotes": facts["upvotes"],
        "updated_at": row["updated_at"],
    }


def unconfirmed(session: Session, ids: Collection[str] | None = None) -> dict[str, frozenset[str]]:
    """Return, for papers without a title everybody may read, the readers whose own pages gave one (often none)."""
    statement: Select[Any] = (
        select(papers.c.id, page_texts.c.reader_id)
        .outerjoin(page_texts, and_(page_texts.c.paper_id == papers.c.id, page_texts.c.title.is_not(None)))
        .where(papers.c.title.is_(None))
    )
    if ids is not None:
        statement = statement.where(among(papers.c.id, ids))
    found: dict[str, set[str]] = {}
    for paper_id, reader_id in session.execute(statement):
        found.setdefault(paper_id, set()).update([reader_id] if reader_id else [])
    return {paper_id: frozenset(readers) for paper_id, readers in found.items()}


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

"""A reader's saved papers with the facts they may see: filtered, sorted, and in pages that stay stable."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, among
from server.store.papers import FACTS, source_facts
from server.store.tables import page_texts, papers, reader_papers

UNDATED = -1e12  # epoch seconds, before any paper
TITLE_KEY = 100  # characters of a title that count for the order; equal ones go by id


@dataclass(frozen=True)
class LibraryFilter:
    """Which saved papers are wanted, and in which order.

    `words` must all occur, in title, abstract, authors, tags or note. `ids`: only these papers.
    """

    words: tuple[str, ...] = ()
    tag: str | None = None
    read: bool | None = None
    sort: str = "saved"
    ids: Collection[str] | None = None


def _fact(name: str) -> ColumnElement[Any]:
    return func.coalesce(papers.c[name], page_texts.c[name])


# sort -> (what it goes by, whether the largest comes first)
_ORDERS: Mapping[str, tuple[ColumnElement[Any], bool]] = {
    "saved": (reader_papers.c.save_at, True),
    "published": (func.coalesce(_fact("published_at"), UNDATED), True),
    "title": (func.substr(func.lower(func.coalesce(_fact("title"), "")), 1, TITLE_KEY), False),
}
SORTS = tuple(_ORDERS)


def page(
    session: Session, reader_id: str, wanted: LibraryFilter, limit: int, after: tuple[Any, str] | None = None
) -> list[Row]:
    """Return states of saved papers with their facts and `place` (what the order goes by), from just after a place."""
    key, descending = _ORDERS[wanted.sort]
    facts = [*(_fact(name).label(name) for name in FACTS), *source_facts()]
    statement = _wanted(session, select(reader_papers, *facts, key.label("place")), reader_id, wanted)
    if after is not None:
        place, paper = after
        further = key < place if descending else key > place
        bound = key <= place if descending else key >= place
        # The bound alone limits what an index has to read; the rest is about ties.
        statement = statement.where(bound, or_(further, reader_papers.c.paper_id > paper))
    order = key.desc() if descending else key.asc()
    return all_rows(session, statement.order_by(order, reader_papers.c.paper_id).limit(limit))


def count(session: Session, reader_id: str, wanted: LibraryFilter) -> int:
    """Return how many saved papers are wanted."""
    return session.execute(_wanted(session, select(func.count()), reader_id, wanted)).scalar_one()


def tag_lists(session: Session, reader_id: str) -> list[list[str]]:
    """Return the tags of each saved paper that has any."""
    statement = select(reader_papers.c.tags).where(_saved_by(reader_id), reader_papers.c.tags.is_not(None))
    return list(session.execute(statement).scalars())


def _saved_by(reader_id: str) -> ColumnElement[bool]:
    return and_(reader_papers.c.reader_id == reader_id, reader_papers.c.saved.is_(True))


def _wanted(session: Session, statement: Select[Any], reader_id: str, wanted: LibraryFilter) -> Select[Any]:
    own = and_(page_texts.c.paper_id == papers.c.id, page_texts.c.reader_id == reader_id)
    statement = (
        statement.select_from(reader_papers)
        .join(papers, papers.c.id == reader_papers.c.paper_id)
        .outerjoin(page_texts, own)
        .where(_saved_by(reader_id))
    )
    if wanted.ids is not None:
        statement = statement.where(among(reader_papers.c.paper_id, wanted.ids))
    if wanted.read is not None:
        statement = statement.where(reader_papers.c.read.is_(wanted.read))
    if wanted.tag is not None:
        tag = _elements(session, reader_papers.c.tags)
        statement = statement.where(exists().select_from(tag).where(tag.c.value == literal(wanted.tag)))
    return statement.where(*(_has(session, word) for word in wanted.words))


def _has(session: Session, word: str) -> ColumnElement[bool]:
    """Return whether a word occurs in what the reader sees of a paper, whatever its case."""
    word = word.lower()
    texts = (_fact("title"), _fact("abstract"), reader_papers.c.note, reader_papers.c.paper_id)
    lists = [_elements(session, column) for column in (_fact("authors"), reader_papers.c.tags)]
    return or_(
        *(func.lower(text).contains(word, autoescape=True) for text in texts),
        *(
            exists().select_from(entries).where(func.lower(entries.c.value).contains(word, autoescape=True))
            for entries in lists
        ),
    )


def _elements(session: Session, column: ColumnElement[Any]) -> Any:
    """Return the texts of a JSON list as a table of one column, `value`; NULL has none."""
    if session.get_bind().dialect.name == "sqlite":
        return func.json_each(column).table_valued("value", joins_implicitly=True)
    return func.jsonb_array_elements_text(column).table_valued("value", joins_implicitly=True)

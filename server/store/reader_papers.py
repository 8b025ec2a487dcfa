"""Each reader's state of each paper, derived from their events and stored in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from server.store.bulk_insert import BulkInsert
from server.store.database import Row, all_rows, among_given, in_one
from server.store.tables import papers, reader_papers

# What the reader wrote about a paper themselves; no event changes it.
OWN_WORDS = ("tags", "note", "read")
_OF_PAPERS = select(reader_papers).where(
    reader_papers.c.reader_id == bindparam("reader"), among_given(reader_papers.c.paper_id, "papers")
)
_COLUMNS = tuple(one.name for one in reader_papers.columns)
_STORED = tuple(name for name in _COLUMNS if name not in ("tags", "note"))
_STATE = itemgetter(*(name for name in _STORED if name != "version"))  # which is the last of them
_SAVE = BulkInsert(
    reader_papers,
    _STORED,
    overwritten=[name for name in _STORED if name not in ("reader_id", "paper_id", *OWN_WORDS)],
)


def of_papers(session: Session, reader_id: str, paper_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return paper -> state for those of `paper_ids` that this reader has a state of; the caller may change them."""
    found = session.connection().execute(_OF_PAPERS, {"reader": reader_id, "papers": in_one(paper_ids)})
    return {row.paper_id: dict(zip(_COLUMNS, row, strict=True)) for row in found}


def met_categories(session: Session, limit: int) -> list[str]:
    """Return the primary categories of the papers that readers have a state of, the most frequent first."""
    category = papers.c.categories[0].as_string()
    count = func.count()
    statement = (
        select(category)
        .select_from(reader_papers)
        .join(papers, papers.c.id == reader_papers.c.paper_id)
        .where(papers.c.categories.is_not(None), category.is_not(None))
        .group_by(category)
        .order_by(count.desc(), category)
    )
    return list(session.execute(statement.limit(limit)).scalars())


def page(session: Session, reader_id: str, limit: int, after: str = "") -> list[Row]:
    """Return the reader's states in order of paper id, starting after the paper `after`."""
    statement = select(reader_papers).where(reader_papers.c.reader_id == reader_id, reader_papers.c.paper_id > after)
    return all_rows(session, statement.order_by(reader_papers.c.paper_id).limit(limit))


def changed_since(session: Session, reader_id: str, version: int) -> list[Row]:
    """Return the states that changed after this version of the reader."""
    statement = select(reader_papers).where(reader_papers.c.reader_id == reader_id, reader_papers.c.version > version)
    return all_rows(session, statement)


def save(session: Session, rows: Sequence[Mapping[str, Any]], version: int) -> None:
    """Store states under this version of the reader, keeping OWN_WORDS of existing rows."""
    _SAVE(session, [(*_STATE(row), version) for row in rows])


def annotate(session: Session, reader_id: str, paper_id: str, values: Mapping[str, Any]) -> None:
    """Set the reader's own words on a paper that they have a state of."""
    session.execute(
        update(reader_papers)
        .where(reader_papers.c.reader_id == reader_id, reader_papers.c.paper_id == paper_id)
        .values(**values)
    )


def counts(session: Session, reader_id: str) -> dict[str, int]:
    """Return how many papers the reader opened, saved and hid."""
    row = session.execute(
        select(
            func.count(reader_papers.c.opened_at).label("opened"),
            func.count().filter(reader_papers.c.saved.is_(True)).label("saved"),
            func.count().filter(reader_papers.c.hidden.is_(True)).label("hidden"),
        ).where(reader_papers.c.reader_id == reader_id)
    ).mappings()
    return dict(row.one())


def remove(session: Session, reader_id: str, paper_id: str) -> None:
    """Delete the reader's state of a paper."""
    session.execute(
        delete(reader_papers).where(reader_papers.c.reader_id == reader_id, reader_papers.c.paper_id == paper_id)
    )


def delete_all_but_saved(session: Session, reader_id: str) -> None:
    """Delete the reader's states of papers that are not saved, and all but the save from the others."""
    mine = reader_papers.c.reader_id == reader_id
    session.execute(delete(reader_papers).where(mine, reader_papers.c.saved.is_(False)))
    nothing = {"opened_at": None, "opens": 0, "hidden": False, "hide_at": None, "impressions": 0, "shown_at": None}
    nothing |= {"disliked": False, "dislike_at": None}
    session.execute(update(reader_papers).where(mine).values(**nothing))

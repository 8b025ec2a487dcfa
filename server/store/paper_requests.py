"""Papers that a source could not give: why, how often, and when to ask again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, not_, or_, select, true, union
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, among, insert_new, upsert
from server.store.tables import page_texts, paper_requests, papers, reader_papers


def due(session: Session, source: str, now: float | None, limit: int) -> list[Row]:
    """Return up to `limit` papers without title or abstract that this source may fill and that are due to be asked for.

    `now` is in epoch seconds; with None everything is due. Each row has `id`, and of earlier requests `tries` (None
    before the first) and `refused`. Readers take turns: the first paper of each, then the second of each. Within a
    reader, papers asked for before come last; then those with more readers come first, then older ones. Papers put off
    without being asked for (`tries` 0) are last of all.
    """
    lacking = _lacking(source, now).cte("lacking")
    told = union(
        *(
            select(table.c.reader_id, table.c.paper_id).join(lacking, lacking.c.id == table.c.paper_id)
            for table in (reader_papers, page_texts)
        )
    ).subquery()
    readers = func.count(told.c.reader_id).over(partition_by=lacking.c.id).label("readers")
    pairs = select(lacking, told.c.reader_id, readers).outerjoin(told, told.c.paper_id == lacking.c.id).subquery()
    again = case((pairs.c.tries.is_(None), 0), (pairs.c.tries > 0, 1), else_=2)
    order = (again, pairs.c.readers.desc(), pairs.c.created_at, pairs.c.id)
    turn = func.row_number().over(partition_by=pairs.c.reader_id, order_by=order).label("turn")
    turns = select(pairs, again.label("again"), turn).subquery()
    first = func.min(turns.c.turn)
    statement = (
        select(turns.c.id, turns.c.tries, turns.c.refused)
        .group_by(turns.c.id, turns.c.tries, turns.c.refused, turns.c.again, turns.c.readers, turns.c.created_at)
        .order_by(turns.c.again == 2, first, turns.c.readers.desc(), turns.c.created_at, turns.c.id)
    )
    return all_rows(session, statement.limit(limit))


def due_again(session: Session, source: str, now: float, limit: int) -> list[Row]:
    """Return up to `limit` papers with text about whose facts the source is to be asked (again), the longest due first.

    The rows are as those of `due`.
    """
    past = paper_requests.c
    waits = or_(past.paper_id.is_(None), past.due_at <= now, past.asked_at > now)
    statement = (
        select(papers.c.id, past.tries, past.refused)
        .outerjoin(paper_requests, and_(past.paper_id == papers.c.id, past.source == source))
        .where(papers.c.recheck_at <= now, or_(papers.c.source == source, not_(_lacks_text())), waits)
    )
    return all_rows(session, statement.order_by(papers.c.recheck_at, papers.c.id).limit(limit))


def _lacks_text() -> ColumnElement[bool]:
    return or_(papers.c.title.is_(None), papers.c.abstract.is_(None))


def _lacking(source: str, now: float | None) -> Select[Any]:
    past = paper_requests.c
    # An asked_at in the future was written by a clock that has since been corrected.
    due = true() if now is None else or_(past.paper_id.is_(None), past.due_at <= now, past.asked_at > now)
    return (
        select(papers.c.id, papers.c.created_at, past.tries, past.refused)
        .outerjoin(paper_requests, and_(past.paper_id == papers.c.id, past.source == source))
        .where(papers.c.source.is_distinct_from(source), _lacks_text(), due)
    )


def save(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or overwrite whole rows."""
    upsert(session, paper_requests, rows)


def defer(session: Session, source: str, ids: Sequence[str]) -> None:
    """Queue these papers behind all others, without having asked for them."""
    row = {"source": source, "tries": 0, "refused": False, "reason": None, "asked_at": 0.0, "due_at": 0.0}
    insert_new(session, paper_requests, [{**row, "paper_id": name} for name in ids])


def forget(session: Session, source: str, ids: Collection[str]) -> None:
    """Delete the record of failed requests for these papers."""
    session.execute(
        delete(paper_requests).where(paper_requests.c.source == source, among(paper_requests.c.paper_id, ids))
    )


def list_failed(session: Session, source: str) -> list[Row]:
    """Return the failed requests for papers that still lack text, latest first."""
    statement = (
        select(paper_requests)
        .join(papers, papers.c.id == paper_requests.c.paper_id)
        .where(paper_requests.c.source == source, paper_requests.c.tries > 0, _lacks_text())
    )
    return all_rows(session, statement.order_by(paper_requests.c.asked_at.desc(), paper_requests.c.paper_id))


def count_refused(session: Session, source: str) -> int:
    """Return how many papers the source refused when asked for each alone."""
    kept = paper_requests.c
    counted = select(func.count()).where(kept.source == source, kept.refused, kept.tries > 0)
    return session.execute(counted).scalar_one()

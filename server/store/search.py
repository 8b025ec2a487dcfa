"""Full text of the papers that everybody may read, by SQLite's FTS5 or PostgreSQL's tsvector.

`paper_terms` has the terms of each paper (`server/terms.py`), written with the paper. The databases' own means keep
their indexes in step with it in the same transaction: triggers on SQLite, a generated column on PostgreSQL. Texts that
only one reader's pages gave are in neither, so that nothing of them shows in another's results, counts or times.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    and_,
    cast,
    column,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, among, changed_upsert
from server.store.tables import paper_terms, papers
from server.terms import indexed, indexed_names

FIELDS = ("title", "abstract", "authors", "categories")
TEXT_FIELDS = FIELDS[:3]
WEIGHTS: Mapping[str, float] = {"title": 4.0, "abstract": 1.0, "authors": 2.0, "categories": 1.0}
_LETTERS = dict(zip(FIELDS, "ABCD", strict=True))  # PostgreSQL's names of the fields
_FTS = named("paper_search", column("rowid"))
_VECTOR: ColumnElement[Any] = literal_column("paper_terms.vector", TSVECTOR)


@dataclass(frozen=True)
class Clause:
    """One thing that is asked for: any of `phrases`, each some terms in a row, in any of `fields`.

    With `prefix`, the last term of a phrase may also be the beginning of a word.
    """

    phrases: tuple[tuple[str, ...], ...]
    fields: tuple[str, ...] = TEXT_FIELDS
    prefix: bool = False


@dataclass(frozen=True)
class Filter:
    """What every result must have, and between which moments (epoch seconds, inclusive) it must be published."""

    must: tuple[Clause, ...] = ()
    since: float | None = None
    until: float | None = None

    def __bool__(self) -> bool:
        return bool(self.must) or self.since is not None or self.until is not None


def terms_by_field(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the terms of a paper's facts by field, as they are indexed."""
    return {
        "title": indexed([facts["title"] or ""]),
        "abstract": indexed([facts["abstract"] or ""]),
        "authors": indexed_names(facts["authors"] or ()),
        "categories": indexed(facts["categories"] or ()),
    }


def put(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Index papers (whole rows) in place of what was indexed of them; unchanged texts cost no write."""
    found = [{"paper_id": row["id"], **terms_by_field(row)} for row in rows]
    empty = [row["paper_id"] for row in found if not any(row[name] for name in FIELDS)]
    if empty:
        session.execute(delete(paper_terms).where(among(paper_terms.c.paper_id, empty)))
    changed_upsert(session, paper_terms, [row for row in found if any(row[name] for name in FIELDS)], key="paper_id")


def size(session: Session) -> int:
    """Return how many papers are indexed."""
    return session.execute(select(func.count()).select_from(paper_terms)).scalar_one()


def count(session: Session, clause: Clause) -> int:
    """Return how many papers have what a clause asks for."""
    _, matches, _ = _search(session, [], [clause])
    source = _FTS if _is_sqlite(session) else paper_terms
    return session.execute(select(func.count()).select_from(source).where(matches)).scalar_one()


def candidates(session: Session, words: Sequence[Clause], wanted: Filter, limit: int) -> list[Row]:
    """Return `paper_id` and terms by field of the papers with any of `words` that pass the filter.

    At most `limit`, those that the database ranks highest.
    """
    number, matches, cost = _search(session, wanted.must, words)
    best = select(number.label("number"), cost.label("cost")).where(matches)
    dates = _dates(wanted)
    if dates:
        dated = select(paper_terms.c.number).join(papers, papers.c.id == paper_terms.c.paper_id).where(*dates)
        # As an expression, so that SQLite does not look every one of them up in the index.
        best = best.where((number + 0).in_(dated.correlate(None)))
    found = best.order_by(literal_column("cost"), literal_column("number")).limit(limit).cte("found")
    terms = paper_terms.alias()
    statement = select(terms.c.paper_id, *(terms.c[name] for name in FIELDS))
    return all_rows(session, statement.join(found, found.c.number == terms.c.number).order_by(found.c.cost))


def passing(session: Session, ids: Collection[str], wanted: Filter) -> set[str]:
    """Return those of `ids` that pass the filter."""
    if not wanted:
        return set(ids)
    statement = _filtered(session, select(papers.c.id), wanted).where(among(papers.c.id, ids))
    return set(session.execute(statement).scalars())


def newest(session: Session, wanted: Filter, limit: int, after: tuple[float, str] | None) -> list[tuple[float, str]]:
    """Return (time of publication, id) of the papers that pass the filter, newest first, from just after a place."""
    moment = func.coalesce(papers.c.published_at, UNDATED)
    statement = _filtered(session, select(moment, papers.c.id), wanted).where(papers.c.title.is_not(None))
    if after is not None:
        statement = statement.where(moment <= after[0], or_(moment < after[0], papers.c.id > after[1]))
    found = session.execute(statement.order_by(moment.desc(), papers.c.id).limit(limit))
    return [(at, name) for at, name in found]


UNDATED = -1e12  # epoch seconds, before any paper


def published(session: Session, ids: Collection[str]) -> dict[str, float]:
    """Return id -> time of publication as everybody knows it, of those of `ids` that have one."""
    statement = select(papers.c.id, papers.c.published_at).where(among(papers.c.id, ids))
    return {name: at for name, at in session.execute(statement) if at is not None}


def _filtered(session: Session, statement: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.must:
        number, matches, _ = _search(session, wanted.must, [])
        numbers = select(number).where(matches)
        statement = statement.join(paper_terms, paper_terms.c.paper_id == papers.c.id)
        statement = statement.where(paper_terms.c.number.in_(numbers) if _is_sqlite(session) else matches)
    return statement.where(*_dates(wanted))


def _dates(wanted: Filter) -> list[ColumnElement[bool]]:
    bounds = [] if wanted.since is None else [papers.c.published_at >= wanted.since]
    return bounds if wanted.until is None else [*bounds, papers.c.published_at <= wanted.until]


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _search(
    session: Session, must: Sequence[Clause], words: Sequence[Clause]
) -> tuple[ColumnElement[Any], ColumnElement[bool], ColumnElement[Any]]:
    """Return (number of the paper, condition, cost) for all of `must` and any of `words`; the best cost least."""
    if _is_sqlite(session):
        query = _combine(must, words, _in_fts5, " AND ", " OR ")
        fts: ColumnElement[Any] = literal_column("paper_search")
        cost = func.bm25(fts, *(literal_column(str(WEIGHTS[name])) for name in FIELDS))
        return _FTS.c.rowid, fts.op("MATCH", is_comparison=True)(query), cost
    tsquery = cast(_combine(must, words, _in_tsquery, " & ", " | "), TSQUERY)
    return (
        paper_terms.c.number,
        and_(_VECTOR.op("@@", is_comparison=True)(tsquery), *map(_has_name, filter(_is_name, must))),
        -func.ts_rank(_VECTOR, tsquery, type_=Float),
    )


def _combine(must: Sequence[Clause], words: Sequence[Clause], write: Any, both: str, either: str) -> Any:
    parts = [f"({write(clause)})" for clause in must]
    if words:
        parts.append("(" + either.join(f"({write(clause)})" for clause in words) + ")")
    return literal(both.join(parts))


def _in_fts5(clause: Clause) -> str:
    phrases = [f'"{" ".join(phrase)}"{" *" if clause.prefix else ""}' for phrase in clause.phrases]
    return f"{{{' '.join(clause.fields)}}} : ({' OR '.join(phrases)})"


def _in_tsquery(clause: Clause) -> str:
    letters = "".join(_LETTERS[name] for name in clause.fields)
    row = " & " if _is_name(clause) else " <-> "
    phrases = []
    for phrase in clause.phrases:
        ends = [*("" for _ in phrase[1:]), "*" if clause.prefix else ""]
        phrases.append(row.join(f"'{term}':{letters}{end}" for term, end in zip(phrase, ends, strict=True)))
    return " | ".join(phrases)


def _is_name(clause: Clause) -> bool:
    return clause.fields == ("authors",)


def _has_name(clause: Clause) -> ColumnElement[bool]:
    """Whether an author has the name: tsvector keeps 256 places of a word, and papers have thousands of authors."""
    held = literal(" ").concat(paper_terms.c.authors).concat(" ")
    return or_(*(held.contains(f" {' '.join(phrase)} ", autoescape=True) for phrase in clause.phrases))

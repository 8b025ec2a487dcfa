"""Full text of the papers that everybody may read, by SQLite's FTS5 or PostgreSQL's tsvector.

`paper_terms` has the terms of each paper (`server/terms.py`), written with the paper. The databases' own means keep
their indexes in step with it in the same transaction: triggers on SQLite, a generated column on PostgreSQL. Texts that
only one reader's pages gave are in neither, so that nothing of them shows in another's results, counts or times.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from typing import cast as typed

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
    text,
    union,
)
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.errors import Invalid
from server.store.database import Row, all_rows, among, changed_upsert
from server.store.tables import paper_terms, papers
from server.terms import indexed, indexed_names

FIELDS = ("title", "abstract", "authors", "categories")
TEXT_FIELDS = FIELDS[:3]
WEIGHTS: Mapping[str, float] = {"title": 4.0, "abstract": 1.0, "authors": 2.0, "categories": 1.0}
_LETTERS = dict(zip(FIELDS, "ABCD", strict=True))  # PostgreSQL's names of the fields
_FTS = named("paper_search", column("rowid"))
_DATED = paper_terms.alias()
_COMMON = text(
    "SELECT word, share FROM pg_stats CROSS JOIN LATERAL unnest(most_common_elems::text::text[],"
    " most_common_elem_freqs[1:array_length(most_common_elems::text::text[], 1)]) AS one(word, share)"
    " WHERE schemaname = ANY (current_schemas(false)) AND tablename = 'paper_terms' AND attname = 'vector'"
    " AND word IN (SELECT json_array_elements_text(CAST(:words AS json)))"
)
_EACH_IN_FTS5 = text(
    "SELECT (SELECT count(*) FROM paper_search WHERE paper_search MATCH one.value)"
    " FROM json_each(:asked) AS one ORDER BY one.key"
)
_EACH_IN_TSQUERY = text(
    "SELECT (SELECT count(*) FROM paper_terms WHERE vector @@ CAST(one.value AS tsquery))"
    " FROM json_array_elements_text(CAST(:asked AS json)) WITH ORDINALITY AS one(value, place) ORDER BY one.place"
)
TOO_COSTLY = "This search takes too long: ask for fewer phrases and common words, or for rarer ones."
_CANCELLED = "57014"  # PostgreSQL's SQLSTATE of a statement that took too long
_TIMEOUT = text(
    "SELECT set_config('statement_timeout', (1000 * extract(epoch FROM least(CAST(:limit AS interval),"
    " nullif(CAST(current_setting('statement_timeout') AS interval), interval '0'))))::int::text, true)"
)
_STEPS = 50_000  # of SQLite's machine between two looks at the clock; some milliseconds
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


@contextmanager
def bounded(session: Session, seconds: float) -> Iterator[None]:
    """Raise Invalid where the block costs more than `seconds`: of the processor on SQLite, of one statement elsewhere.

    PostgreSQL's own time-out stays where it is shorter.
    """
    with _stopping_sqlite(session, seconds) if _is_sqlite(session) else nullcontext():
        try:
            if not _is_sqlite(session):
                session.execute(_TIMEOUT, {"limit": f"{seconds} s"})
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _CANCELLED and not _is_interrupted(error.orig):
                raise
            raise Invalid(TOO_COSTLY, code="too_costly", field="q") from error


@contextmanager
def _stopping_sqlite(session: Session, seconds: float) -> Iterator[None]:
    connection = typed(sqlite3.Connection, session.connection().connection.driver_connection)
    end = time.thread_time() + seconds
    connection.set_progress_handler(lambda: time.thread_time() > end, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def _is_interrupted(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


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
    """Return about how many papers are indexed: not counted one by one, there may be millions."""
    if _is_sqlite(session):
        return session.execute(select(func.max(paper_terms.c.number))).scalar() or 0
    estimate = session.execute(text("SELECT reltuples FROM pg_class WHERE oid = 'paper_terms'::regclass")).scalar()
    if estimate is not None and estimate >= ANALYZED:
        return int(estimate)
    return session.execute(select(func.count()).select_from(paper_terms)).scalar_one()


def counts(session: Session, clauses: Sequence[Clause]) -> list[int]:
    """Return how many papers have what each clause asks for; of common words on PostgreSQL, about how many."""
    sqlite = _is_sqlite(session)
    found = {} if sqlite else _count_common(session, clauses)
    asked = [clause for clause in clauses if clause not in found]
    written = json.dumps(list(map(_in_fts5 if sqlite else _in_tsquery, asked)))
    counted = session.execute(_EACH_IN_FTS5 if sqlite else _EACH_IN_TSQUERY, {"asked": written}).scalars()
    found |= zip(asked, counted, strict=True)
    return [found[clause] for clause in clauses]


def count(session: Session, clause: Clause) -> int:
    """Return how many papers have what a clause asks for."""
    matches = _matching(session, [clause], [])
    source = _FTS if _is_sqlite(session) else paper_terms
    return session.execute(select(func.count()).select_from(source).where(matches)).scalar_one()


def _count_common(session: Session, clauses: Sequence[Clause]) -> dict[Clause, int]:
    """Return clause -> count of those single words that PostgreSQL's statistics have among the commonest thousand.

    Counting a word of every third paper would read all of these papers.
    """
    words = {one.phrases[0][0]: one for one in clauses if _is_word(one)}
    papers_ = size(session) if words else 0
    if papers_ < ANALYZED:
        return {}
    found = session.execute(_COMMON, {"words": json.dumps(list(words))})
    return {words[word]: round(share * papers_) for word, share in found}


def _is_word(clause: Clause) -> bool:
    one = len(clause.phrases) == 1 and len(clause.phrases[0]) == 1
    return one and not clause.prefix and clause.fields == TEXT_FIELDS


def candidates(
    session: Session, ways: Sequence[Sequence[Clause]], wanted: Filter, limit: int, matching: int | None = None
) -> list[str]:
    """Return the ids of the papers that have all clauses of one of the `ways` and pass the filter.

    At most `limit`, those that the database ranks highest, the best first. `matching`, where it is known, is about how
    many papers have all clauses of a way.
    """
    if _is_sqlite(session):
        few = matching is not None and matching * FEW < size(session)
        best = _best_in_fts5(wanted, ways, limit, few)
    else:
        best = _best_in_postgresql(session, wanted, ways, _dated(wanted), limit)
    found = best.cte("found")
    statement = select(paper_terms.c.paper_id).join(found, found.c.number == paper_terms.c.number)
    return list(session.execute(statement.order_by(found.c.cost, found.c.number)).scalars())


def _best_in_fts5(wanted: Filter, ways: Sequence[Sequence[Clause]], limit: int, few: bool) -> Select[Any]:
    fts: ColumnElement[Any] = literal_column("paper_search")
    cost = func.bm25(fts, *(literal_column(str(WEIGHTS[name])) for name in FIELDS))
    best = select(_FTS.c.rowid.label("number"), cost.label("cost")).where(_in_index(wanted.must, ways))
    dated = _dated(wanted)
    if dated is not None and few:  # each is looked up
        best = best.where(dated.where(_DATED.c.number == _FTS.c.rowid).correlate(_FTS).exists())
    elif dated is not None:
        # As an expression, so that SQLite does not look every one of them up in the index.
        best = best.where((_FTS.c.rowid + 0).in_(dated))
    return best.order_by(literal_column("cost"), literal_column("number")).limit(limit)


def _best_in_postgresql(
    session: Session, wanted: Filter, ways: Sequence[Sequence[Clause]], dated: Any, limit: int
) -> Select[Any]:
    """Rank what matches: `ts_rank` reads each paper's vector, so of many, the `MAX_RANKED` that came last."""
    everything = list(dict.fromkeys(clause for way in ways for clause in way))
    legs = []
    for asked in [ways, [everything]] if len(ways) > 1 else [ways]:
        leg = select(paper_terms.c.number).where(_matching(session, wanted.must, asked))
        leg = leg if dated is None else leg.where(paper_terms.c.number.in_(dated))
        legs.append(select(leg.order_by(paper_terms.c.number.desc()).limit(MAX_RANKED).subquery().c.number))
    query = cast(_combine(wanted.must, [[clause] for clause in everything], _in_tsquery, " & ", " | "), TSQUERY)
    cost = -func.ts_rank(_VECTOR, query, type_=Float)
    best = select(paper_terms.c.number.label("number"), cost.label("cost"))
    best = best.where(paper_terms.c.number.in_(union(*legs) if len(legs) > 1 else legs[0]))
    return best.order_by(literal_column("cost"), literal_column("number")).limit(limit)


def terms_of(session: Session, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> terms by field of papers."""
    statement = select(paper_terms.c.paper_id, *(paper_terms.c[name] for name in FIELDS))
    rows = all_rows(session, statement.where(among(paper_terms.c.paper_id, ids)))
    return {row["paper_id"]: row for row in rows}


def passing(session: Session, ids: Collection[str], wanted: Filter) -> set[str]:
    """Return those of `ids` that pass the filter."""
    if not wanted:
        return set(ids)
    statement = select(papers.c.id).where(among(papers.c.id, ids), *_dates(wanted))
    if wanted.must:  # asked of their texts: the index would name every paper that passes
        statement = statement.join(paper_terms, paper_terms.c.paper_id == papers.c.id)
    return set(session.execute(statement.where(*map(_holds, wanted.must))).scalars())


def newest(session: Session, wanted: Filter, limit: int, after: tuple[float, str] | None) -> list[tuple[float, str]]:
    """Return (time of publication, id) of the papers that pass the filter, newest first, from just after a place."""
    statement = select(_MOMENT, papers.c.id).where(papers.c.title.is_not(None), *_dates(wanted))
    if after is not None:
        statement = statement.where(after[0] >= _MOMENT, or_(after[0] > _MOMENT, papers.c.id > after[1]))
    statement = statement.order_by(_MOMENT.desc(), papers.c.id).limit(limit)
    earliest = _earliest_of_newest(session, wanted, after)
    if earliest is not None:  # what passes is often among these: then the others are neither asked nor sorted
        recent = statement.where(papers.c.published_at >= earliest)
        if wanted.must:
            recent = recent.join(paper_terms, paper_terms.c.paper_id == papers.c.id).where(*map(_holds, wanted.must))
        found = session.execute(recent).all()
        if len(found) == limit:
            return [(at, name) for at, name in found]
    return [(at, name) for at, name in session.execute(_filtered(session, statement, wanted.must))]


def _earliest_of_newest(session: Session, wanted: Filter, after: tuple[float, str] | None) -> float | None:
    """Return the time of the `LOOKED_AT`th paper of the time that is asked for, None where there are not so many."""
    latest = [] if after is None else [papers.c.published_at <= after[0]]
    moments = select(papers.c.published_at).where(papers.c.published_at.is_not(None), *_dates(wanted), *latest)
    return session.execute(moments.order_by(papers.c.published_at.desc()).offset(LOOKED_AT - 1).limit(1)).scalar()


LOOKED_AT = 2_000  # papers, the newest, that are asked first whether they pass a filter
FEW = 16  # what fewer than one paper in so many has is looked up one by one
MAX_RANKED = 2_000  # papers whose vectors PostgreSQL reads to rank them
ANALYZED = 10_000  # papers from which on PostgreSQL's statistics are asked
UNDATED = -1e12  # epoch seconds, before any paper
_MOMENT = func.coalesce(papers.c.published_at, UNDATED)


def published(session: Session, ids: Collection[str]) -> dict[str, float]:
    """Return id -> time of publication as everybody knows it, of those of `ids` that have one."""
    statement = select(papers.c.id, papers.c.published_at).where(among(papers.c.id, ids))
    return {name: at for name, at in session.execute(statement) if at is not None}


def _filtered(session: Session, statement: Select[Any], must: Sequence[Clause]) -> Select[Any]:
    if not must:
        return statement
    matches = _matching(session, must, [])
    if _is_sqlite(session):
        matches = paper_terms.c.number.in_(select(_FTS.c.rowid).where(matches))
    return statement.join(paper_terms, paper_terms.c.paper_id == papers.c.id).where(matches)


def _dates(wanted: Filter) -> list[ColumnElement[bool]]:
    bounds = [] if wanted.since is None else [papers.c.published_at >= wanted.since]
    return bounds if wanted.until is None else [*bounds, papers.c.published_at <= wanted.until]


def _dated(wanted: Filter) -> Select[Any] | None:
    """Return the numbers of the papers of the time that is asked for, or None for any time."""
    dates = _dates(wanted)
    return select(_DATED.c.number).join(papers, papers.c.id == _DATED.c.paper_id).where(*dates) if dates else None


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _matching(session: Session, must: Sequence[Clause], ways: Sequence[Sequence[Clause]]) -> ColumnElement[bool]:
    """Return the condition, on FTS5's table or on `paper_terms`, for all of `must` and, if any, one of `ways`."""
    if _is_sqlite(session):
        return _in_index(must, ways)
    tsquery = cast(_combine(must, ways, _in_tsquery, " & ", " | "), TSQUERY)
    return and_(_VECTOR.op("@@", is_comparison=True)(tsquery), *map(_holds, filter(_is_name, must)))


def _in_index(must: Sequence[Clause], ways: Sequence[Sequence[Clause]]) -> ColumnElement[bool]:
    fts: ColumnElement[Any] = literal_column("paper_search")
    return fts.op("MATCH", is_comparison=True)(_combine(must, ways, _in_fts5, " AND ", " OR "))


def _combine(must: Sequence[Clause], ways: Sequence[Sequence[Clause]], write: Any, both: str, either: str) -> Any:
    parts = [f"({write(clause)})" for clause in must]
    if any(clause not in must for way in ways for clause in way):  # of a phrase alone, the index is asked once
        written = (both.join(f"({write(clause)})" for clause in way) for way in ways)
        parts.append("(" + either.join(f"({way})" for way in written) + ")")
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


def _holds(clause: Clause) -> ColumnElement[bool]:
    """Whether a paper's terms have a clause, as `matching.frequency` counts it.

    The index does not know it of every author: tsvector keeps 256 places of a word, and papers have thousands.
    """
    end = "" if clause.prefix else " "
    held = [literal(" ").concat(paper_terms.c[name]).concat(" ") for name in clause.fields]
    phrases = [f" {' '.join(phrase)}{end}" for phrase in clause.phrases]
    return or_(*(one.contains(phrase, autoescape=True) for one in held for phrase in phrases))

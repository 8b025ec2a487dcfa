"""Many rows in one statement: each as it was given, in order, on each kind of database."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.store import readers
from server.store.bulk_insert import BulkInsert
from server.store.database import Database
from server.store.tables import events, papers, reader_papers

# Values that another encoding could change: quotes, what looks like a parameter, other scripts, the ends of a double.
TEXTS = ["plain", 'it\'s "quoted" \\ :name %s %(x)s ?', "ℵ₀ 日本語 😀", " \t\n", "null", "0", ""]
NUMBERS = [0.0, 1.1, 1e-300, 1.7976931348623157e308, -2.5, 1_795_300_000.123457, 5e-324]


def add_papers(database: Database, rows: list[tuple[object, ...]]) -> None:
    with database.writing() as session:
        BulkInsert(papers, ("id", "title", "published_at", "withdrawn", "created_at", "updated_at"))(session, rows)


def test_every_value_is_stored_as_it_was_given(database: Database) -> None:
    rows = [
        (f"p{at}", text, number, [True, False, None][at % 3], 1.0, number)
        for at, (text, number) in enumerate(zip(TEXTS, NUMBERS, strict=True))
    ]
    rows.append(("last", None, None, None, 1.0, 2.0))
    add_papers(database, rows)
    kept = select(papers.c["id", "title", "published_at", "withdrawn", "created_at", "updated_at"])
    with database.reading() as session:
        assert sorted(map(tuple, session.execute(kept))) == sorted(rows, key=str)


def test_rows_are_numbered_in_the_order_given(database: Database) -> None:
    add_papers(database, [("p", None, None, None, 1.0, 1.0)])
    names = ("reader_id", "id", "kind", "paper_id", "at", "received_at", "clamped", "content_hash")
    with database.writing() as session:
        reader = readers.create(session, 1.0)
        order = [f"{number * 7919 % 300:03d}" for number in range(300)]
        BulkInsert(events, names)(session, [(reader, name, "open", "p", 1.0, 1.0, False, "") for name in order])
        assert list(session.execute(select(events.c.id).order_by(events.c.number)).scalars()) == order


def test_a_key_that_exists_is_an_error_or_ignored_or_overwritten(database: Database) -> None:
    first, second = ("p", None, None, None, 1.0, 1.0), ("p", "new", None, None, 9.0, 9.0)
    add_papers(database, [first])
    with pytest.raises(IntegrityError):
        add_papers(database, [second])
    names = ("id", "title", "created_at", "updated_at")
    with database.writing() as session:
        BulkInsert(papers, names, ignored=True)(session, [("p", "x", 5.0, 5.0), ("q", "y", 5.0, 5.0)])
        BulkInsert(papers, names, overwritten=["title"])(session, [("p", "new", 7.0, 7.0)])
        found = session.execute(select(papers.c["id", "title", "created_at"]).order_by(papers.c.id)).all()
    assert list(map(tuple, found)) == [("p", "new", 1.0), ("q", "y", 5.0)]


def test_what_names_nothing_is_refused(database: Database) -> None:
    """Foreign keys hold for rows that come together."""
    names = ("reader_id", "paper_id", "opens", "saved", "hidden", "impressions", "read")
    with database.writing() as session:
        reader = readers.create(session, 1.0)
        with pytest.raises(IntegrityError):
            BulkInsert(reader_papers, names)(session, [(reader, "unknown", 1, False, False, 0, False)])


def test_columns_out_of_order_would_swap_values() -> None:
    with pytest.raises(ValueError, match="order"):
        BulkInsert(papers, ("updated_at", "id", "created_at"))

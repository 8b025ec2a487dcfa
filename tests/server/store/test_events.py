"""The log as training reads it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import event

from server.store import events, library, papers, readers
from server.store.database import Database, Session
from tests.server.conftest import sqlite_only

ROWS = [("p1", "open", 3.0), ("p2", "save", 1.5), ("p1", "save", 2.0), ("p3", "hide", 5.0), ("p3", "unhide", 4.0)]


def _log(database: Database, rows: list[tuple[str, str, float]], **settings: bool) -> str:
    with database.writing() as session:
        reader = readers.create(session, 1.0)
        if settings:
            readers.set_settings(session, reader, settings)
        papers.add_stubs(session, [paper for paper, _, _ in rows], 1.0)
        events.add(
            session,
            [
                (reader, f"{at}", kind, paper, moment, 9.0, False, None, None, None, None, "")
                for at, (paper, kind, moment) in enumerate(rows)
            ],
        )
    return reader


def test_training_reads_every_event_once_in_order_of_arrival(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(events, "_CHUNK", 2)
    reader = _log(database, ROWS)
    with database.reading() as session:
        chunks = list(events.for_training(session))
    assert list(chain.from_iterable(chunks)) == [(reader, *row) for row in ROWS]
    assert max(map(len, chunks)) == 2


def test_training_reads_nothing_of_who_does_not_want_it(database: Database) -> None:
    _log(database, ROWS, learn_for_others=False)
    reader = _log(database, ROWS[:2])
    with database.reading() as session:
        assert list(chain.from_iterable(events.for_training(session))) == [(reader, *row) for row in ROWS[:2]]


@sqlite_only  # PostgreSQL reads small tables whole, whatever their indices
@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (
            lambda session, reader: events.hashes(session, reader, ["0", "1"]),
            "autoindex_events_1 (reader_id=? AND id=?)",
        ),
        (lambda session, reader: list(events.of_paper(session, reader, "p1")), "at_number_paper_id (reader_id=?)"),
        (
            lambda session, reader: events.page(session, reader, 2, (4.0, 9), paper="p1"),
            "paper_id (reader_id=? AND at<?)",
        ),
        (events.newest_of, "(reader_id=?)"),
        (lambda session, reader: events.remove_batch(session, reader, 3), "(reader_id=?)"),
        (lambda session, reader: library.page(session, reader, library.LibraryFilter(), 5), "reader_papers_saved"),
        (lambda session, reader: library.count(session, reader, library.LibraryFilter()), "reader_papers_saved"),
        (lambda session, _: papers.delete_orphans(session, ["p1"]), "ix_reader_papers_paper_id"),
    ],
)
def test_no_statement_reads_the_log_or_the_states_of_all_readers(
    database: Database, ask: Callable[[Session, str], object], index: str
) -> None:
    reader = _log(database, ROWS)
    sent: list[tuple[str, Any]] = []
    with database.writing() as session:
        event.listen(database.engine, "before_cursor_execute", lambda *how: sent.append((how[2], how[3])))
        ask(session, reader)
        plans = [
            str(session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values).all())
            for asked, values in list(sent)
        ]
    assert any(index in plan for plan in plans), plans
    assert not [plan for plan in plans if "SCAN events" in plan or "SCAN reader_papers" in plan]


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_batch_looks_its_ids_up_however_long_the_log_is(database: Database) -> None:
    reader = _log(database, 1_000 * ROWS)
    with database.writing() as session:
        session.connection().exec_driver_sql("ANALYZE events")
        sent: list[tuple[str, Any]] = []
        event.listen(database.engine, "before_cursor_execute", lambda *how: sent.append((how[2], how[3])))
        events.hashes(session, reader, [f"{number}" for number in range(20)])
        asked, values = next((asked, values) for asked, values in sent if "content_hash" in asked)
        plan = session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}", values).scalar_one()
    assert _rows_read(plan[0]["Plan"]) < 100, plan


def _rows_read(plan: dict[str, Any]) -> float:
    """Return how many rows the parts of a plan that read a table or an index found, with those they dropped."""
    found = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    own = plan["Actual Loops"] * found if "Scan" in plan["Node Type"] else 0
    return own + sum(map(_rows_read, plan.get("Plans", [])))

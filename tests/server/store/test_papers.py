"""Papers in SQL: what a worker folds in, and who may see what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from server.services.papers import merge_source_papers
from server.store import papers, readers
from server.store.database import Database


def _source(session: Session, *ids: str, now: float, **facts: Any) -> None:
    merge_source_papers(session, "arxiv", [{"id": name, "title": f"Title of {name}", **facts} for name in ids], now=now)


def test_changed_papers_come_oldest_change_first_and_from_the_moment_asked_for(database: Database) -> None:
    with database.writing() as session:
        _source(session, "b", now=2.0)
        _source(session, "a", now=1.0)
        _source(session, "c", "d", now=3.0)
        papers.add_stubs(session, ["e"], 4.0)
    with database.reading() as session:
        found = [row["id"] for chunk in papers.for_catalogue(session, 2.0) for row in chunk]
    assert found == ["b", "c", "d", "e"]


def test_pages_of_changed_papers_leave_none_out(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(papers, "_CHUNK", 3)
    with database.writing() as session:
        _source(session, *"abcdefgh", now=1.0)
    with database.reading() as session:
        assert [[row["id"] for row in chunk] for chunk in papers.for_catalogue(session)] == [
            ["a", "b", "c"],
            ["d", "e", "f"],
            ["g", "h"],
        ]


def test_no_page_of_changed_papers_sorts_or_skips_others_of_the_same_time(database: Database) -> None:
    asked: list[tuple[str, Any]] = []
    with database.reading() as session:
        engine = session.get_bind()
        if engine.dialect.name != "sqlite":  # of as few papers PostgreSQL reads all, whatever there is
            pytest.skip("the plan of SQLite")

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            if statement.startswith("SELECT"):
                asked.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", note)
        list(papers.for_catalogue(session)), list(papers.change_times(session, 1.0))
        event.remove(engine, "before_cursor_execute", note)
        assert len(asked) == 2
        for statement, parameters in asked:
            plan = [
                row[-1] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
            assert len(plan) == 1
            assert "((updated_at,id)>(?,?))" in plan[0]


def test_empty_lists_are_unknown_and_not_facts(database: Database) -> None:
    with database.writing() as session:
        _source(session, "a", now=1.0, authors=[], categories=["cs.LG"])
        reader = readers.create(session, 1.0)
    with database.reading() as session:
        row = papers.seen_by(session, reader, ["a"])["a"]
    assert row["authors"] is None
    assert row["categories"] == ["cs.LG"]


def test_times_of_change_come_without_leaving_any_out(database: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(papers, "_CHUNK", 3)
    with database.writing() as session:
        _source(session, *"abcdefg", now=1.0)
        _source(session, "h", "i", now=3.0)
    with database.reading() as session:
        found = [time for chunk in papers.change_times(session, 1.0) for time in chunk.items()]
        assert found == [*((name, 1.0) for name in "abcdefg"), ("h", 3.0), ("i", 3.0)]
        assert [chunk for chunk in papers.change_times(session, 3.5) if chunk] == []


def test_papers_recommended_to_nobody_are_found_by_an_index(database: Database) -> None:
    with database.writing() as session:
        _source(session, *(f"t{number}" for number in range(300)), now=1.0)
        _source(session, "gone", now=1.0, withdrawn=True)
        merge_source_papers(session, "arxiv", [{"id": "nameless", "abstract": "A text."}], now=1.0)
    with database.reading() as session:
        assert papers.withdrawn(session) == {"gone"}
        assert papers.untitled(session) == {"nameless"}
        if session.get_bind().dialect.name == "sqlite":
            for where, name in (
                ("withdrawn IS 1", "withdrawn"),
                ("title IS NULL AND abstract IS NOT NULL", "untitled"),
            ):
                plan = session.execute(text(f"EXPLAIN QUERY PLAN SELECT id FROM papers WHERE {where}")).all()
                assert f"ix_papers_{name}" in str(plan)

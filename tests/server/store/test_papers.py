"""Papers in SQL: what a worker folds in, and who may see what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
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

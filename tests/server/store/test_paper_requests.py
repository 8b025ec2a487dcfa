"""Whose papers are asked for first: everybody has a share, and what is read most and waits longest goes first."""

from __future__ import annotations

from server.services.events import empty_state
from server.services.papers import merge_cards
from server.store import paper_requests, papers, reader_papers, readers
from server.store.database import Database


def read(database: Database, reader: str, *names: str) -> None:
    with database.writing() as session:
        reader_papers.save(session, [empty_state(reader, name) for name in names], version=1)


def new_readers(database: Database, count: int) -> list[str]:
    with database.writing() as session:
        return [readers.create(session, 1.0) for _ in range(count)]


def add(database: Database, *names: str, at: float = 1.0) -> None:
    with database.writing() as session:
        papers.add_stubs(session, names, at)


def wanted(database: Database, limit: int = 100, now: float | None = 1000.0) -> list[str]:
    with database.reading() as session:
        return [row["id"] for row in paper_requests.due(session, "arxiv", now, limit)]


def note(database: Database, name: str, **facts: object) -> None:
    row = {"source": "arxiv", "paper_id": name, "tries": 1, "refused": False, "reason": "x", "asked_at": 1.0}
    with database.writing() as session:
        paper_requests.save(session, [{**row, "due_at": 1.0, **facts}])


def test_a_flood_by_one_reader_leaves_the_others_their_share(database: Database) -> None:
    one, two, flooding = new_readers(database, 3)
    flood = [f"2401.{number:05d}" for number in range(500)]
    add(database, *flood, at=1.0)
    add(database, "2402.00001", "2402.00002", "2402.00003", "2402.00004", at=9.0)
    read(database, flooding, *flood)
    read(database, one, "2402.00001", "2402.00002")
    read(database, two, "2402.00003")
    found = wanted(database, 12)
    assert found.index("2402.00004") < 4, "what nobody has read yet, such as a card's, has a share as well"
    assert {"2402.00001", "2402.00002", "2402.00003"} <= set(found[:9])
    assert len(found) == 12


def test_the_most_read_come_first_and_of_these_the_oldest(database: Database) -> None:
    one, two = new_readers(database, 2)
    add(database, "2401.00003", at=3.0)
    add(database, "2401.00001", at=1.0)
    add(database, "2401.00002", at=2.0)
    read(database, one, "2401.00001", "2401.00002", "2401.00003")
    read(database, two, "2401.00003")
    assert wanted(database) == ["2401.00003", "2401.00001", "2401.00002"]


def test_each_comes_once_however_many_know_it(database: Database) -> None:
    one, two = new_readers(database, 2)
    add(database, "2401.00001")
    read(database, one, "2401.00001")
    read(database, two, "2401.00001")
    with database.writing() as session:
        merge_cards(session, one, [{"id": "2401.00001", "title": "A title"}], confirm=True, now=1.0)
    assert wanted(database) == ["2401.00001"]


def test_a_paper_with_all_its_text_or_from_a_source_is_not_wanted(database: Database) -> None:
    add(database, "2401.00001", "2401.00002", "2401.00003")
    blank = dict.fromkeys(papers.FACTS) | {"created_at": 1.0, "updated_at": 1.0}
    with database.writing() as session:
        papers.save(session, [{**blank, "id": "2401.00001", "title": "T", "abstract": "A", "source": None}])
        papers.save(session, [{**blank, "id": "2401.00002", "title": "T", "source": "arxiv"}])
    assert wanted(database) == ["2401.00003"]


def test_what_was_asked_in_vain_waits_and_then_comes_after_a_readers_others(database: Database) -> None:
    (one,) = new_readers(database, 1)
    add(database, "2401.00001", at=1.0)
    add(database, "2401.00002", "2401.00003", at=2.0)
    read(database, one, "2401.00001", "2401.00002", "2401.00003")
    note(database, "2401.00001", due_at=2000.0)
    assert wanted(database) == ["2401.00002", "2401.00003"]
    assert wanted(database, now=2000.0) == ["2401.00002", "2401.00003", "2401.00001"]
    assert len(wanted(database, now=None)) == 3
    note(database, "2401.00001", asked_at=5000.0, due_at=9000.0)
    assert len(wanted(database)) == 3, "it was noted by a clock that was ahead"


def test_what_was_put_off_is_last_of_all_readers(database: Database) -> None:
    one, two = new_readers(database, 2)
    add(database, "9901.00001", at=1.0)
    add(database, *(f"2401.0000{number}" for number in range(5)), at=2.0)
    read(database, one, "9901.00001")
    read(database, two, *(f"2401.0000{number}" for number in range(5)))
    with database.writing() as session:
        paper_requests.defer(session, "arxiv", ["9901.00001"])
        paper_requests.defer(session, "arxiv", ["9901.00001"])
    assert wanted(database)[-1] == "9901.00001"
    note(database, "2401.00001")
    assert wanted(database)[-1] == "9901.00001"


def test_another_sources_troubles_are_none_of_ours(database: Database) -> None:
    add(database, "2401.00001")
    note(database, "2401.00001", source="other", due_at=9000.0)
    assert wanted(database) == ["2401.00001"]
    with database.writing() as session:
        paper_requests.forget(session, "other", ["2401.00001"])
        assert paper_requests.list_failed(session, "other") == []

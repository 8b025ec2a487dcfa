"""Logging: each event once, and the state that events make."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import NotFound, Unauthenticated
from server.services import events
from server.services.events import AHEAD, Event, happen, no_state
from server.store import events as event_rows
from server.store import reader_papers, readers
from server.store.database import Database
from server.tokens import Keys

NOW = 1_795_300_000.0
keys = Keys("a secret")
kinds = st.sampled_from(["open", "save", "unsave", "hide", "unhide"])


@pytest.fixture
def reader(database: Database) -> str:
    with database.writing() as session:
        return readers.create(session, NOW)


def made(kind: str = "save", paper: str = "2401.00001", at: float = NOW, **more: Any) -> Event:
    return Event(id=str(uuid.uuid4()), kind=kind, paper=paper, at=at, **more)


def log(database: Database, reader: str, *batch: Event) -> list[str]:
    results = events.log(database, keys, reader, batch, confirm=True, now=NOW).results
    return [result.status for result in results]


def state(database: Database, reader: str, paper: str = "2401.00001") -> dict[str, Any] | None:
    with database.reading() as session:
        found = reader_papers.of_papers(session, reader, [paper]).get(paper)
    return dict(found) if found else None


def test_the_same_event_again_is_a_duplicate_and_counts_once(database: Database, reader: str) -> None:
    event = made("open")
    assert log(database, reader, event, event) == ["accepted", "duplicate"]
    assert log(database, reader, event) == ["duplicate"]
    found = state(database, reader)
    assert found is not None
    assert found["opens"] == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "open"},
        {"paper": "2401.00002"},
        {"at": NOW - 1},
        {"position": 3},
        {"page": "trending"},
        {"surface": "panel"},
    ],
)
def test_another_event_under_a_used_id_is_refused(database: Database, reader: str, changed: dict[str, Any]) -> None:
    event = made()
    log(database, reader, event)
    results = events.log(database, keys, reader, [replace(event, **changed)], confirm=True, now=NOW).results
    assert results[0].error is not None
    assert (results[0].status, results[0].error.code) == ("rejected", "id_reused")


def test_two_readers_may_use_one_id(database: Database, reader: str) -> None:
    with database.writing() as session:
        second = readers.create(session, NOW)
    event = made()
    assert log(database, reader, event) == log(database, second, event) == ["accepted"]


@given(st.lists(st.tuples(kinds, st.integers(0, 5)), max_size=12))
def test_the_latest_word_counts_and_of_two_at_one_moment_the_later_arrival(said: list[tuple[str, int]]) -> None:
    incremental = no_state("r", "p")
    for kind, at in said:
        happen(incremental, kind, float(at))
    # Sorting is stable: events of one moment stay in the order of their arrival.
    in_order = sorted(said, key=lambda event: event[1])
    expected = {
        "saved": _last_word(in_order, ("save", "unsave")) == "save",
        "hidden": _last_word(in_order, ("hide", "unhide")) == "hide",
        "opened_at": max((float(at) for kind, at in said if kind == "open"), default=None),
    }
    assert {name: incremental[name] for name in expected} == expected


def _last_word(said: Sequence[tuple[str, int]], kinds: tuple[str, str]) -> str | None:
    return next((kind for kind, _ in reversed(said) if kind in kinds), None)


def test_a_word_from_the_past_that_arrives_late_changes_nothing(database: Database, reader: str) -> None:
    log(database, reader, made("save", at=NOW), made("unsave", at=NOW - 60))
    found = state(database, reader)
    assert found is not None
    assert found["saved"]


def test_a_clock_far_ahead_is_not_believed(database: Database, reader: str) -> None:
    ahead, little = made(at=NOW + AHEAD + 1), made(paper="2401.00002", at=NOW + AHEAD)
    results = events.log(database, keys, reader, [ahead, little], confirm=True, now=NOW).results
    assert [(result.status, result.clamped) for result in results] == [("accepted", True), ("accepted", False)]
    again = events.log(database, keys, reader, [ahead], confirm=True, now=NOW).results
    assert [(result.status, result.clamped) for result in again] == [("duplicate", True)]
    found = state(database, reader)
    assert found is not None
    assert found["save_at"] == NOW


def test_a_list_of_somebody_else_is_dropped_and_the_event_kept(database: Database, reader: str) -> None:
    own, foreign = keys.new_list_id(reader, "m1"), keys.new_list_id("another", "m1")
    log(database, reader, made("open", list_id=own), made("open", list_id=foreign), made("open", list_id="invented"))
    with database.reading() as session:
        kept = [row["list_id"] for row in event_rows.page(session, reader, 9)]
    assert sorted(kept, key=str) == sorted([own, None, None], key=str)


def test_a_deleted_event_stops_counting_and_stays_away(database: Database, reader: str) -> None:
    save, opened = made("save"), made("open")
    log(database, reader, save, opened)
    events.delete(database, keys, reader, save.id, NOW)
    found = state(database, reader)
    assert found is not None
    assert (found["saved"], found["opens"]) == (False, 1)
    assert log(database, reader, save) == ["duplicate"]
    with database.reading() as session:
        assert [row["id"] for row in event_rows.page(session, reader, 9)] == [opened.id]


def test_deleting_the_only_event_leaves_no_trace_of_the_paper(database: Database, reader: str) -> None:
    event = made()
    log(database, reader, event)
    events.delete(database, keys, reader, event.id, NOW)
    events.delete(database, keys, reader, event.id, NOW)
    assert state(database, reader) is None


def test_deleting_what_was_never_logged_says_so(database: Database, reader: str) -> None:
    with pytest.raises(NotFound):
        events.delete(database, keys, reader, str(uuid.uuid4()), NOW)


def test_deleting_gives_the_state_the_other_events_make(database: Database, reader: str) -> None:
    first, last = made("save", at=NOW - 60), made("unsave", at=NOW)
    log(database, reader, first, last)
    events.delete(database, keys, reader, last.id, NOW)
    found = state(database, reader)
    assert found is not None
    assert (found["saved"], found["save_at"]) == (True, NOW - 60)


def test_starting_over_keeps_saved_papers_alone(database: Database, reader: str) -> None:
    kept = made("save")
    batch = [kept, made("open"), made("hide", "2401.00002"), made("save", "2401.00003"), made("unsave", "2401.00003")]
    log(database, reader, *batch)
    assert events.forget_all_but_saved(database, keys, reader, NOW) == 4
    assert log(database, reader, *batch) == ["duplicate"] * 5
    with database.reading() as session:
        states = {row["paper_id"]: row for row in reader_papers.page(session, reader, 9)}
        assert [row["id"] for row in event_rows.page(session, reader, 9)] == [kept.id]
    assert list(states) == ["2401.00001"]
    assert (states["2401.00001"]["saved"], states["2401.00001"]["opens"]) == (True, 0)


def test_the_readers_own_words_outlive_events_and_starting_over(database: Database, reader: str) -> None:
    log(database, reader, made("save"))
    with database.writing() as session:
        reader_papers.annotate(session, reader, "2401.00001", {"tags": ["x"], "note": "y", "read": True})
    log(database, reader, made("open"), made("hide"))
    events.forget_all_but_saved(database, keys, reader, NOW)
    found = state(database, reader)
    assert found is not None
    assert (found["tags"], found["note"], found["read"]) == (["x"], "y", True)


def test_nothing_is_logged_for_a_reader_who_left(database: Database, reader: str) -> None:
    with database.writing() as session:
        readers.remove(session, reader)
    with pytest.raises(Unauthenticated):
        log(database, reader, made())

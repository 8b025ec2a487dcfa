"""Logging: each event once, and the state that events make."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config import Settings
from server.errors import NotFound, Unauthenticated
from server.services import deletion, events
from server.services.context import Context
from server.services.events import MAX_CLOCK_SKEW, Event, apply_event, empty_state
from server.store import events as event_rows
from server.store import reader_papers, readers
from server.store.database import Database, Session
from tests.server.conftest import sqlite_only
from tests.server.store.test_shared_commits import Work, counted_commits, write_at_once

NOW = 1_795_300_000.0
kinds = st.sampled_from(["open", "save", "unsave", "hide", "unhide", "dislike", "undislike"])


@pytest.fixture
def reader(database: Database) -> str:
    with database.writing() as session:
        return readers.create(session, NOW)


def made(kind: str = "save", paper: str = "2401.00001", at: float = NOW, **more: Any) -> Event:
    return Event(id=str(uuid.uuid4()), kind=kind, paper=paper, at=at, **more)


def log(context: Context, reader: str, *batch: Event) -> list[str]:
    results = events.log(context, reader, batch, now=NOW)
    return [result.status for result in results]


def log_in(context: Context, reader: str, batch: Sequence[Event], session: Session) -> list[str]:
    """Log a batch in a transaction that others share."""
    judged, _ = events.write_batch(session, context, reader, batch, (), now=NOW)
    return [one.result.status for one in judged]


def state(database: Database, reader: str, paper: str = "2401.00001") -> dict[str, Any] | None:
    with database.reading() as session:
        found = reader_papers.of_papers(session, reader, [paper]).get(paper)
    return dict(found) if found else None


def test_the_same_event_again_is_a_duplicate_and_counts_once(context: Context, database: Database, reader: str) -> None:
    event = made("open")
    assert log(context, reader, event, event) == ["accepted", "duplicate"]
    assert log(context, reader, event) == ["duplicate"]
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
def test_another_event_under_a_used_id_is_refused(context: Context, reader: str, changed: dict[str, Any]) -> None:
    event = made()
    log(context, reader, event)
    results = events.log(context, reader, [replace(event, **changed)], now=NOW)
    assert results[0].error is not None
    assert (results[0].status, results[0].error.code) == ("rejected", "id_reused")


def test_two_readers_may_use_one_id(context: Context, database: Database, reader: str) -> None:
    with database.writing() as session:
        second = readers.create(session, NOW)
    event = made()
    assert log(context, reader, event) == log(context, second, event) == ["accepted"]


@given(st.lists(st.tuples(kinds, st.integers(0, 5)), max_size=12))
def test_the_latest_word_counts_and_of_two_at_one_moment_the_later_arrival(said: list[tuple[str, int]]) -> None:
    incremental = empty_state("r", "p")
    for kind, at in said:
        apply_event(incremental, kind, float(at))
    # Sorting is stable: events of one moment stay in the order of their arrival.
    in_order = sorted(said, key=lambda event: event[1])
    expected = {
        "saved": _last_word(in_order, ("save", "unsave")) == "save",
        "hidden": _last_word(in_order, ("hide", "unhide")) == "hide",
        "disliked": _last_word(in_order, ("dislike", "undislike")) == "dislike",
        "opened_at": max((float(at) for kind, at in said if kind == "open"), default=None),
    }
    assert {name: incremental[name] for name in expected} == expected


def _last_word(said: Sequence[tuple[str, int]], kinds: tuple[str, str]) -> str | None:
    return next((kind for kind, _ in reversed(said) if kind in kinds), None)


def test_a_word_from_the_past_that_arrives_late_changes_nothing(
    context: Context, database: Database, reader: str
) -> None:
    log(context, reader, made("save", at=NOW), made("unsave", at=NOW - 60))
    found = state(database, reader)
    assert found is not None
    assert found["saved"]


def test_a_clock_far_ahead_is_not_believed(context: Context, database: Database, reader: str) -> None:
    ahead, little = made(at=NOW + MAX_CLOCK_SKEW + 1), made(paper="2401.00002", at=NOW + MAX_CLOCK_SKEW)
    results = events.log(context, reader, [ahead, little], now=NOW)
    assert [(result.status, result.clamped) for result in results] == [("accepted", True), ("accepted", False)]
    again = events.log(context, reader, [ahead], now=NOW)
    assert [(result.status, result.clamped) for result in again] == [("duplicate", True)]
    found = state(database, reader)
    assert found is not None
    assert found["save_at"] == NOW


def test_a_list_of_somebody_else_is_dropped_and_the_event_kept(
    context: Context, database: Database, reader: str
) -> None:
    own, foreign = context.keys.new_list_id(reader, "m1"), context.keys.new_list_id("another", "m1")
    log(context, reader, made("open", list_id=own), made("open", list_id=foreign), made("open", list_id="invented"))
    with database.reading() as session:
        kept = [row["list_id"] for row in event_rows.page(session, reader, 9)]
    assert sorted(kept, key=str) == sorted([own, None, None], key=str)


def test_a_deleted_event_stops_counting_and_stays_away(context: Context, database: Database, reader: str) -> None:
    save, opened = made("save"), made("open")
    log(context, reader, save, opened)
    events.delete(context, reader, save.id, NOW)
    found = state(database, reader)
    assert found is not None
    assert (found["saved"], found["opens"]) == (False, 1)
    assert log(context, reader, save) == ["duplicate"]
    with database.reading() as session:
        assert [row["id"] for row in event_rows.page(session, reader, 9)] == [opened.id]


def test_deleting_the_only_event_leaves_no_trace_of_the_paper(
    context: Context, database: Database, reader: str
) -> None:
    event = made()
    log(context, reader, event)
    events.delete(context, reader, event.id, NOW)
    events.delete(context, reader, event.id, NOW)
    assert state(database, reader) is None


def test_deleting_what_was_never_logged_says_so(context: Context, reader: str) -> None:
    with pytest.raises(NotFound):
        events.delete(context, reader, str(uuid.uuid4()), NOW)


def test_deleting_gives_the_state_the_other_events_make(context: Context, database: Database, reader: str) -> None:
    first, last = made("save", at=NOW - 60), made("unsave", at=NOW)
    log(context, reader, first, last)
    events.delete(context, reader, last.id, NOW)
    found = state(database, reader)
    assert found is not None
    assert (found["saved"], found["save_at"]) == (True, NOW - 60)


def test_starting_over_keeps_saved_papers_alone(context: Context, database: Database, reader: str) -> None:
    kept = made("save")
    batch = [kept, made("open"), made("hide", "2401.00002"), made("save", "2401.00003"), made("unsave", "2401.00003")]
    batch += [made("dislike"), made("dislike", "2401.00002")]
    log(context, reader, *batch)
    assert events.forget_all_but_saved(context, reader, NOW) == 6
    assert log(context, reader, *batch) == ["duplicate"] * 7
    with database.reading() as session:
        states = {row["paper_id"]: row for row in reader_papers.page(session, reader, 9)}
        assert [row["id"] for row in event_rows.page(session, reader, 9)] == [kept.id]
    assert list(states) == ["2401.00001"]
    assert (states["2401.00001"]["saved"], states["2401.00001"]["opens"]) == (True, 0)
    assert (states["2401.00001"]["disliked"], states["2401.00001"]["dislike_at"]) == (False, None)


def test_an_event_is_deleted_while_starting_over_is_interrupted(
    context: Context, database: Database, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its paper may be gone: it has no text, and nobody a state of it."""
    first, second = made("open"), made("open", at=NOW - 5)
    log(context, reader, first, second)
    with monkeypatch.context() as killed:
        killed.setattr(events, "_forgettable_ids", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            events.forget_all_but_saved(context, reader, NOW)
    deletion.forget_orphans(context)
    events.delete(context, reader, first.id, NOW)
    with database.reading() as session:
        assert [row["id"] for row in event_rows.page(session, reader, 9)] == [second.id]
    assert events.forget_all_but_saved(context, reader, NOW) == 1
    assert state(database, reader) is None


def test_the_readers_own_words_outlive_events_and_starting_over(
    context: Context, database: Database, reader: str
) -> None:
    log(context, reader, made("save"))
    with database.writing() as session:
        reader_papers.annotate(session, reader, "2401.00001", {"tags": ["x"], "note": "y", "read": True})
    log(context, reader, made("open"), made("hide"))
    events.forget_all_but_saved(context, reader, NOW)
    found = state(database, reader)
    assert found is not None
    assert (found["tags"], found["note"], found["read"]) == (["x"], "y", True)


def test_nothing_is_logged_for_a_reader_who_left(context: Context, database: Database, reader: str) -> None:
    with database.writing() as session:
        readers.remove(session, reader)
    with pytest.raises(Unauthenticated):
        log(context, reader, made())


@sqlite_only
def test_batches_that_share_a_commit_count_one_event_once(context: Context, database: Database, reader: str) -> None:
    event, other = made("open"), made("open", "2401.00002")
    batches: list[Work] = [partial(log_in, context, reader, [event, other]), partial(log_in, context, reader, [event])]
    with counted_commits(context.database) as commits:
        first, *answers = [future.result() for future in write_at_once(context.database, [lambda _: [], *batches])]
    assert (first, sorted(answers)) == ([], [["accepted", "accepted"], ["duplicate"]])
    assert len(commits) == 3
    found = state(database, reader)
    assert found is not None
    assert (found["opens"], found["version"]) == (1, 1)


@sqlite_only
def test_who_left_while_a_batch_waited_is_told_and_the_others_are_answered(
    context: Context, database: Database, reader: str
) -> None:
    with database.writing() as session:
        leaving = readers.create(session, NOW)
    batches = [
        partial(log_in, context, reader, [made("open")]),
        partial(log_in, context, leaving, [made("open")]),
        partial(log_in, context, reader, [made("save", "2401.00002")]),
    ]
    leave: Work = lambda session: readers.remove(session, leaving)  # noqa: E731
    _, one, gone, two = write_at_once(context.database, [leave, *batches])
    assert (one.result(), two.result()) == (["accepted"], ["accepted"])
    assert isinstance(gone.exception(), Unauthenticated)
    with database.reading() as session:
        assert event_rows.count(session) == 2
        assert event_rows.count(session, leaving) == 0


def test_one_event_in_many_batches_at_once_is_accepted_once(settings: Settings, database: Database) -> None:
    """From two workers, each with several threads, among other events."""
    with database.writing() as session:
        reader = readers.create(session, NOW)
    shared = [made("open", f"2401.{number:05d}") for number in range(5)]
    workers = [Context.of(settings) for _ in range(2)]
    together = Barrier(6, timeout=30)

    def send(number: int) -> list[tuple[str, str]]:
        together.wait()
        said = []
        for event in shared:
            batch = [made("open", "2401.00009"), event]
            results = events.log(workers[number % 2], reader, batch, now=NOW)
            said += [(str(result.id), result.status) for result in results]
        return said

    with ThreadPoolExecutor(6) as threads:
        said = [pair for sent in [threads.submit(send, number) for number in range(6)] for pair in sent.result()]
    for worker in workers:
        worker.close()
    for event in shared:
        assert sorted(status for name, status in said if name == event.id) == ["accepted", *["duplicate"] * 5]
    found = [state(database, reader, paper) for paper in ("2401.00000", "2401.00009")]
    assert [one and one["opens"] for one in found] == [1, 30]

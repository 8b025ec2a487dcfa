"""A reader's history: read once, kept until they do something."""

from __future__ import annotations

from collections import Counter

from server.services.events import apply_event, empty_state
from server.services.history import Histories, History
from server.store import papers, reader_papers, readers
from server.store.database import Database


def _state(*said: tuple[str, float], paper: str = "a") -> dict[str, object]:
    state = empty_state("r", paper)
    for kind, at in said:
        apply_event(state, kind, at)
    return state


def test_a_state_is_told_as_the_events_it_stands_for() -> None:
    history = History().with_rows(
        [_state(("open", 1.0), ("open", 2.0), ("save", 3.0), ("unsave", 4.0), ("impression", 5.0))]
    )
    told = list(zip(history.events.kinds, history.events.times, strict=True))
    assert told == [("open", 2.0), ("unsave", 4.0), ("impression", 5.0)]
    assert history.acted_on == {"a"}


def test_a_paper_shown_three_times_without_action_is_worn_out() -> None:
    shown = [("impression", float(at)) for at in range(3)]
    rows = [
        _state(*shown[:2], paper="twice"),
        _state(*shown, paper="three times"),
        _state(*shown, ("open", 9.0), paper="opened"),
        _state(*shown, ("hide", 8.0), ("unhide", 9.0), paper="hidden and back"),
    ]
    rows += [_state(*shown, ("dislike", 8.0), paper="disliked"), _state(("undislike", 8.0), paper="no longer disliked")]
    history = History().with_rows(rows)
    assert history.overexposed == {"three times", "hidden and back"}
    assert history.acted_on == {"opened", "disliked"}
    assert [kind for kind in history.events.kinds if "dislike" in kind] == ["dislike", "undislike"]


def test_many_impressions_do_not_make_many_events() -> None:
    history = History().with_rows([_state(*[("impression", float(at)) for at in range(500)])])
    assert Counter(history.events.kinds)["impression"] == 10


def _told(history: History) -> list[tuple[str, str, str, float]]:
    events = history.events
    return sorted(zip(events.readers, events.papers, events.kinds, events.times.tolist(), strict=True))


def test_changes_one_after_another_tell_what_all_at_once_do() -> None:
    steps = [
        [_state(("open", 1.0), paper="a"), _state(("save", 2.0), ("impression", 1.0), paper="b")],
        [],
        [_state(("hide", 3.0), paper="b"), _state(paper="c"), _state(("impression", 4.0), paper="d")],
        [_state(paper="a"), _state(("save", 5.0), paper="c")],
        [_state(("open", 6.0), paper="a")],
    ]
    history, newest = History(), {}
    for rows in steps:
        before = history
        history, told = history.with_rows(rows), _told(before)
        newest |= {row["paper_id"]: row for row in rows}
        at_once = History().with_rows(newest.values())
        assert _told(history) == _told(at_once)
        assert (history.states, history.acted_on) == (at_once.states, at_once.acted_on)
        assert _told(before) == told


def _put(database: Database, reader: str, version: int, **states: tuple[str, float]) -> None:
    rows = [{**_state(said, paper=paper), "reader_id": reader} for paper, said in states.items()]
    with database.writing() as session:
        papers.add_stubs(session, states, 1.0)
        reader_papers.save(session, rows, version)


def test_a_history_follows_what_the_reader_does(database: Database) -> None:
    histories = Histories(size=1)
    with database.writing() as session:
        reader, other = readers.create(session, 1.0), readers.create(session, 1.0)
    before = histories.of(database, reader, 0, 0)
    _put(database, reader, 1, a=("save", 1.0))
    assert histories.of(database, reader, 0, 0) is before
    assert histories.of(database, reader, 1, 0).acted_on == {"a"}
    histories.of(database, other, 0, 0)
    assert histories.of(database, reader, 1, 0).acted_on == {"a"}


def test_only_what_changed_is_read_again(database: Database) -> None:
    histories = Histories()
    with database.writing() as session:
        reader = readers.create(session, 1.0)
    _put(database, reader, 1, a=("open", 1.0), b=("hide", 1.0))
    before = histories.of(database, reader, 1, 0)
    _put(database, reader, 2, b=("unhide", 2.0), c=("open", 2.0))
    after = histories.of(database, reader, 2, 0)
    assert after.states["a"] is before.states["a"]
    assert after.acted_on == {"a", "c"}
    assert sorted(zip(after.events.papers, after.events.kinds, strict=True)) == [
        ("a", "open"),
        ("b", "unhide"),
        ("c", "open"),
    ]
    assert before.acted_on == {"a", "b"}


def test_what_was_taken_away_is_not_kept(database: Database) -> None:
    histories = Histories()
    with database.writing() as session:
        reader = readers.create(session, 1.0)
    _put(database, reader, 1, a=("open", 1.0), b=("open", 1.0))
    histories.of(database, reader, 1, 0)
    with database.writing() as session:
        reader_papers.remove(session, reader, "a")
    assert histories.of(database, reader, 2, 2).acted_on == {"b"}

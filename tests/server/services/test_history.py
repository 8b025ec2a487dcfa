"""A reader's history: read once, kept until they do something."""

from __future__ import annotations

from collections import Counter

from server.services.events import happen, no_state
from server.services.history import Histories, history_of
from server.store import papers, reader_papers, readers
from server.store.database import Database


def _state(*said: tuple[str, float], paper: str = "a") -> dict[str, object]:
    state = no_state("r", paper)
    for kind, at in said:
        happen(state, kind, at)
    return state


def test_a_state_is_told_as_the_events_it_stands_for() -> None:
    history = history_of([_state(("open", 1.0), ("open", 2.0), ("save", 3.0), ("unsave", 4.0), ("impression", 5.0))])
    told = list(zip(history.events.kinds, history.events.times, strict=True))
    assert told == [("open", 2.0), ("unsave", 4.0), ("impression", 5.0)]
    assert history.done_with == {"a"}


def test_a_paper_shown_three_times_without_action_is_worn_out() -> None:
    shown = [("impression", float(at)) for at in range(3)]
    rows = [
        _state(*shown[:2], paper="twice"),
        _state(*shown, paper="three times"),
        _state(*shown, ("open", 9.0), paper="opened"),
        _state(*shown, ("hide", 8.0), ("unhide", 9.0), paper="hidden and back"),
    ]
    assert history_of(rows).worn_out == {"three times", "hidden and back"}


def test_many_impressions_do_not_make_many_events() -> None:
    history = history_of([_state(*[("impression", float(at)) for at in range(500)])])
    assert Counter(history.events.kinds)["impression"] == 10


def test_a_history_is_read_again_when_the_reader_did_something(database: Database) -> None:
    histories = Histories(size=1)
    with database.writing() as session:
        reader, other = readers.create(session, 1.0), readers.create(session, 1.0)
    before = histories.of(database, reader, 0)
    with database.writing() as session:
        papers.add_stubs(session, ["a"], 1.0)
        reader_papers.put(session, [{**_state(("save", 1.0)), "reader_id": reader}])
    assert histories.of(database, reader, 0) is before
    assert histories.of(database, reader, 1).done_with == {"a"}
    histories.of(database, other, 0)
    assert histories.of(database, reader, 1).done_with == {"a"}

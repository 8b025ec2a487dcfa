"""The log as training reads it."""

from __future__ import annotations

from itertools import chain
from typing import Any

from server.store import events, papers, readers
from server.store.database import Database

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

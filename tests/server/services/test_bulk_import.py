"""Tables of many readers: made once, and what a reader took back stays away."""

from __future__ import annotations

import pytest

from recommender import Events
from server.services import account, bulk_import, events
from server.store import readers

NOW = 1_795_300_000.0
ROWS = [("ann", "2401.00001", "save", 1.7e9), ("ann", "2401.00002", "save", None), ("bob", "2401.00001", "open", 1.7e9)]


def test_a_table_twice_changes_nothing_even_later(context):
    table = Events.from_rows(ROWS)
    first = bulk_import.import_table(context, table, NOW)
    again = bulk_import.import_table(context, table, NOW + 86_400)
    assert (dict(first.counts), dict(again.counts)) == ({"accepted": 3}, {"duplicate": 3})
    assert first.readers == again.readers


def test_what_a_reader_took_back_stays_away(context):
    table = Events.from_rows(ROWS)
    made = bulk_import.import_table(context, table, NOW).readers
    account.reset(context, made["bob"], NOW)
    logged = account.logged_events(context, made["ann"], 10, None)
    events.delete(context, made["ann"], logged[0][1]["id"], NOW)
    assert dict(bulk_import.import_table(context, table, NOW).counts) == {"duplicate": 3}
    assert len(account.logged_events(context, made["ann"], 10, None)) == 1
    assert account.logged_events(context, made["bob"], 10, None) == []


def test_it_tells_how_far_it_is(context, monkeypatch):
    monkeypatch.setattr(bulk_import, "BATCH", 2)
    told: list[int] = []
    table = Events.from_rows([("ann", f"2401.{n:05d}", "save", 1.7e9) for n in range(5)])
    bulk_import.import_table(context, table, NOW, tell=told.append)
    assert told == [2, 4, 5]


def test_an_unknown_reader_is_said_to_be_so(context):
    with pytest.raises(bulk_import.NotFound):
        bulk_import.check_reader(context, "nobody")


def test_the_same_name_is_another_reader_elsewhere(context):
    with context.database.writing() as session:
        theirs = readers.create(session, NOW)
    made = bulk_import.import_table(context, Events.from_rows(ROWS), NOW).readers
    assert theirs not in made.values()
    assert context.keys.imported_reader_id("ann") == made["ann"] != made["bob"]

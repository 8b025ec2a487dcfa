"""What is read among readers: k or more of them, counted from the database."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from server.services import events
from server.services.context import Context
from server.services.events import Event
from server.services.papers import merge_source_papers
from server.services.trending import KEPT_SECONDS, RecentlyRead
from server.store import readers

NOW = 1_800_000_000.0
DAY = 86400.0


def make_readers(context: Context, count: int) -> list[str]:
    with context.database.writing() as session:
        return [readers.create(session, NOW) for _ in range(count)]


def read(context: Context, paper: str, readers: list[str], kind: str = "open", age: float = DAY) -> None:
    for reader in readers:
        events.log(context, reader, [Event(str(uuid.uuid4()), kind, paper, NOW - age)], now=NOW - age)


@pytest.fixture
def known(context: Context) -> Context:
    with context.database.writing() as session:
        papers = [{"id": f"2401.{n:05d}", "title": f"Paper {n}", "abstract": "About it."} for n in range(9)]
        merge_source_papers(session, "hf", papers, now=NOW)
    return replace(context, settings=replace(context.settings, k_readers=3))


def most_read(context: Context, reader: str, now: float = NOW) -> list[tuple[str, int]]:
    found = RecentlyRead().most_read(context, reader, 10, now)
    return [(item["paper"]["title"], item["readers"]) for item in found]


def test_only_what_k_readers_read_is_told(known: Context) -> None:
    all_of_them = make_readers(known, 5)
    read(known, "2401.00001", all_of_them[:3])
    read(known, "2401.00002", all_of_them[:2])
    read(known, "2401.00002", all_of_them[:2], "save")
    read(known, "2401.00003", all_of_them)
    read(known, "2401.00004", all_of_them, "hide")
    read(known, "2401.00005", all_of_them, age=8 * DAY)
    assert most_read(known, all_of_them[4]) == [("Paper 3", 5), ("Paper 1", 3)]


def test_nothing_is_told_where_there_are_fewer_readers(known: Context) -> None:
    two = make_readers(known, 2)
    for _ in range(4):
        read(known, "2401.00001", two)
    assert most_read(known, two[0]) == []


def test_no_title_is_told_that_a_reader_may_not_see(known: Context) -> None:
    all_of_them = make_readers(known, 4)
    read(known, "2402.00001", all_of_them)
    assert most_read(known, all_of_them[0]) == []


def test_who_is_not_to_be_learned_from_is_not_counted(known: Context) -> None:
    all_of_them = make_readers(known, 4)
    read(known, "2401.00001", all_of_them)
    assert most_read(known, all_of_them[0]) == [("Paper 1", 4)]
    with known.database.writing() as session:
        readers.set_settings(session, all_of_them[0], {"learn_for_others": False})
        readers.set_settings(session, all_of_them[1], {"learn_for_others": True})
    assert most_read(known, all_of_them[0]) == [("Paper 1", 3)]
    with known.database.writing() as session:
        readers.set_settings(session, all_of_them[2], {"learn_for_others": False})
    assert most_read(known, all_of_them[0]) == []


def test_a_count_serves_for_a_minute(known: Context) -> None:
    all_of_them = make_readers(known, 3)
    kept = RecentlyRead()
    assert kept.most_read(known, all_of_them[0], 10, NOW) == []
    read(known, "2401.00001", all_of_them)
    assert kept.most_read(known, all_of_them[0], 10, NOW + KEPT_SECONDS - 1) == []
    assert len(kept.most_read(known, all_of_them[0], 10, NOW + KEPT_SECONDS)) == 1
    assert kept.most_read(known, all_of_them[0], 0, NOW + KEPT_SECONDS) == []

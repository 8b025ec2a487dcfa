"""Packed events: what goes in comes out, and how much room it takes."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from server.store import archived_events, readers
from server.store.archived_events import month_after, month_of, month_start
from server.store.database import Database

START = month_start("2026-03")


def row(number: int, **more: Any) -> dict[str, Any]:
    chance = random.Random(number)
    facts = {"number": number, "id": str(uuid.UUID(int=chance.getrandbits(128))), "kind": "open"}
    facts |= {"paper_id": f"2401.{number % 90:05d}", "at": START + number / 3, "received_at": START + number / 3 + 0.1}
    facts |= {"clamped": False, "list_id": None, "position": number % 30, "surface": "card", "page": None}
    return {**facts, "content_hash": f"{chance.getrandbits(128):032x}", **more}


@pytest.fixture
def reader(database: Database) -> str:
    with database.writing() as session:
        return readers.create(session, 1.0)


def packed(database: Database, reader: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with database.writing() as session:
        archived_events.add(session, reader, rows)
    with database.reading() as session:
        return [dict(one) for one in archived_events.of_reader(session, reader)]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"at": 1.1e-7 + START, "received_at": START},
        {"list_id": "ł" * 200, "page": '"\\\u2028\U0001f4d6', "position": None, "surface": None, "clamped": True},
        {"kind": "undislike", "position": -1, "content_hash": ""},
    ],
)
def test_what_is_packed_comes_out_as_it_was(database: Database, reader: str, odd: dict[str, Any]) -> None:
    rows = [row(1), row(2, **odd), row(3)]
    assert packed(database, reader, rows) == [{"reader_id": reader, **one} for one in rows]


def test_an_event_is_in_the_month_in_which_it_was_received(database: Database, reader: str) -> None:
    end = month_start("2026-04")
    rows = [row(1, received_at=end - 1e-6, at=0.0), row(2, received_at=end, at=START), row(3, received_at=end + 1)]
    packed(database, reader, rows)
    with database.reading() as session:
        found = {month: [[one["number"] for one in part] for part in archived_events.of_month(session, month)]
                 for month in ("2026-03", "2026-04", "2026-05")}  # fmt: skip
    assert found == {"2026-03": [[1]], "2026-04": [[2, 3]], "2026-05": []}
    assert [month_of(moment) for moment in (end - 1e-6, end)] == ["2026-03", "2026-04"]


def test_parts_are_bounded_and_an_event_takes_little_room(database: Database, reader: str) -> None:
    many = archived_events.PART * 2 + 1
    with database.writing() as session:
        archived_events.add(session, reader, [row(number) for number in range(1, many + 1)])
    with database.reading() as session:
        parts = session.execute(archived_events.archived_events.select()).mappings().all()
    assert sorted(part["count"] for part in parts) == [1, archived_events.PART, archived_events.PART]
    size = sum(len(part["marks"]) + len(part["events"]) for part in parts)
    assert size / many < 70, "bytes an event; 32 of them are its id and hash, which are random"


def test_an_id_is_found_by_its_reader_alone(database: Database, reader: str) -> None:
    rows = [row(number) for number in range(1, 300)]
    packed(database, reader, rows)
    with database.writing() as session:
        other = readers.create(session, 1.0)
    with database.reading() as session:
        ids = [rows[7]["id"], rows[298]["id"], "not there"]
        assert archived_events.by_id(session, other, ids) == {}
        assert {name: one["number"] for name, one in archived_events.by_id(session, reader, ids).items()} == {
            rows[7]["id"]: 8,
            rows[298]["id"]: 299,
        }


def test_months_are_counted_over_years() -> None:
    found = [month_after("2026-11", months) for months in (0, 1, 2, 14, -11, -23)]
    assert found == ["2026-11", "2026-12", "2027-01", "2028-01", "2025-12", "2024-12"]

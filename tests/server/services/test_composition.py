"""What a list is made of, and what was read by month."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from server.services import events
from server.services.composition import Part, activity, parts_of
from server.services.context import Context
from server.services.events import Event
from tests.server.conftest import Device, card

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC).timestamp()


def item(*reasons: tuple[str, float, list[str]]) -> dict[str, Any]:
    return {"reasons": [{"kind": kind, "share": share, "words": words} for kind, share, words in reasons]}


def test_every_paper_counts_the_same_and_what_is_against_it_not_at_all() -> None:
    items = [
        item(("paper", 30.0, ["cache"]), ("author", 10.0, ["Ada"]), ("explore", -5.0, [])),
        item(("paper", 0.1, ["heat"]), ("author", 0.1, ["Bob"])),
        item(("explore", -1.0, [])),
        {"reasons": []},
    ]
    assert parts_of(items) == [Part("paper", "", 0.625), Part("author", "Bob", 0.25), Part("author", "Ada", 0.125)]
    assert parts_of(items, 1) == [Part("paper", "", 0.625)]
    assert parts_of([]) == []


def log(context: Context, me: Device, *read: tuple[str, str, str]) -> None:
    batch = [
        Event(str(uuid.uuid4()), kind, paper, datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())
        for kind, paper, day in read
    ]
    events.log(context, me.reader_id, batch, now=NOW)


def test_each_paper_counts_once_a_month_by_its_first_category(context: Context, me: Device, other: Device) -> None:
    me.rank(card(1, categories=["cs.LG", "stat.ML"]), card(2, categories=["cs.CV"]), card(3))
    log(
        context,
        me,
        ("open", "2401.00001", "2026-03-01"),
        ("save", "2401.00001", "2026-03-02"),
        ("open", "2401.00001", "2026-02-28"),
        ("save", "2401.00002", "2026-03-02"),
        ("open", "2401.00003", "2026-03-14"),
        ("hide", "2401.00004", "2026-03-03"),
        ("open", "2401.00002", "2025-03-31"),
        ("open", "2401.00002", "2025-04-01"),
    )
    log(context, other, ("save", "2401.00002", "2026-03-03"))
    found = activity(context, me.reader_id, NOW)
    assert found.categories == ("cs.CV", "cs.LG", None)
    by_month = {month.name: month.counts for month in found.months}
    assert (len(by_month), min(by_month), max(by_month)) == (12, "2025-04", "2026-03")
    assert by_month["2026-03"] == (1, 1, 1)
    assert by_month["2026-02"] == (0, 1, 0)
    assert by_month["2025-04"] == (1, 0, 0)
    assert by_month["2025-05"] == (0, 0, 0)


def test_the_most_frequent_categories_are_told_apart(context: Context, me: Device) -> None:
    codes = [f"cs.{letter}" for letter in "ABCDEFG"]
    me.rank(*(card(number, categories=[codes[number % 7]]) for number in range(40)))
    log(context, me, *(("open", f"2401.{number:05d}", "2026-03-01") for number in range(40)))
    found = activity(context, me.reader_id, NOW)
    assert found.categories == (*codes[:5], "")
    assert found.months[-1].counts == (6, 6, 6, 6, 6, 10)


@pytest.mark.parametrize("month", [1, 12])
def test_the_year_turns(context: Context, me: Device, month: int) -> None:
    found = activity(context, me.reader_id, datetime(2026, month, 31, 23, 59, tzinfo=UTC).timestamp())
    names = [one.name for one in found.months]
    assert names[-1] == f"2026-{month:02d}"
    assert names[0] == ("2025-02" if month == 1 else "2026-01")

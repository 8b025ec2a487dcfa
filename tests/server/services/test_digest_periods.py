"""Which day or week a digest is for, and at which hours it is mailed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from server.services.digest_periods import is_time, period_of


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("moment", "day", "week"),
    [
        ("2026-11-27T09:00:00+01:00", "2026-11-27", "2026-W48"),
        ("2026-11-26T23:30:00+00:00", "2026-11-27", "2026-W48"),  # by the time zone of this machine
        ("2026-11-29T23:59:00+01:00", "2026-11-29", "2026-W48"),
        ("2026-11-30T00:01:00+01:00", "2026-11-30", "2026-W49"),
        ("2027-01-01T12:00:00+01:00", "2027-01-01", "2026-W53"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25", "2026-W43"),  # the hour that there is twice
    ],
)
def test_the_period_of_a_moment(moment: str, day: str, week: str) -> None:
    assert (period_of("daily", at(moment)), period_of("weekly", at(moment))) == (day, week)


@pytest.mark.parametrize(
    ("moment", "good"),
    [("06:59", False), ("07:00", True), ("21:59", True), ("22:00", False), ("03:00", False)],
)
def test_nobody_is_woken(moment: str, *, good: bool) -> None:
    assert is_time(at(f"2026-11-27T{moment}:00+01:00")) == good
    assert is_time(at(f"2026-07-01T{moment}:00+02:00")) == good

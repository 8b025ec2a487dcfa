"""Times at the border."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clock import parse_rfc3339, rfc3339


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01t00:00:00.25z", 0.25),
        ("1970-01-01T00:00:00.123456789Z", 0.123456),
        ("1970-01-01T00:00:00.123456789+00:00", 0.123456),
        ("1970-01-01T01:00:00.1234567+01:00", 0.123456),
        ("2016-12-31T23:59:60Z", 1483228799.0),
        ("9999-12-31T23:59:59z", 253402300799.0),
    ],
)
def test_rfc_3339(written: str, seconds: float) -> None:
    assert parse_rfc3339(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026-11-20",
        "2026-11-20T08:15:00",
        "2026-13-20T08:15:00Z",
        "20261120T081500Z",
        "2026-11-20T08:15Z",
        "now",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_what_is_not_a_time_with_a_zone_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(written)


def test_the_ends_of_the_calendar_come_back() -> None:
    for written in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert rfc3339(parse_rfc3339(written)) == written


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_time_survives_the_way_out_and_back(microseconds: int) -> None:
    assert parse_rfc3339(rfc3339(microseconds / 1e6) or "") == microseconds / 1e6

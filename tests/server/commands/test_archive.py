"""`inkling archive` as an operator types it."""

from __future__ import annotations

import sys
import time

import pytest

from server.store import archived_events, events, papers, readers
from server.store.archived_events import month_after, month_of, month_start
from tests.server.store.test_archived_events import row


@pytest.fixture
def past(home):
    """A reader with an event in each of the last 15 months."""
    months = [month_after(month_of(time.time()), -number) for number in range(15, 0, -1)]
    with home.writing() as session:
        reader = readers.create(session, 1.0, reader_id="me")
        papers.add_stubs(session, {row(number)["paper_id"] for number in range(1, 16)}, 1.0)
        found = [row(number, received_at=month_start(month) + 5) for number, month in enumerate(months, 1)]
        events.add(session, [tuple({"reader_id": reader, **one}[name] for name in events._LOGGED) for one in found])
    return months


def test_months_are_archived_and_told(home, inkling, past, tmp_path):
    pytest.importorskip("pyarrow", reason="without pyarrow (tests/run installs requirements-spark.lock)")
    plan = inkling("archive", "--dry-run")
    assert plan.splitlines() == [f"{month}  1 events" for month in past[:3]] + [
        f"3 events before {past[3]} would be packed."
    ]
    assert not (tmp_path / "home" / "archive").exists()
    told = inkling("archive").splitlines()
    assert told[-1] == f"3 events before {past[3]} packed; 3 files written, 0 as they were."
    assert {path.name for path in (tmp_path / "home" / "archive").iterdir()} == {f"{m}.parquet" for m in past[:3]}
    assert "2 events" in inkling("archive", "--older-than", "10").splitlines()[-1]
    assert "0 events" in inkling("archive", "--before", past[2]).splitlines()[-1]
    with home.reading() as session:
        assert events.count(session, "me") == 15
    # The archive is a part of the database, and so of its backup.
    assert "15 events" in inkling("backup", str(tmp_path / "b.tar.gz"))
    inkling("restore", str(tmp_path / "b.tar.gz"), home=tmp_path / "new")
    assert "0 events" in inkling("archive", home=tmp_path / "new").splitlines()[-1]
    assert len(list((tmp_path / "new" / "archive").iterdir())) == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--before", "March"), "no month"),
        (("--before", "9999-01"), "are kept"),
        (("--older-than", "0"), "1<=x"),
        (("--before", "2020-01", "--older-than", "3"), "not both"),
    ],
)
def test_a_wrong_month_is_named(home, inkling, arguments, told):
    assert told in inkling("archive", *arguments, status=1 if told in ("no month", "are kept") else 2)


def test_without_pyarrow_nothing_is_moved(home, inkling, past, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "inkling[archive]" in inkling("archive", status=1)
    with home.reading() as session:
        assert sum(archived_events.counts_before(session, time.time()).values()) == 15

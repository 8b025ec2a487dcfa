"""The listing's days: each is asked for alone, and none keeps back another."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest

from server.errors import SourceUnavailable
from server.services import polling
from server.services.catalogue import health
from server.services.listing_days import fill_from_listing, lists_between, refused_lists
from server.services.papers import merge_source_papers
from server.services.polling import Progress
from server.sources.http import Stopped
from server.store import job_states, papers
from tests.server.conftest import sqlite_only
from tests.server.sources.listing_server import entry, refuse_day, status

TODAY = date(2026, 11, 20)


def iso(age):
    return (TODAY - timedelta(days=age)).isoformat()


@pytest.fixture
def source(source):
    source.days_only = True
    for age in range(40):
        source.days[iso(age)] = [entry(f"2611.{age:02d}{number:03d}") for number in range(2)]
    return source


def days_asked(source):
    return [query["date"] for _, query in source.asked if "date" in query]


def state(context, later=0.0):
    found = health(context, time.time() + later)["hf"]
    return found.status, found.reason


def make_due(database):
    """Let the time pass until every list is due again."""
    kept = Progress.load(database, "hf")
    later = {name: {**one, "due_at": 0.0} for name, one in kept.open_days.items()}
    replace(kept, open_days=later).save(database, "hf")


def count(database):
    with database.reading() as session:
        return papers.count(session)


def test_the_newest_day_comes_first(context, database, listing, source):
    progress = fill_from_listing(context, listing, days=5, today=TODAY)
    assert days_asked(source) == [iso(age) for age in range(5)]
    assert (progress.done, progress.total, count(database)) == (5, 5, 10)


def test_days_are_asked_again_while_upvotes_move_and_then_no_more(context, database, listing, source):
    fill_from_listing(context, listing, days=40, today=TODAY)
    kept = Progress.load(database, "hf")
    waits = {age: kept.open_days[iso(age)]["due_at"] - kept.open_days[iso(age)]["asked_at"] for age in range(31)}
    assert waits == {age: 3600.0 if age <= 2 else 86400.0 if age <= 7 else 3 * 86400.0 for age in range(31)}
    assert sorted(kept.settled) == sorted(iso(age) for age in range(31, 40))


def test_upvotes_that_moved_and_titles_that_changed_are_taken_over(context, database, listing, source):
    fill_from_listing(context, listing, days=30, today=TODAY)
    source.days[iso(20)] = [entry("2611.20000", upvotes=311, title="Another title"), entry("2611.20001")]
    make_due(database)
    fill_from_listing(context, listing, days=30, today=TODAY, only_due=True)
    with database.reading() as session:
        row = papers.rows(session, ["2611.20000"])["2611.20000"]
    assert (row["upvotes"], row["title"]) == (311, "Another title")


def test_of_a_paper_that_arxiv_described_upvotes_and_links_are_taken_and_its_text_stays(
    context, database, listing, source
):
    said = {"id": "2611.00000", "title": "arXiv's title", "abstract": "arXiv's abstract.", "authors": ["Emmy Noether"]}
    with database.writing() as session:
        merge_source_papers(session, "arxiv", [said], now=1.0)
    source.days[iso(0)] = [entry("2611.00000", upvotes=12, githubRepo="https://github.com/a/b")]
    fill_from_listing(context, listing, days=1, today=TODAY)
    with database.reading() as session:
        row = papers.rows(session, ["2611.00000"])["2611.00000"]
    assert {**row, **said} == row
    assert (row["upvotes"], row["code_url"], row["organization"]) == (12, "https://github.com/a/b", "An Institute")


def test_by_hand_what_still_gains_papers_is_asked_and_what_was_just_answered_is_not(context, database, listing, source):
    fill_from_listing(context, listing, days=5, today=TODAY)
    source.asked.clear()
    fill_from_listing(context, listing, days=5, today=TODAY + timedelta(days=1))
    assert days_asked(source) == ["2026-11-21", "2026-11-20", "2026-11-19", "2026-11-18"]
    assert count(database) == 10


def test_a_shorter_look_back_forgets_nothing_that_is_over_of_a_longer_one(context, listing, source):
    fill_from_listing(context, listing, days=38, today=TODAY)
    fill_from_listing(context, listing, days=3, today=TODAY)
    source.asked.clear()
    assert fill_from_listing(context, listing, days=38, today=TODAY).done == 38
    assert days_asked(source) == [iso(age) for age in range(31)]


DAYS_THAT_ARE_REFUSED = {
    "a date it holds to be future": status(400, b'{"error":"Invalid date: must be before 2026-11-20"}')(),
    "no such day": status(404, b'{"error":"no papers"}')(),
    "forbidden": status(403)(),
    "gone": status(410)(),
    "broken every time": status(500, b"<h1>500</h1>")(),
    "away every time": status(503)(),
    "no usable id": [entry("my-tech-report-2026")],
    "no title": [entry("2611.00001", title=None)],
    "strings": ["2611.00001"],
    "a page": status(200, b"<!doctype html>")(),
    "a dict": status(200, b'{"papers": []}')(),
    "too deep": status(200, b"[" * 100_000)(),
    "cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[{",
    "nothing at all": b"\0",
    "a redirect to elsewhere": status(302, Location="http://169.254.169.254/")(),
    "packed oddly": status(200, b"[]", Content_Encoding="gzip, gzip")(),
}


@pytest.mark.slow
@sqlite_only
@pytest.mark.parametrize(
    ("kind", "age"),
    [*((kind, 3) for kind in DAYS_THAT_ARE_REFUSED), ("no such day", 0), ("a page", 0), ("broken every time", 5)],
)
def test_a_day_that_is_refused_keeps_back_no_other_and_comes_later(context, database, listing, source, kind, age):
    answer, right = DAYS_THAT_ARE_REFUSED[kind], source.days[iso(age)]
    if isinstance(answer, list):
        source.days[iso(age)] = answer
    else:
        source.quirk = refuse_day(iso(age), answer)
    progress = fill_from_listing(context, listing, days=6, today=TODAY)
    assert (progress.done, count(database)) == (5, 10)
    assert list(refused_lists(progress)) == [iso(age)]
    kept = refused_lists(Progress.load(database, "hf"))
    assert kept[iso(age)].endswith(".")
    told = state(context)
    assert told[0] == "ok", told
    assert kept[iso(age)] in told[1]

    source.days[iso(age)], source.quirk = right, lambda *_: None
    source.asked.clear()
    fill_from_listing(context, listing, days=6, today=TODAY, only_due=True)
    assert days_asked(source) == [], "not before its time"
    assert fill_from_listing(context, listing, days=6, today=TODAY).done == 6
    assert iso(age) in days_asked(source)
    assert (count(database), state(context)) == (12, ("ok", None))


def test_a_day_that_stays_refused_is_asked_less_and_less(context, database, listing, source, monkeypatch):
    source.quirk = refuse_day(iso(4), status(404)())
    waits = []
    for _ in range(20):
        fill_from_listing(context, listing, days=6, today=TODAY)
        kept = Progress.load(database, "hf").open_days[iso(4)]
        waits.append(kept["due_at"] - kept["asked_at"])
    assert waits[0] == polling.FIRST_WAIT
    assert waits == sorted(waits)
    assert waits[-1] == waits[-2] == 86400.0


def test_what_is_due_is_asked_and_nothing_else(context, listing, source, monkeypatch):
    monkeypatch.setattr(polling, "FIRST_WAIT", 0.2)
    source.quirk = refuse_day(iso(4), status(404)())
    fill_from_listing(context, listing, days=6, today=TODAY, only_due=True)
    source.asked.clear()
    time.sleep(0.3)
    fill_from_listing(context, listing, days=6, today=TODAY, only_due=True)
    assert days_asked(source) == [iso(4)]


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [1, 5, 36])
@pytest.mark.parametrize("answer", [status(400)(), status(200, b"[]")()])
def test_a_clock_that_is_ahead_loses_nothing(context, database, listing, source, ahead, answer):
    """The listing does not know tomorrow yet: it refuses, or lists nothing. Then its papers come, and so do we."""
    there = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def today(_path, query):
        if query["date"] > TODAY.isoformat():
            return answer
        body = b"[]" if query["p"] != "0" else None
        return body and (200, {}, body)

    source.quirk = today
    source.date = format_datetime(there, usegmt=True)
    for _ in range(3):
        try:
            fill_from_listing(context, listing, days=40, today=TODAY + timedelta(days=ahead), only_due=True)
        except SourceUnavailable:
            continue
    known = 2 * (40 - ahead)
    assert count(database) == known
    # Nothing that can still change counts as over, by either clock.
    assert not set(Progress.load(database, "hf").settled) & {iso(age) for age in range(-ahead, 3)}
    for age in range(-ahead, 0):
        source.days[iso(age)] = [entry(f"2612.{-age:02d}001")]
    source.days[iso(0)].append(entry("2611.99999"))
    source.quirk, source.date = (lambda *_: None), None
    fill_from_listing(context, listing, days=40, today=TODAY + timedelta(days=ahead))
    assert count(database) == known + ahead + 1


def test_many_refused_lists_in_a_row_do_not_hide_the_good_ones_for_ever(context, database, listing, source):
    source.quirk = lambda _path, query: (400, {}, b"") if query["date"] >= iso(34) else None
    with pytest.raises(SourceUnavailable, match="Refused 30 times in a row"):
        fill_from_listing(context, listing, days=40, today=TODAY, only_due=True)
    assert len(source.asked) == polling.MAX_REFUSALS
    assert state(context)[0] == "degraded"
    fill_from_listing(context, listing, days=40, today=TODAY, only_due=True)
    assert count(database) == 10


def test_a_source_that_is_away_ends_the_round_and_says_why(context, database, listing, source):
    source.script = [status(200, b"[]")] * 3 + [status(429, Retry_After="3600")]
    with pytest.raises(SourceUnavailable):
        fill_from_listing(context, listing, days=6, today=TODAY)
    kept = Progress.load(database, "hf")
    assert (kept.done, len(source.asked)) == (3, 4)
    told = state(context)
    assert told == ("degraded", kept.reason)
    assert "left alone until 20" in kept.reason
    with pytest.raises(SourceUnavailable, match="left alone until"):
        fill_from_listing(context, listing, days=6, today=TODAY)
    assert len(source.asked) == 4, "not even a new process asks before that"


def test_empty_days_are_asked_again_less_and_less(context, database, listing, source):
    source.days[iso(4)] = []
    assert fill_from_listing(context, listing, days=6, today=TODAY).done == 6
    assert state(context) == ("ok", None)
    waits = []
    for _ in range(3):
        kept = Progress.load(database, "hf").open_days[iso(4)]
        waits.append(kept["due_at"] - kept["asked_at"])
        fill_from_listing(context, listing, days=6, today=TODAY)
    assert waits[0] >= 3600
    source.days[iso(4)] = [entry("2611.88888")]
    fill_from_listing(context, listing, days=6, today=TODAY)
    assert Progress.load(database, "hf").open_days[iso(4)]["tries"] == 0
    assert count(database) == 11


def test_a_listing_that_lists_nothing_at_all_is_late(context, listing, source):
    source.days.clear()
    fill_from_listing(context, listing, days=10, today=TODAY)
    assert state(context)[0] == "degraded"
    assert "nothing was listed in 10 days" in state(context)[1]


def test_how_far_the_first_fill_is_can_be_asked_and_later_refreshes_are_no_news(context, listing, source):
    seen = []

    def look(_path, _query):
        seen.append(state(context))

    source.quirk = look
    fill_from_listing(context, listing, days=4, today=TODAY)
    assert seen[0] == ("degraded", "not asked yet")
    assert seen[2] == ("degraded", "filling: 2 of 4 days")
    assert seen[4] == ("ok", None), "the days are here; the weeks and months come after them"
    assert state(context) == ("ok", None)
    seen.clear()
    for later in (0, 1, 2):
        fill_from_listing(context, listing, days=4, today=TODAY + timedelta(days=later))
    assert len(seen) > 6
    assert set(seen) == {("ok", None)}


def test_a_first_fill_after_a_short_look_is_a_first_fill(context, listing, source):
    seen = []
    fill_from_listing(context, listing, days=2, today=TODAY)
    assert state(context) == ("ok", None)
    source.quirk = lambda *_: seen.append(state(context))
    fill_from_listing(context, listing, days=6, today=TODAY)
    assert seen[3] == ("degraded", "filling: 3 of 6 days")
    assert state(context) == ("ok", None)


def test_a_home_filled_by_an_earlier_version_is_filled(context, database, listing):
    kept = {"total": 4, "done": 4, "settled": [iso(3)], "missing": {"2401.00001": 1.0}, "last_success_at": time.time()}
    with database.writing() as session:
        job_states.save(session, "source:hf", kept, 1.0)
    assert state(context) == ("ok", None)
    with database.writing() as session:
        job_states.save(session, "source:hf", {**kept, "done": 2, "new_in_a_later_version": 1}, 1.0)
    assert state(context) == ("degraded", "filling: 2 of 4 days")


def test_a_source_silent_for_a_day_is_late(context, listing, source):
    fill_from_listing(context, listing, days=1, today=TODAY)
    assert state(context, later=30 * 3600) == ("degraded", "no answer for 30 h")
    assert health(replace(context, settings=replace(context.settings, offline=True)), time.time()) == {}


def test_when_every_day_is_refused_that_is_said(context, listing, source):
    source.quirk = lambda *_: (403, {}, b"")
    fill_from_listing(context, listing, days=5, today=TODAY)
    assert state(context)[0] == "degraded"
    assert "5 of 5 days are refused" in state(context)[1]
    assert "403" in state(context)[1]


@sqlite_only
def test_however_many_days_are_refused_the_log_has_one_line(context, listing, source, caplog):
    source.quirk = lambda *_: (200, {}, b"<!doctype html>")
    with caplog.at_level(logging.INFO, "server"):
        fill_from_listing(context, listing, days=20, today=TODAY)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("server")]
    assert len(ours) == 1
    assert "20 of 20 days are refused, and asked for again; 2026-11-20: The papers listing did not answer" in ours[0]


def test_being_told_to_end_is_no_failure(context, database, listing, source, stop):
    stop.set()
    with pytest.raises(Stopped):
        fill_from_listing(context, listing, days=4, today=TODAY)
    assert Progress.load(database, "hf").reason is None


def test_the_listings_text_replaces_what_a_page_said(context, database, listing):
    with database.writing() as session:
        papers.add_stubs(session, ["2611.00000"], 1.0)
    fill_from_listing(context, listing, days=1, today=TODAY)
    with database.reading() as session:
        row = papers.rows(session, ["2611.00000"])["2611.00000"]
    assert (row["title"], row["source"]) == ("Title of 2611.00000", "hf")


def test_weeks_months_and_what_is_trending_are_asked_for_too(context, database, listing, source):
    source.days_only = False
    source.days["2026-11-02"].append(entry("2405.00001"))
    fill_from_listing(context, listing, days=3, today=TODAY)
    others = [query for _, query in source.asked if "date" not in query]
    assert [sorted(query.items())[-1] for query in others] == [
        ("sort", "trending"),
        ("week", "2026-W47"),
        ("p", "0"),
    ]
    assert others[2]["month"] == "2026-11"
    with database.reading() as session:
        assert papers.rows(session, ["2405.00001"])
    kept = Progress.load(database, "hf").open_days
    waits = [kept[name]["due_at"] - kept[name]["asked_at"] for name in ("trending", "2026-W47", "2026-11")]
    assert waits == [3600.0, 86400.0, 86400.0]


def test_lists_of_a_period_are_its_days_weeks_and_months():
    found = [one.name for one in lists_between(date(2026, 10, 30), date(2026, 11, 2), TODAY)]
    assert found == [
        *("2026-11-02", "2026-11-01", "2026-10-31", "2026-10-30"),
        *("2026-W45", "2026-W44"),
        *("2026-11", "2026-10"),
    ]
    assert [one.name for one in lists_between(TODAY, TODAY, TODAY)] == ["2026-11-20", "trending", "2026-W47", "2026-11"]


def test_any_period_can_be_filled_and_leaves_the_recent_days_alone(context, database, listing, source):
    fill_from_listing(context, listing, days=4, today=TODAY)
    source.asked.clear()
    filled = fill_from_listing(context, listing, days=7, until=TODAY - timedelta(days=33), today=TODAY)
    assert (filled.done, filled.total) == (7, 7)
    assert days_asked(source) == [iso(age) for age in range(33, 40)]
    assert count(database) == 22
    kept = Progress.load(database, "hf")
    assert (kept.done, kept.total, set(kept.open_days) >= {iso(age) for age in range(4)}) == (4, 4, True)
    assert state(context) == ("ok", None)
    source.asked.clear()
    assert fill_from_listing(context, listing, days=7, until=TODAY - timedelta(days=33), today=TODAY).done == 7
    assert days_asked(source) == []


def test_the_next_day_only_what_is_due_is_asked(context, database, listing, source, monkeypatch):
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    monkeypatch.setattr("server.services.listing_days.time.time", lambda: noon)
    fill_from_listing(context, listing, days=38, today=TODAY, only_due=True)
    source.asked.clear()
    tomorrow = TODAY + timedelta(days=1)
    source.days[tomorrow.isoformat()] = [entry("2611.99001"), entry("2611.99002")]
    monkeypatch.setattr("server.services.listing_days.time.time", lambda: noon + 86400)
    fill_from_listing(context, listing, days=38, today=tomorrow, only_due=True)
    assert days_asked(source) == [tomorrow.isoformat(), *(iso(age) for age in range(8))]
    source.asked.clear()
    fill_from_listing(context, listing, days=38, today=tomorrow, only_due=True)
    assert source.asked == [], "nor is anything asked twice"
    assert count(database) == 78


def test_killed_in_the_middle_it_goes_on_where_it_was(context, database, listing, source, stop):
    source.quirk = lambda _path, _query: stop.set() if len(source.asked) == 8 else None
    with pytest.raises(Stopped):
        fill_from_listing(context, listing, days=20, today=TODAY)
    answered = set(days_asked(source)[:7])
    stop.clear()
    source.asked.clear()
    source.quirk = lambda *_: None
    assert fill_from_listing(context, listing, days=20, today=TODAY, only_due=True).done == 20
    assert not answered & set(days_asked(source))
    assert count(database) == 40


def test_what_an_earlier_version_took_for_settled_is_asked_again_and_is_here_meanwhile(
    context, database, listing, source
):
    replace(Progress(), total=20, done=20, filled=20, settled=[iso(age) for age in range(3, 20)]).save(database, "hf")
    told = []
    source.quirk = lambda *_: told.append(state(context)[0])
    assert fill_from_listing(context, listing, days=20, today=TODAY, only_due=True).done == 20
    assert len(days_asked(source)) == 20
    assert set(told[3:]) == {"ok"}


STALE = "its answer for 2026-11-19 is, byte for byte, the one for 2026-11-18"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("ok", None)),
        ({0: []}, ("ok", None)),
        ({1: [], 0: []}, ("ok", None)),
        (
            {3: [], 2: [], 1: [], 0: []},
            ("degraded", "nothing new since 2026-11-16: 3 days without papers on which it has some"),
        ),
        ({1: 2, 0: []}, ("degraded", STALE)),
        ({0: 1}, ("ok", None)),
        (
            dict.fromkeys(range(40), 39),
            ("degraded", "its answer for 2026-10-13 is, byte for byte, the one for 2026-10-12"),
        ),
    ],
    ids=[
        "a usual day",
        "not out yet",
        "a quiet day",
        "three quiet days",
        "a stale day",
        "a stale morning",
        "a frozen cache",
    ],
)
def test_a_quiet_day_is_told_from_a_broken_listing(context, database, listing, source, changes, told, monkeypatch):
    for age in range(40):
        if (TODAY - timedelta(days=age)).weekday() >= 5:
            source.days[iso(age)] = []
    before = dict(source.days)
    for age, instead in changes.items():
        source.days[iso(age)] = before[iso(instead)] if isinstance(instead, int) else instead
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    monkeypatch.setattr("server.services.listing_days.time.time", lambda: noon)
    fill_from_listing(context, listing, days=40, today=TODAY)
    found = health(context, noon)["hf"]
    assert (found.status, found.reason) == told


def test_what_is_trending_without_a_change_is_a_stale_cache(context, listing, source, monkeypatch):
    noon = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
    for later in (0, 1, 2):
        monkeypatch.setattr("server.services.listing_days.time.time", lambda later=later: noon + later * 86400)
        fill_from_listing(context, listing, days=3, today=date(2026, 11, 18) + timedelta(days=later), only_due=True)
    found = health(context, noon + 2 * 86400)["hf"]
    assert (found.state, found.reason) == ("stale", "the same answer, byte for byte, since 2026-11-18")

"""Filling years from arXiv's OAI-PMH: whole, once, at any interruption, from an archive that misbehaves."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.errors import SourceUnavailable
from server.services import bulk_fill, polling
from server.services.bulk_fill import Fill, FillState, fill_patiently
from server.services.papers import merge_source_papers
from server.services.polling import Progress
from server.sources.arxiv_oai import ArxivOai
from server.sources.http import Stopped
from server.store import papers
from tests.long.arxiv_fill import run_fill
from tests.server.conftest import sqlite_only
from tests.server.sources.arxiv_server import Record, arxiv_server, make_records, oai_error
from tests.server.sources.listing_server import status

SINCE = date(2026, 1, 1)
FILL = Fill(("cs.LG", "stat.ML"), SINCE, date(2026, 3, 31))


@pytest.fixture
def source(socket_enabled):
    with arxiv_server(make_records(90, SINCE, 90, categories=["cs.LG", "stat.ML", "hep-th"]), page=7) as server:
        yield server


@pytest.fixture
def oai(asked, stop, monkeypatch):
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.01)
    monkeypatch.setattr(polling, "FIRST_WAIT", 0.01)
    found = ArxivOai(asked, stop=stop, pace=0.0)
    yield found
    found.close()


@pytest.fixture
def run(context, oai, stop):
    def run(fill=FILL, on_progress=lambda _reached: None):
        return fill_patiently(context, oai, fill, stop, on_progress)

    return run


def rows(database):
    with database.reading() as session:
        return {row["id"]: row for rows in papers.for_catalogue(session) for row in rows}


def wanted(source, *categories):
    return {record.id for record in source.records if record.categories[0] in (categories or FILL.categories)}


def test_a_fill_brings_every_paper_of_its_categories_once(run, database, source):
    state = run()
    assert set(rows(database)) == wanted(source)
    assert (state.papers, state.place, state.refused) == (60, 2, {})
    assert {query.get("set") for _, query in source.asked} == {"cs:cs:LG", "stat:stat:ML", None}


def test_doing_it_again_asks_only_for_what_has_changed_since(run, database, source):
    run()
    before, asked = rows(database), len(source.asked)
    run()
    assert rows(database) == before
    assert len(source.asked) == asked + 2, "the last days of each set"


@sqlite_only
def test_a_fill_killed_at_any_page_goes_on_from_there(run, database, source):
    class Killed(BaseException):
        pass

    pages = []

    def die(reached):
        pages.append(reached.papers)
        if len(pages) % 3 == 0:
            raise Killed

    ends = 0
    while True:
        try:
            run(on_progress=die)
            break
        except Killed:
            ends += 1
    assert ends > 3
    assert set(rows(database)) == wanted(source)
    assert len(source.asked) == len(pages), "no page was asked for twice"


@sqlite_only
def test_a_fill_up_to_today_that_goes_on_days_later_ends_at_that_day(run, database, source, monkeypatch):
    class Killed(BaseException):
        pass

    def die(reached):
        if reached.papers > 35:
            raise Killed

    endless = replace(FILL, until=None)
    monkeypatch.setattr(bulk_fill, "datetime", clock_at(date(2026, 3, 1)))
    with pytest.raises(Killed):
        run(endless, on_progress=die)
    monkeypatch.setattr(bulk_fill, "datetime", clock_at(date(2026, 4, 2)))
    state = run(endless)
    assert set(rows(database)) == wanted(source)
    assert (state.last, state.place, state.papers) == ("2026-04-02", 2, 60)


def clock_at(day):
    """Return a `datetime` whose `now` is in the middle of a day."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(day.year, day.month, day.day, 12, tzinfo=tz)

    return Clock


def test_papers_of_other_days_are_not_taken_but_known_ones_are_brought_up_to_date(run, database, source):
    old, other = Record("1501.00001", date(2015, 1, 5), date(2026, 2, 2)), Record("1501.00002", date(2015, 1, 5), SINCE)
    source.records += [replace(old, title="A new title", doi="10.1/x"), other]
    with database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": old.id, "title": "An old title", "abstract": "x"}], now=1.0)
    run()
    found = rows(database)
    assert found[old.id]["title"] == "A new title"
    assert other.id not in found


def test_a_record_that_arxiv_has_deleted_is_withdrawn_where_it_is_known(run, database, source):
    known, unknown = source.records[0], source.records[1]
    source.records[:2] = [replace(known, deleted=True), replace(unknown, deleted=True)]
    with database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": known.id, "title": "A title", "abstract": "x"}], now=1.0)
    run()
    with database.reading() as session:
        found = papers.rows(session, [known.id, unknown.id])
    assert (found[known.id]["withdrawn"], found[known.id]["title"]) == (True, "A title")
    assert unknown.id not in found


@sqlite_only
def test_an_expired_token_begins_its_list_again_and_no_other(run, database, source):
    expired = []

    def quirk(_path, query):
        if "resumptionToken" in query and len(expired) < 2:
            expired.append(query)
            source.expire_tokens()

    source.quirk = quirk
    run()
    assert set(rows(database)) == wanted(source)
    assert len(expired) == 2


@sqlite_only
@pytest.mark.parametrize(
    "trouble",
    [
        status(200, b"<html><body>Just a moment</body></html>"),
        status(200, b"<OAI-PMH><ListRecords>"),
        status(200, b'<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><f>&b;</f>'),
        status(503, Retry_After="0"),
        status(429),
        status(500),
        lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<OAI-PMH",
    ],
    ids=["a page of HTML", "malformed", "a bomb", "503", "429", "500", "cut off"],
)
def test_passing_trouble_costs_no_paper(run, database, source, trouble):
    source.script = [trouble]
    run()
    assert set(rows(database)) == wanted(source)


@sqlite_only
def test_a_day_that_is_refused_keeps_no_other_day_and_is_asked_for_again(run, database, source):
    bad = date(2026, 2, 10)

    def quirk(_path, query):
        if query.get("set") == "cs:cs:LG" and date.fromisoformat(query["from"]) <= bad <= date.fromisoformat(
            query["until"]
        ):
            return 200, {}, oai_error("badArgument", "an internal error")

    source.quirk = quirk
    state = run()
    lost = {record.id for record in source.records if record.changed == bad and record.categories == ("cs.LG",)}
    assert set(rows(database)) == wanted(source) - lost
    assert list(state.refused) == ["cs:cs:LG 2026-02-10"]
    assert "internal error" in state.refused["cs:cs:LG 2026-02-10"]
    source.quirk = lambda *_: None
    assert run().refused == {}
    assert set(rows(database)) == wanted(source)


@sqlite_only
def test_a_pause_that_arxiv_asks_for_is_waited_out_and_told_to_the_others(run, context, database, oai, source, stop):
    source.script = [status(503, Retry_After="3600")]
    held = threading.Event()

    def look():
        while not held.is_set():
            if Progress.load(database, "arxiv").held_until > time.time() + 3000:
                held.set()
                stop.set()
            time.sleep(0.02)

    watch = threading.Thread(target=look)
    watch.start()
    with pytest.raises(Stopped, match="run it again to go on"):
        run()
    watch.join()
    assert len(source.asked) == 1


@sqlite_only
def test_an_archive_that_is_away_is_given_up_in_the_end(run, context, source, monkeypatch):
    monkeypatch.setattr(bulk_fill, "MAX_FAILURES", 2)
    source.quirk = lambda *_: (429, {}, b"")
    with pytest.raises(SourceUnavailable, match="status 429"):
        run()


@sqlite_only
def test_a_token_that_leads_nowhere_is_not_followed_for_ever(run, source, monkeypatch):
    monkeypatch.setattr(bulk_fill, "PAGE_TRIES", 1)
    query = {"verb": "ListRecords", "set": "cs:cs:LG", "from": "2026-01-01", "until": "2026-01-31"}
    first = source.oai(query)
    source.quirk = lambda _path, _query: (200, {}, first)
    monkeypatch.setattr(bulk_fill, "MAX_FAILURES", 0)
    with pytest.raises(SourceUnavailable, match="same resumption token again"):
        run()


@sqlite_only
def test_the_time_left_is_told_once_there_is_something_to_tell_it_from(run, source):
    told = []
    run(on_progress=told.append)
    assert all(reached.seconds_left is None for reached in told[: bulk_fill.FIRST_ESTIMATE - 1])
    assert told[-1].seconds_left == 0
    shares = [reached.done / reached.total for reached in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(reached.seconds_left for reached in told)


def test_what_is_filled_is_named_by_what_was_asked_for(context, run, source):
    run()
    assert FillState.load(context, replace(FILL, categories=("stat.ML", "cs.LG")))
    assert FillState.load(context, replace(FILL, categories=("cs.LG",))) is None
    open_end = replace(FILL, until=None)
    today = datetime.now(UTC).date().isoformat()
    assert run(open_end).last == today


@pytest.mark.slow
def test_a_fill_whose_process_is_killed_twice_is_whole(socket_enabled):
    """A sample of `python -m tests.long.arxiv_fill`."""
    outcome = run_fill(1500)
    assert (outcome.missing, outcome.extra, outcome.wrong_titles) == (0, 0, 0)
    assert outcome.under_way == outcome.found > 1400

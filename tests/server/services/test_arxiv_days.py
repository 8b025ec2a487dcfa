"""arXiv's categories followed day by day, from an archive that misbehaves."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from server.errors import SourceUnavailable
from server.services import arxiv_days
from server.services.arxiv_days import NAME, WEEKS, fill_categories, met_categories
from server.services.catalogue import health
from server.services.library import log_all
from server.services.papers import merge_source_papers
from server.services.polling import Progress
from server.sources.arxiv import Arxiv
from server.sources.arxiv_rss import ArxivRss
from server.store import papers, readers
from tests.server.conftest import sqlite_only
from tests.server.sources.arxiv_server import arxiv_server, make_records, rss_feed
from tests.server.sources.listing_server import status

TODAY = date(2026, 11, 27)
CATEGORIES = ("cs.LG", "stat.ML")


@pytest.fixture
def source(socket_enabled):
    records = make_records(200, TODAY - timedelta(days=100), 100, categories=[*CATEGORIES, "hep-th"])
    with arxiv_server(records, page=50) as server:
        yield server


@pytest.fixture
def clients(asked, stop, monkeypatch):
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.01)
    found = ArxivRss(asked, stop=stop, pace=0.0), Arxiv(asked, stop=stop, pace=0.0)
    yield found
    for client in found:
        client.close()


@pytest.fixture
def run(context, clients):
    def run(*, today=TODAY, categories=CATEGORIES, **more):
        return fill_categories(context, *clients, categories=categories, today=today, **more)

    return run


def known(database):
    with database.reading() as session:
        return {row["id"]: row for rows in papers.for_catalogue(session) for row in rows}


FIRST = TODAY - timedelta(days=TODAY.weekday() + 7 * (WEEKS - 1))


def expected(source):
    return {r.id for r in source.records if r.categories[0] in CATEGORIES and r.created >= FIRST}


def paths(source, start=0):
    return [path if path.startswith("/rss") else query["search_query"] for path, query in source.asked[start:]]


def test_a_first_fill_brings_the_day_and_the_last_weeks_of_each_category(run, database, source):
    progress = run()
    assert expected(source) <= set(known(database))
    assert not {one for one in known(database) if one in {r.id for r in source.records if r.categories == ("hep-th",)}}
    assert (progress.done, progress.total) == (2 * WEEKS, 2 * WEEKS)
    assert paths(source)[:2] == ["/rss/cs.LG", "/rss/stat.ML"]
    assert len(source.asked) == 2 + 2 * WEEKS


@sqlite_only
def test_what_is_not_due_is_not_asked_for_and_the_next_day_is_new(run, database, source):
    run(only_due=True)
    asked = len(source.asked)
    run(only_due=True)
    assert len(source.asked) == asked
    source.today = TODAY + timedelta(days=3)
    source.records += [replace(source.records[0], id="2611.90001", created=TODAY, changed=source.today)]
    make_due(database)
    run(today=source.today, only_due=True)
    assert "2611.90001" in known(database)
    searched = [one for one in paths(source, asked) if one.startswith("cat:")]
    assert len(searched) == 2 * 3, "the weeks that may still change, and the new one"


def make_due(database):
    """Let the time pass that everything has to wait."""
    progress = Progress.load(database, NAME)
    open_days = {name: {**kept, "due_at": 0.0} for name, kept in progress.open_days.items()}
    replace(progress, open_days=open_days).save(database, NAME)


@sqlite_only
def test_a_fill_killed_in_the_middle_goes_on_from_there(run, database, source):
    class Killed(BaseException):
        pass

    def die(done, _total):
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        run(on_progress=die, only_due=True)
    asked = len(source.asked)
    run(only_due=True)
    assert len(source.asked) == asked + 2 * WEEKS - 5
    assert expected(source) <= set(known(database))


def test_a_replaced_paper_is_brought_up_to_date_where_it_is_known_and_not_taken_where_it_is_not(run, database, source):
    old = replace(source.records[0], id="1501.00001", changed=TODAY, kind="replace", title="A better title")
    source.records += [old, replace(old, id="1501.00002")]
    with database.writing() as session:
        said = {"id": old.id, "title": "A title", "abstract": "x", "published_at": 1.42e9}
        merge_source_papers(session, "arxiv", [said], now=1.0)
    source.records = [record for record in source.records if record.changed == TODAY]
    run()
    found = known(database)
    assert (found[old.id]["title"], found[old.id]["published"]) == ("A better title", 1.42e9)
    assert "1501.00002" not in found


@sqlite_only
@pytest.mark.parametrize(
    "trouble",
    [
        status(200, b"<html><body>Just a moment</body></html>"),
        status(200, b"<rss><channel>"),
        status(404),
        lambda: (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
        ),
    ],
    ids=["a page of HTML", "malformed", "not found", "garbled"],
)
def test_a_feed_or_week_that_is_refused_is_told_and_holds_up_no_other(run, database, source, trouble):
    bad = TODAY - timedelta(days=TODAY.weekday() + 21)

    def quirk(path, query):
        at = path == "/rss/cs.LG" or f"cat:cs.LG AND submittedDate:[{bad:%Y%m%d}" in query.get("search_query", "")
        return trouble() if at else None

    source.quirk = quirk
    progress = run()
    assert set(arxiv_days.refused(progress, CATEGORIES)) == {"cs.LG", f"cs.LG {bad}"}
    assert progress.done == progress.total - 1
    source.quirk = lambda *_: None
    assert arxiv_days.refused(progress, ["stat.ML"]) == {}
    assert arxiv_days.refused(run(), CATEGORIES) == {}
    assert expected(source) <= set(known(database))


@sqlite_only
def test_a_pause_that_arxiv_asks_for_ends_the_round_and_holds_over_a_restart(run, database, source):
    source.script = [status(503, Retry_After="3600")]
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="left alone until"):
            run()
    assert len(source.asked) == 1
    assert Progress.load(database, NAME).held_until > time.time() + 3000


@sqlite_only
def test_a_quiet_day_is_no_trouble_and_a_feed_that_stays_as_it_is_is_asked_again(run, context, database, source):
    stale = rss_feed("cs.LG", TODAY - timedelta(days=1), [])
    source.quirk = lambda path, _query: (200, {}, stale) if path.startswith("/rss/") else None
    run()
    kept = Progress.load(database, NAME).open_days["cs.LG"]
    assert kept["due_at"] - kept["asked_at"] == arxiv_days.ASK_FEED_EVERY
    assert health(context, time.time())["arxiv"].status == "ok"


@sqlite_only
def test_the_day_counts_its_new_papers_once(run, database, source):
    source.today = TODAY
    source.records = [replace(source.records[0], id=f"2611.0000{n}", created=TODAY, changed=TODAY) for n in range(3)]
    for _ in range(2):
        run()
    assert Progress.load(database, NAME).days[TODAY.isoformat()][0] == 3


@sqlite_only
@pytest.mark.parametrize("hour", [1, 4, 6, 12, 23])
@pytest.mark.parametrize("every", [1, 7])
def test_a_healthy_arxiv_is_fine_for_a_machine_that_runs_at_any_hour(
    run, context, database, source, monkeypatch, hour, every
):
    """A feed bears the day in New York, where a machine's first hours of a day in UTC are still yesterday's."""
    first = datetime(2026, 8, 31, hour, tzinfo=UTC)
    counts = {}
    for ahead in range(0, 50, every):
        now = first + timedelta(days=ahead)
        day = source.today = (now - timedelta(hours=5)).date()
        counts[day] = 3 if day.weekday() < 5 else 0
        fresh = [f"{day:%y%m}.{day.day:02d}{n:03d}" for n in range(counts[day])]
        source.records = [replace(source.records[0], id=name, created=day, changed=day) for name in fresh] or [
            replace(source.records[0], id="2401.00001", created=FIRST, changed=FIRST)
        ]
        monkeypatch.setattr(time, "time", now.timestamp)
        run(today=None, only_due=True, categories=["cs.LG"])
        assert health(context, now.timestamp())["arxiv"].status == "ok", now
    told = {day: count for day, (count, _) in Progress.load(database, NAME).days.items() if count}
    assert told == {day.isoformat(): count for day, count in counts.items() if count}


@sqlite_only
def test_an_arxiv_that_gives_an_old_feed_for_days_is_silent(run, context, database, source, monkeypatch):
    source.today = TODAY
    source.records = [replace(source.records[0], id="2611.00001", created=TODAY, changed=TODAY)]
    states = []
    for ahead in range(10):
        now = datetime(2026, 11, 27, 2, tzinfo=UTC) + timedelta(days=1 + ahead)
        monkeypatch.setattr(time, "time", now.timestamp)
        run(today=None, only_due=True, categories=["cs.LG"])
        states.append(health(context, now.timestamp())["arxiv"].state)
    assert (states[0], states[-1]) == ("ok", "silent")


@sqlite_only
def test_a_round_for_one_category_by_hand_leaves_the_others_settled(run, database, source):
    run()
    asked = len(source.asked)
    run(categories=["hep-th"])
    assert len(source.asked) == asked + 1 + WEEKS
    asked = len(source.asked)
    progress = run(only_due=True)
    assert len(source.asked) == asked
    assert (progress.done, progress.total) == (2 * WEEKS, 2 * WEEKS)


@sqlite_only
def test_what_is_too_old_to_be_asked_for_is_forgotten(run, database, source):
    run(categories=["hep-th"])
    run(today=TODAY + timedelta(weeks=2))
    kept = Progress.load(database, NAME)
    mondays = {name.split()[1] for name in (*kept.settled, *kept.open_days) if name.startswith("hep-th ")}
    assert min(mondays) == (FIRST + timedelta(weeks=2)).isoformat()


def test_the_categories_are_those_whose_papers_readers_met(context, database):
    with database.writing() as session:
        reader = readers.create(session, 1.0)
        primary = {"2401.00001": "cs.LG", "2401.00002": "cs.LG", "2401.00003": "hep-th", "2401.00004": "odd one"}
        for name, category in {**primary, "2401.00005": "math.AG"}.items():
            said = {"id": name, "title": "A title", "categories": [category, "stat.ML"]}
            merge_source_papers(session, "arxiv", [said], now=1.0)
    assert met_categories(context) == []
    log_all(context, reader, list(primary), "save", context.now())
    assert met_categories(context) == ["cs.LG", "hep-th"]

"""The catalogue is kept full from real HTTP sources, each on its own."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

import pytest

from server.services import catalogue, polling
from server.services.catalogue import Sources, follow, health
from server.services.polling import Progress
from server.services.source_health import STATES, Health
from server.sources.arxiv_rss import ArxivRss
from server.store import papers
from tests.server.conftest import sqlite_only
from tests.server.sources.listing_server import atom_entry, entry

NAME = "2401.00001"


@pytest.fixture
def source(source):
    source.papers = {NAME: atom_entry(NAME)}
    source.days[datetime.now(UTC).date().isoformat()] = [entry("2611.00001")]
    return source


@pytest.fixture
def sources(asked, stop, listing, archive):
    feeds = ArxivRss(asked, stop=stop, pace=0.0)
    yield Sources(listing, archive, feeds, archive)
    feeds.close()


@pytest.fixture
def following(context, database, sources, stop):
    """Follow the sources, with a paper to ask for, until the end of the test."""
    with database.writing() as session:
        papers.add_stubs(session, [NAME], 1.0)
    thread = threading.Thread(target=follow, args=(context, sources, stop), kwargs={"every": 0.05})
    thread.start()
    yield thread
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def until(true):
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


@sqlite_only
@pytest.mark.parametrize("kind", ["slow", "refusing", "away", "wanting to be left alone"])
def test_a_listing_in_trouble_does_not_keep_the_archive_waiting(request, database, source, kind):
    hung = threading.Event()

    def trouble(path, _query):
        if path != "/api/daily_papers":
            return None
        if kind == "slow":
            hung.wait(20)
        return {"refusing": (403, {}, b""), "wanting to be left alone": (503, {"Retry-After": "3600"}, b"")}.get(
            kind, (429, {}, b"")
        )

    source.quirk = trouble
    request.getfixturevalue("following")
    filled = until(lambda: Progress.load(database, "arxiv").done == 1)
    hung.set()
    assert filled


@sqlite_only
def test_an_archive_in_trouble_does_not_keep_the_listing_waiting(context, request, database, source):
    source.quirk = lambda path, _query: (503, {"Retry-After": "3600"}, b"") if path == "/api/query" else None
    request.getfixturevalue("following")
    assert until(lambda: Progress.load(database, "hf").filled)
    assert until(lambda: Progress.load(database, "arxiv").held_until > time.time())
    assert sum(path == "/api/query" for path, _ in source.asked) == 1
    told = health(context, time.time())
    assert (told["hf"].status, told["hf"].reason) == ("ok", None)
    assert "left alone until" in told["arxiv"].reason


@pytest.mark.slow
@sqlite_only
def test_what_comes_meanwhile_is_asked_for_and_what_waits_is_not(following, database, source):
    assert until(lambda: Progress.load(database, "arxiv").done == 1)
    assert until(lambda: Progress.load(database, "hf").filled)
    asked = len(source.asked)
    source.papers["2401.00002"] = atom_entry("2401.00002")
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00002"], 2.0)
    assert until(lambda: Progress.load(database, "arxiv").done == 2)
    assert len(source.asked) == asked + 1, "the listing's days are not due again"
    assert polling.POLL_INTERVAL <= 60


@sqlite_only
def test_a_change_of_a_sources_health_is_logged_once(context, monkeypatch, caplog):
    told, states = {}, iter(["filling", "ok", "quiet", "silent", "silent", "silent", "stale", "failing", "ok", "ok"])
    monkeypatch.setattr(catalogue, "health", lambda *_: {"hf": Health(next(states), "for a reason")})
    with caplog.at_level(logging.INFO):
        for _ in range(10):
            catalogue._ask_and_tell(context, "hf", lambda: None, told)
    assert [record.getMessage() for record in caplog.records] == [
        "catalogue: hf is silent: for a reason",
        "catalogue: hf is stale: for a reason",
        "catalogue: hf is well again",
    ]


@sqlite_only
def test_readers_are_told_of_what_brings_them_nothing_and_not_of_a_quiet_day(context, monkeypatch):
    monkeypatch.setattr(catalogue, "health", lambda *_: {state: Health(state) for state in STATES})
    assert set(catalogue.late_sources(context, 0.0)) == {"failing", "stopped", "stale", "silent"}

"""The catalogue fills from a real HTTP source, goes on where it stopped, and says how far it is."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta

import pytest

from server.config import Settings
from server.errors import SourceUnavailable
from server.services import catalogue
from server.services.catalogue import Progress, fill_from_archive, fill_from_listing, follow, states
from server.services.papers import take_cards
from server.sources.arxiv import Arxiv
from server.sources.http import Stopped
from server.sources.huggingface import HuggingFace
from server.store import job_states, papers
from tests.server.sources.listing_server import atom_entry, entry, listing_server, status

TODAY = date(2026, 11, 20)


@pytest.fixture
def source(socket_enabled):
    with listing_server() as server:
        for age in range(6):
            day = TODAY - timedelta(days=age)
            server.days[day.isoformat()] = [entry(f"2611.{age}{number:04d}") for number in range(2)]
        yield server


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def asked(tmp_path, source):
    environ = {"INKLING_HOME": str(tmp_path), "INKLING_HF_URL": source.url, "INKLING_ARXIV_URL": source.url}
    return Settings.from_environment(environ)


@pytest.fixture
def listing(asked, stop, monkeypatch):
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.01)
    found = HuggingFace(asked, stop=stop, pace=0.0)
    yield found
    found.close()


@pytest.fixture
def archive(asked, stop):
    found = Arxiv(asked, stop=stop, pace=0.0)
    yield found
    found.close()


def days_asked(source):
    return [query["date"] for _, query in source.asked]


def count(database):
    with database.reading() as session:
        return papers.count(session)


def test_the_newest_day_comes_first(database, listing, source):
    progress = fill_from_listing(database, listing, days=5, today=TODAY)
    assert days_asked(source) == [(TODAY - timedelta(days=age)).isoformat() for age in range(5)]
    assert (progress.done, progress.total, count(database)) == (5, 5, 10)


def test_settled_days_are_not_asked_again_and_recent_ones_are(database, listing, source):
    fill_from_listing(database, listing, days=5, today=TODAY)
    source.asked.clear()
    fill_from_listing(database, listing, days=5, today=TODAY + timedelta(days=1))
    assert days_asked(source) == ["2026-11-21", "2026-11-20", "2026-11-19", "2026-11-18"]
    assert count(database) == 10


def test_it_goes_on_where_a_failing_source_stopped_it(database, listing, source):
    source.script = [status(200, b"[]")] * 3 + [status(404)]
    with pytest.raises(SourceUnavailable):
        fill_from_listing(database, listing, days=6, today=TODAY)
    kept = Progress.read(database, "hf")
    assert kept.done == 3
    assert "404" in kept.reason
    assert states(database, time.time(), offline=False)["hf"][0] == "degraded"
    source.asked.clear()
    fill_from_listing(database, listing, days=6, today=TODAY)
    assert days_asked(source)[-1] == "2026-11-15"
    assert states(database, time.time(), offline=False)["hf"] == ("ok", None)


def test_how_far_it_is_can_be_asked_meanwhile(database, listing, source):
    seen = []
    answer = source.answer

    def look(path, query):
        seen.append(states(database, time.time(), offline=False)["hf"])
        return answer(path, query)

    source.answer = look
    fill_from_listing(database, listing, days=4, today=TODAY)
    assert seen[0] == ("degraded", "not asked yet")
    assert seen[2] == ("degraded", "filling: 2 of 4 days")


def test_being_told_to_end_is_no_failure(database, listing, source, stop):
    stop.set()
    with pytest.raises(Stopped):
        fill_from_listing(database, listing, days=4, today=TODAY)
    assert Progress.read(database, "hf").reason is None


def test_the_listings_text_replaces_what_a_page_said(database, listing):
    with database.writing() as session:
        papers.add_stubs(session, ["2611.00000"], 1.0)
    fill_from_listing(database, listing, days=1, today=TODAY)
    with database.reading() as session:
        row = papers.rows(session, ["2611.00000"])["2611.00000"]
    assert (row["title"], row["source"]) == ("Title of 2611.00000", "hf")


def test_papers_known_by_id_alone_are_asked_of_arxiv_once(database, archive, source):
    source.papers = {name: atom_entry(name) for name in ("2401.00001", "2401.00002")}
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00001", "2401.00002", "2401.00404"], 1.0)
    assert fill_from_archive(database, archive) == 2
    assert fill_from_archive(database, archive) == 0
    assert len(source.asked) == 1
    with database.reading() as session:
        assert papers.without_text(session, 10) == ["2401.00404"]


def test_a_paper_whose_page_gave_no_abstract_is_asked_of_arxiv(database, archive, source):
    source.papers = {"2401.00001": atom_entry("2401.00001")}
    card = {"id": "2401.00001", "title": "Title as arXiv's list of recent papers has it"}
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00001"], 1.0)
        take_cards(session, "reader", [card], confirm=False, now=1.0)
    with database.reading() as session:
        assert papers.rows(session, ["2401.00001"])["2401.00001"]["title"] == card["title"]
    assert fill_from_archive(database, archive) == 1
    with database.reading() as session:
        assert papers.rows(session, ["2401.00001"])["2401.00001"]["abstract"]


def test_many_unknown_papers_are_asked_in_few_requests(database, archive, source):
    names = [f"2401.{number:05d}" for number in range(250)]
    source.papers = {name: atom_entry(name) for name in names}
    with database.writing() as session:
        papers.add_stubs(session, names, 1.0)
    assert fill_from_archive(database, archive) == 250
    assert len(source.asked) == 3


def test_one_failing_source_does_not_keep_the_other_waiting(database, listing, archive, source, stop, monkeypatch):
    monkeypatch.setattr(catalogue, "DAYS", 2)
    source.papers = {"2401.00001": atom_entry("2401.00001")}
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00001"], 1.0)
    source.script = [status(403)]
    thread = threading.Thread(target=follow, args=(database, listing, archive, stop), kwargs={"every": 60})
    thread.start()
    deadline = time.monotonic() + 10
    while Progress.read(database, "arxiv").done < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert Progress.read(database, "arxiv").done == 1
    assert "403" in Progress.read(database, "hf").reason


def test_a_source_silent_for_a_day_is_stale(database, listing):
    fill_from_listing(database, listing, days=1, today=TODAY)
    later = time.time() + 30 * 3600
    assert states(database, later, offline=False)["hf"] == ("degraded", "no answer for 30 h")
    assert states(database, later, offline=True) == {}


def test_progress_of_a_later_version_is_still_read(database):
    with database.writing() as session:
        job_states.put(session, "source:hf", {"total": 9, "done": 3, "new_in_a_later_version": 1}, 1.0)
    assert Progress.read(database, "hf").done == 3

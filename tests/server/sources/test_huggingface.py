"""The listing's API, read with care."""

from __future__ import annotations

import json
from datetime import date

import pytest

from server.errors import SourceRefused
from server.sources.huggingface import HuggingFace, PaperList, parse_entry
from tests.server.sources.listing_server import entry, status

DAY = PaperList.of_day(date(2026, 11, 18))


@pytest.fixture
def listing(settings):
    found = HuggingFace(settings, pace=0.0)
    yield found
    found.close()


def test_a_days_papers_are_read_whole(listing, source):
    source.days["2026-11-18"] = [entry("2611.00001"), entry("2611.00002", upvotes=0)]
    first, second = listing.papers(DAY).papers
    assert first.id == "2611.00001"
    assert first.title == "Title of 2611.00001"
    assert first.authors == ["Ada Lovelace", "Alan Turing"]
    assert first.organization == "An Institute"
    assert first.published_at == 1795003200.0
    assert (first.upvotes, second.upvotes) == (7, 0)


def test_days_with_many_papers_are_read_page_by_page(listing, source):
    source.days["2026-11-18"] = [entry(f"2611.{number:05d}") for number in range(230)]
    assert len(listing.papers(DAY).papers) == 230
    assert [query["p"] for _, query in source.asked] == ["0", "1", "2"]


def test_a_source_that_repeats_itself_is_not_asked_for_ever(listing, source):
    same = status(200, json.dumps([entry(f"2611.{number:05d}") for number in range(100)]).encode())
    source.script = [same] * 50
    assert len(listing.papers(DAY).papers) == 100
    assert len(source.asked) == 2


def test_a_day_without_a_listing_has_no_papers(listing):
    assert listing.papers(PaperList.of_day(date(2026, 11, 15))).papers == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>sign in to the wifi</title>",
        b"\xff\xfe",
        b'{"error": "x"}',
        b'{"papers": []}',
        b"null",
        b'"papers"',
        b"[1, 2",
        b"[" * 200_000,
        b'[{"a":' * 50_000,
        b"[" + b"9" * 20_000 + b"]",
    ],
    ids=lambda body: body[:12],
)
def test_an_answer_that_is_no_list_is_an_error(listing, source, body):
    source.script = [status(200, body)]
    with pytest.raises(SourceRefused, match="did not answer with"):
        listing.papers(DAY)


@pytest.mark.parametrize(
    "entries",
    [
        [{"item": 1}, {"item": 2}],
        ["2611.00001", "2611.00002"],
        [entry("my-tech-report-2026"), entry("another-report")],
        [entry("2611.00001", title=None), entry("2611.00002", title=" \n ")],
    ],
)
def test_a_day_of_which_no_entry_can_be_read_is_refused_and_not_empty(listing, source, entries):
    source.days["2026-11-18"] = entries
    with pytest.raises(SourceRefused, match="names no paper in its 2 entries"):
        listing.papers(DAY)


@pytest.mark.parametrize("second", [status(403), status(200, b"<html>"), status(200, b'["a", "b"]')])
def test_what_came_before_the_trouble_is_not_lost(listing, source, second):
    page = json.dumps([entry(f"2611.{number:05d}") for number in range(100)]).encode()
    source.script = [status(200, page), second]
    with pytest.raises(SourceRefused) as told:
        listing.papers(DAY)
    assert len(told.value.found) == 100


@pytest.mark.parametrize(
    "broken",
    [
        None,
        5,
        [],
        {},
        {"paper": None},
        {"paper": {"title": "no id"}},
        "2611.00001",
        {"paper": "2611.00001"},
        {"paper": {"id": ["2611.00001"], "title": "T"}},
        {"paper": {"id": "9" * 100_000, "title": "T"}},
        entry("not-an-id"),
        entry("2611.00001", title="  "),
        entry("2611.00001", title="\n \0\x1b\x9b"),
    ],
)
def test_an_entry_without_a_paper_is_left_out(listing, source, broken):
    if isinstance(broken, dict) and "title" in broken:
        broken.pop("title")
    assert parse_entry(broken) is None
    source.days["2026-11-18"] = [broken, entry("2611.00009")]
    assert [paper.id for paper in listing.papers(DAY).papers] == ["2611.00009"]


def test_odd_facts_are_left_out_and_the_rest_kept():
    odd = entry("2611.00001", authors=[None, {"name": 3}, {"name": "Ada\0 Lovelace"}], publishedAt="soon", upvotes=-1)
    odd["organization"] = "none"
    odd["paper"]["summary"] = "A \ud800 b" + "x" * 50_000
    paper = parse_entry(odd)
    assert paper.authors == ["Ada Lovelace"]
    assert (paper.published_at, paper.upvotes, paper.organization) == (None, None, None)
    assert paper.abstract.startswith("A ? b")
    assert len(paper.abstract) == 20_000


def test_every_list_is_asked_for_as_the_api_wants_it(listing, source):
    source.days = {
        "2026-11-22": [entry("2611.00001", upvotes=3)],  # the Sunday of week 47
        "2026-11-16": [entry("2611.00002", upvotes=9)],
        "2026-10-31": [entry("2610.00003", upvotes=5)],
    }
    day = date(2026, 11, 18)
    asked = {
        "date": PaperList.of_day(date(2026, 10, 31)),
        "week": PaperList.of_week(day),
        "month": PaperList.of_month(day),
        "sort": PaperList.trending(day),
    }
    found = {kind: [paper.id for paper in listing.papers(one).papers] for kind, one in asked.items()}
    assert found == {
        "date": ["2610.00003"],
        "week": ["2611.00001", "2611.00002"],
        "month": ["2611.00001", "2611.00002"],
        "sort": ["2611.00002", "2610.00003", "2611.00001"],
    }
    assert [query for _, query in source.asked] == [
        {"date": "2026-10-31", "limit": "100", "p": "0"},
        {"week": "2026-W47", "limit": "100", "p": "0"},
        {"month": "2026-11", "limit": "100", "p": "0"},
        {"sort": "trending", "limit": "100", "p": "0"},
    ]


@pytest.mark.parametrize(
    ("day", "week", "first", "last"),
    [
        (date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        (date(2024, 12, 30), "2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
        (date(2026, 11, 22), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
    ],
)
def test_weeks_begin_on_monday_and_belong_to_the_year_of_their_thursday(day, week, first, last):
    found = PaperList.of_week(day)
    assert (found.name, found.first, found.last) == (week, first, last)


def test_months_know_their_last_day():
    assert PaperList.of_month(date(2028, 2, 3)).last == date(2028, 2, 29)
    assert PaperList.of_month(date(2026, 12, 31)).name == "2026-12"


def test_of_what_is_trending_the_first_page_is_enough(listing, source):
    source.days = {"2026-11-18": [entry(f"2611.{number:05d}") for number in range(230)]}
    assert len(listing.papers(PaperList.trending(date(2026, 11, 18))).papers) == 100
    assert len(source.asked) == 1


def test_the_same_bytes_have_the_same_hash_and_others_another(listing, source):
    source.days["2026-11-18"] = [entry(f"2611.{number:05d}") for number in range(130)]
    first, again = listing.papers(DAY).digest, listing.papers(DAY).digest
    source.days["2026-11-18"][120]["numComments"] = 3
    assert first == again != listing.papers(DAY).digest


def test_code_project_and_organization_are_taken_where_they_are_given(listing, source):
    source.days["2026-11-18"] = [
        entry("2611.00001", githubRepo="https://github.com/a/b", projectPage="https://a.github.io/b/"),
        entry("2611.00002", githubRepo="javascript:alert(1)", projectPage="http://192.168.0.1/admin"),
        entry("2611.00003", organization={"_id": "1", "name": "lab", "fullname": "The Lab"}),
        entry("2611.00004", githubRepo=None, projectPage=7),
    ]
    found = listing.papers(DAY).papers
    assert [(paper.code_url, paper.project_url) for paper in found] == [
        ("https://github.com/a/b", "https://a.github.io/b/"),
        (None, None),
        (None, None),
        (None, None),
    ]
    assert [paper.organization for paper in found] == ["An Institute", "An Institute", "The Lab", "An Institute"]

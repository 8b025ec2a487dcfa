"""arXiv's Atom feed, read with care."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.errors import SourceRefused, SourceUnavailable
from server.sources.arxiv import BATCH, Arxiv, could_be_issued
from server.sources.arxiv import parse_feed as parse_page
from server.sources.arxiv_xml import PACE, RATE_LIMIT_PAUSE
from tests.server.sources.arxiv_server import arxiv_server, atom_feed, make_records
from tests.server.sources.listing_server import atom_entry, feed, status


def parse_feed(body):
    return parse_page(body).papers


@pytest.fixture
def archive(settings):
    found = Arxiv(settings, pace=0.0)
    yield found
    found.close()


def test_papers_are_found_by_their_ids(archive, source):
    source.papers = {name: atom_entry(name) for name in ("2401.00001", "hep-th/9901001")}
    new, old = archive.by_ids(["2401.00001", "hep-th/9901001", "2401.99999"])
    assert (new.id, old.id) == ("2401.00001", "hep-th/9901001")
    assert new.title == "A title of 2401.00001"
    assert new.abstract == "An abstract."
    assert new.authors == ["Ada Lovelace", "Alan Turing"]
    assert new.categories == ["cs.LG", "stat.ML"]
    assert new.published_at == 1704164645.0
    assert source.asked[0][1] == {"id_list": "2401.00001,hep-th/9901001,2401.99999", "max_results": "3"}


def test_where_it_appeared_is_read_and_what_is_not_said_is_said_to_be_none():
    told = "<arxiv:doi>10.1000/182</arxiv:doi><arxiv:journal_ref>J.  Tests 3</arxiv:journal_ref>"
    with_both = atom_entry("2401.00001").replace("<title>", f"<arxiv:comment>12 pages</arxiv:comment>{told}<title>")
    whole, bare = parse_feed(feed(with_both, atom_entry("2401.00002")))
    assert (whole.doi, whole.journal_ref, whole.comment, whole.withdrawn) == (
        "10.1000/182",
        "J. Tests 3",
        "12 pages",
        False,
    )
    assert (bare.doi, bare.journal_ref, bare.comment, bare.withdrawn) == ("", "", "", False)


def test_what_was_not_asked_for_is_not_taken(archive, source):
    source.script = [status(200, feed(atom_entry("2401.00002")))]
    assert archive.by_ids(["2401.00001"]) == []


def test_an_error_told_as_an_entry_is_no_paper():
    told = atom_entry("x").replace("http://arxiv.org/abs/xv2", "http://arxiv.org/api/errors#incorrect_id_format")
    assert parse_feed(feed(told, atom_entry("2401.00001")))[0].id == "2401.00001"
    with pytest.raises(SourceRefused, match="error instead of papers"):
        parse_feed(feed(told))
    assert parse_feed(feed()) == []


@pytest.mark.parametrize(
    "malformed",
    [
        "<entry/>",
        "<entry><id/><title>No id</title></entry>",
        "<entry><id>http://arxiv.org/abs/2401.00009v1</id></entry>",
        "<entry><id>http://arxiv.org/abs/2401.00009v1</id><title> </title></entry>",
        "<entry><id>urn:x</id><title>T</title></entry>",
        "<entry><entry><id>deeper</id></entry></entry>",
        atom_entry("2401.00009").replace("<title>", "<name>").replace("</title>", "</name>"),
    ],
)
def test_one_malformed_entry_does_not_cost_the_others(malformed):
    found = parse_feed(feed(atom_entry("2401.00001"), malformed, atom_entry("2401.00002")))
    assert [paper.id for paper in found] == ["2401.00001", "2401.00002"]


def test_the_primary_category_comes_first_and_codes_of_other_schemes_are_left_out():
    odd = atom_entry("2401.00001").replace('<category term="cs.LG"', '<category term="68T05"/><category term="I.2.6"')
    (paper,) = parse_feed(feed(odd.replace('primary_category term="cs.LG"', 'primary_category term="stat.ML"')))
    assert paper.categories == ["stat.ML"]


@pytest.fixture
def arxiv(settings):
    records = make_records(25, date(2026, 1, 5), 7, categories=["cs.LG", "cs.CL", "hep-th"])
    with arxiv_server(records, page=4) as server:
        client = Arxiv(replace(settings, arxiv_url=server.url), pace=0.0)
        yield client, server
        client.close()


WEEK = date(2026, 1, 5), date(2026, 1, 11)


def test_what_was_submitted_to_a_category_comes_page_by_page(arxiv):
    client, server = arxiv
    found = client.submitted("cs.LG", *WEEK)
    assert [paper.id for paper in found] == [one.id for one in server.records if one.categories == ("cs.LG",)]
    assert [query["start"] for _, query in server.asked] == ["0", "4", "8"]
    assert {query["sortBy"] for _, query in server.asked} == {"submittedDate"}
    assert client.submitted("cs.LG", date(2025, 1, 1), date(2025, 1, 7)) == []


def test_a_whole_archive_is_searched_by_its_categories(arxiv):
    client, server = arxiv
    assert len(client.submitted("cs", *WEEK)) == 17
    assert server.asked[0][1]["search_query"].startswith("cat:cs.* AND submittedDate:[202601050000 TO 202601112359]")
    assert len(client.submitted("hep-th", *WEEK)) == 8


def test_a_page_that_is_empty_for_no_reason_is_asked_for_again_and_not_taken_for_the_end(arxiv):
    client, server = arxiv
    empty = status(200, atom_feed([], 9))
    server.script = [empty]
    assert len(client.submitted("cs.LG", *WEEK)) == 9
    server.quirk = lambda _path, query: empty() if query.get("start") == "4" else None
    with pytest.raises(SourceRefused, match="gives 4 of 9 papers and then none") as told:
        client.submitted("cs.LG", *WEEK)
    assert len(told.value.found) == 4


def test_odd_facts_are_left_out_and_the_rest_kept():
    odd = atom_entry("2401.00001").replace("2024-01-02T03:04:05Z", "some day").replace(' term="stat.ML"', "")
    (paper,) = parse_feed(feed(odd))
    assert (paper.published_at, paper.categories) == (None, ["cs.LG"])


def test_being_asked_too_often_is_said_in_a_page_of_status_200(archive, source):
    source.script = [status(200, b"<html><body>Rate exceeded.</body></html>")]
    with pytest.raises(SourceUnavailable, match="asked too often and asks to be left alone until") as told:
        archive.by_ids(["2401.00001"])
    assert not isinstance(told.value, SourceRefused)
    assert abs(told.value.retry_at - time.time() - RATE_LIMIT_PAUSE) < 5


def test_a_paper_that_speaks_of_rates_is_a_paper(archive, source):
    source.papers = {"2401.00001": atom_entry("2401.00001").replace("A  title", "Rate exceeded")}
    assert archive.by_ids(["2401.00001"])[0].title.startswith("Rate exceeded")


def test_ids_that_arxiv_can_have_given():
    now = datetime(2026, 11, 27, tzinfo=UTC).timestamp()
    given = ["0704.0001", "1412.9999", "1501.00001", "2611.12345", "hep-th/9107001", "math/0703999", "cs/0001001"]
    assert [name for name in given if not could_be_issued(name, now)] == []
    never = ["1706.3762", "0704.00001", "1412.12345", "2612.00001", "9912.00001", "2413.00001", "2400.00001"]
    never += ["0703.0001", "hep-th/0704001", "hep-th/9106001", "hep-th/9913001", "nonsense/9901001", "math-/9901001"]
    assert [name for name in never if could_be_issued(name, now)] == []
    assert could_be_issued("2612.00001", datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Rate exceeded.",
        b"<html><body>busy</body></html>",
        b"<feed/>",
        b"<html xmlns='http://www.w3.org/2005/Atom'/>",
        feed(atom_entry("2401.00001"))[:-20],
        feed(atom_entry("2401.00001").replace("A  title", "A \x01 title")),
        feed(atom_entry("2401.00001")).replace(b"UTF-8", b"no-such-code"),
        b"\xff\xfe<\x00f\x00",
        b'<!DOCTYPE f [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
        b'<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
    ],
)
def test_anything_but_a_plain_feed_is_refused(body):
    with pytest.raises(SourceRefused, match="feed"):
        parse_feed(body)


def test_at_most_one_request_in_three_seconds():
    assert PACE >= 3.0


def test_too_many_ids_at_once_are_a_mistake_of_ours(archive):
    with pytest.raises(ValueError, match="at most"):
        archive.by_ids(["2401.00001"] * (BATCH + 1))

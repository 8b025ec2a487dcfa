"""arXiv's Atom feed, read with care."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from server.errors import SourceRefused, SourceUnavailable
from server.sources.arxiv import BATCH, PACE, RATE_LIMIT_PAUSE, Arxiv, could_be_issued, is_withdrawn, parse_feed
from tests.server.sources.listing_server import atom_entry, feed, status


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


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error in Lemma 3", None, True),
        ("12 pages; this submission has been withdrawn by arXiv administrators", "We study x.", True),
        ("Withdrawn", None, True),
        ("paper withdrawn", None, True),
        (None, "This article is withdrawn.", True),
        (None, "Withdrawn by the authors.", True),
        ("Replaces a withdrawn version", "Funds withdrawn by investors are modelled.", False),
        ("", "", False),
        (None, None, False),
    ],
)
def test_a_withdrawal_is_read_from_what_is_said_of_it(comment, abstract, withdrawn):
    assert is_withdrawn(comment, abstract) is withdrawn


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

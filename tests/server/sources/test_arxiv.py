"""arXiv's Atom feed, read with care."""

from __future__ import annotations

import pytest

from server.errors import SourceUnavailable
from server.sources.arxiv import BATCH, PACE, Arxiv, parse_feed
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


def test_what_was_not_asked_for_is_not_taken(archive, source):
    source.script = [status(200, feed(atom_entry("2401.00002")))]
    assert archive.by_ids(["2401.00001"]) == []


def test_an_error_told_as_an_entry_is_no_paper():
    told = atom_entry("x").replace("http://arxiv.org/abs/xv2", "http://arxiv.org/api/errors#incorrect_id_format")
    assert parse_feed(feed(told, atom_entry("2401.00001")))[0].id == "2401.00001"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Rate exceeded.",
        b"<html><body>busy</body></html>",
        b'<!DOCTYPE f [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
        b'<!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
    ],
)
def test_anything_but_a_plain_feed_is_refused(body):
    with pytest.raises(SourceUnavailable, match="feed"):
        parse_feed(body)


def test_at_most_one_request_in_three_seconds():
    assert PACE >= 3.0


def test_too_many_ids_at_once_are_a_mistake_of_ours(archive):
    with pytest.raises(ValueError, match="at most"):
        archive.by_ids(["2401.00001"] * (BATCH + 1))

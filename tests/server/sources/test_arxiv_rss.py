"""arXiv's RSS feeds, read with care."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from server.errors import SourceRefused
from server.sources.arxiv_rss import ArxivRss, parse_rss, split_authors
from tests.server.sources.arxiv_server import Record, arxiv_server, rss_feed

DAY = date(2026, 11, 27)
NEW = Record("2611.00001", DAY, DAY, ("cs.LG", "stat.ML"), title="Caches & keys", doi="10.1/x", journal_ref="J. X 3")


def test_a_days_announcements_are_read_from_the_feed_of_a_category(settings):
    with arxiv_server([NEW, replace(NEW, id="hep-th/9901001", kind="replace-cross")]) as server:
        client = ArxivRss(replace(settings, arxiv_url=server.url), pace=0.0)
        found = client.announced("cs.LG")
        assert client.announced("math.AG").announcements == []
        client.close()
    new, old = found.announcements
    assert (found.day, [path for path, _ in server.asked]) == (DAY, ["/rss/cs.LG", "/rss/math.AG"])
    assert (new.new, new.paper.id, new.paper.title) == (True, "2611.00001", "Caches & keys")
    assert new.paper.abstract == "We study a thing."
    assert new.paper.authors == ["Ada Lovelace", "Alan Turing"]
    assert new.paper.categories == ["cs.LG", "stat.ML"]
    assert (new.paper.doi, new.paper.journal_ref) == ("10.1/x", "J. X 3")
    assert new.paper.published_at == 1795755600.0, "midnight where arXiv is"
    assert (old.new, old.paper.id, old.paper.published_at) == (False, "hep-th/9901001", None)


def test_what_the_feed_does_not_say_is_not_said_to_be_none():
    (one,) = parse_rss(rss_feed("cs.LG", DAY, [replace(NEW, doi="", journal_ref="")])).announcements
    assert (one.paper.doi, one.paper.comment, one.paper.withdrawn) == (None, None, None)
    withdrawn = replace(NEW, abstract="This paper has been withdrawn by the author.")
    (one,) = parse_rss(rss_feed("cs.LG", DAY, [withdrawn])).announcements
    assert one.paper.withdrawn is True


@pytest.mark.parametrize(
    "spoil",
    [
        ("<link>https://arxiv.org/abs/2611.00001</link>", "<link/>"),
        ("<arxiv:announce_type>new</arxiv:announce_type>", ""),
        ("Announce Type: new", "Announced"),
    ],
)
def test_an_item_that_says_a_thing_in_one_place_only_is_read(spoil):
    (one,) = parse_rss(rss_feed("cs.LG", DAY, [NEW]).replace(*(part.encode() for part in spoil))).announcements
    assert (one.new, one.paper.id, one.paper.abstract) == (True, "2611.00001", "We study a thing.")


def test_a_bad_item_costs_no_other_and_a_feed_of_bad_ones_is_refused():
    bad = rss_feed("cs.LG", DAY, [replace(NEW, id="elsewhere"), NEW])
    assert [one.paper.id for one in parse_rss(bad).announcements] == ["2611.00001"]
    with pytest.raises(SourceRefused, match="names no paper in its 1 items"):
        parse_rss(rss_feed("cs.LG", DAY, [replace(NEW, id="elsewhere")]))


def test_a_quiet_day_and_a_day_that_is_not_told_are_no_errors():
    quiet = rss_feed("cs.LG", DAY, [])
    assert (parse_rss(quiet).day, parse_rss(quiet).announcements) == (DAY, [])
    undated = quiet.replace(b"pubDate>", b"when>").replace(b"lastBuildDate>", b"then>")
    assert parse_rss(undated).day is None
    assert parse_rss(quiet.replace(b"Fri, 27 Nov 2026", b"Someday")).day is None


@pytest.mark.parametrize("body", [b"<html><body>Sign in</body></html>", b"<rss/>", b"<rss version='2.0'><channel>"])
def test_what_is_no_feed_is_refused(body):
    with pytest.raises(SourceRefused, match="did not answer with an RSS feed"):
        parse_rss(body)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ann Lee, Bo Chen", ["Ann Lee", "Bo Chen"]),
        ("Ann Lee (MIT, Cambridge), Bo Chen (ETH (CH))", ["Ann Lee", "Bo Chen"]),
        ("Ann  Lee,", ["Ann Lee"]),
        ("Ann Lee), Bo (x", ["Ann Lee", "Bo"]),
        ("", []),
        ("(" * 1000 + "a", []),
    ],
)
def test_authors_are_names_without_affiliations(written, names):
    assert split_authors(written) == names

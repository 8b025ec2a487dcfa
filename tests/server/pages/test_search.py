"""Search over the whole catalogue, as a page."""

from __future__ import annotations

import re

import pytest

from server.pages.search import marked
from tests.server.conftest import Device, card, event, sqlite_only
from tests.server.pages.conftest import Browser, words


def shown(page: str) -> list[str]:
    return re.findall(r'<li class="paper" id="paper-([^"]+)"', page)


def test_what_was_typed_is_found_and_marked(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(1, 10)])
    me.log(event("save", "2401.00003"))
    page = mine.get("/search?q=attention")
    assert "2401.00003" in shown(page.text)
    assert "<mark>attention</mark>" in page.text
    assert "Saved" in words(page)
    assert 'name="q" value="attention"' in page.text


def test_nothing_asked_nothing_found_and_an_id(mine: Browser, me: Device) -> None:
    me.rank(card(1))
    assert shown(mine.get("/search").text) == []
    assert "Nothing found." in words(mine.get("/search?q=zzzzqqqq"))
    assert shown(mine.get("/search?q=arXiv:2401.00001v2").text) == ["2401.00001"]


@pytest.mark.parametrize("sort", ["match", "new", "me", "nonsense"])
def test_pages_follow_one_another(mine: Browser, me: Device, sort: str) -> None:
    me.rank(*[card(3 * number) for number in range(1, 45)])
    seen: list[str] = []
    address = f"/search?q=attention&sort={sort}"
    while address:
        page = mine.get(address).text
        seen += shown(page)
        found = re.search(r'href="(/search\?[^"]+)" rel="next"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 44


@pytest.mark.parametrize("typed", ['""', "author:", "since:2026-13-45 robots", "%", "-", '"unclosed (AND OR'])
def test_nothing_that_is_typed_is_an_error(mine: Browser, me: Device, typed: str) -> None:
    me.rank(card(1))
    page = mine.client.get("/search", query_string={"q": typed}, base_url=mine.base)
    assert (page.status_code, "Search" in words(page)) == (200, True)


@sqlite_only
@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 2001, "q=robots&cursor=nonsense"])
def test_what_cannot_be_read_is_refused(mine: Browser, query: str) -> None:
    assert mine.get(f"/search?{query}").status_code == 422


def test_another_readers_pages_are_not_searched(mine: Browser, theirs: Browser, other: Device) -> None:
    other.rank(card(1, title="Zugzwang of the other alone"))
    assert shown(theirs.get("/search?q=zugzwang").text) == ["2401.00001"]
    assert shown(mine.get("/search?q=zugzwang").text) == []


@pytest.mark.parametrize(
    ("text", "found", "made"),
    [
        (
            "On <b>Attention</b> & attention",
            ["Attention"],
            "On &lt;b&gt;<mark>Attention</mark>&lt;/b&gt; &amp; attention",
        ),
        ("a.b axb", ["a.b"], "<mark>a.b</mark> axb"),
        ("learner learn", ["learn", "learner"], "<mark>learner</mark> <mark>learn</mark>"),
        ("<script>", ["<script>"], "<mark>&lt;script&gt;</mark>"),
        ("plain & simple", [], "plain &amp; simple"),
    ],
)
def test_words_are_marked_and_nothing_else_is_markup(text: str, found: list[str], made: str) -> None:
    assert str(marked(text, [{"field": "title", "words": found}], "title")) == made
    assert "<mark>" not in str(marked(text, [{"field": "abstract", "words": found}], "title"))

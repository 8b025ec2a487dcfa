"""To read: what is recommended, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.app import create_app
from server.config import Settings
from server.services import catalogue
from server.services.source_health import Health
from tests.server.conftest import Device, card, event, pair
from tests.server.pages.conftest import Browser, words


def test_with_nothing_known_the_page_says_what_to_do(mine: Browser) -> None:
    assert "Nothing new to recommend" in words(mine.get("/"))


def test_recommendations_are_shown_with_their_reasons(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(9)])
    me.log(event("save", "2401.00001"))
    page = mine.get("/")
    assert 'id="paper-2401.00004"' in page.text
    assert "“On diffusion of heat images, part 1”, which you saved" in words(page)
    # What is saved already is not recommended.
    assert 'id="paper-2401.00001"' not in page.text


def test_what_a_page_says_is_text(mine: Browser, me: Device) -> None:
    me.rank(card(1, title="<script>alert(1)</script> & more", authors=['"><img src=x onerror=alert(1)>']))
    page = mine.get("/").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


def test_another_readers_pages_do_not_show(mine: Browser, theirs: Browser, other: Device) -> None:
    other.rank(card(1, title="Of the other alone"))
    assert "Of the other alone" in words(theirs.get("/"))
    assert "Of the other alone" not in mine.get("/").text


def test_a_source_in_trouble_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(replace(settings, offline=False))
    browser = Browser(app.test_client())
    browser.sign_in(pair(app.test_client()))
    wrong = {
        "hf": Health("silent", "a reason for the operator", since=1795392000.0),
        "arxiv": Health("failing", "Away."),
    }
    monkeypatch.setattr(catalogue, "health", lambda *_: wrong)
    told = words(browser.get("/"))
    assert "Hugging Face has given nothing new since Nov 23, 2026." in told
    assert "arXiv gives no new papers just now." in told
    assert "operator" not in told
    german = words(browser.get("/", **{"Accept-Language": "de"}))
    assert "Hugging Face liefert seit 23.11.2026 nichts Neues." in german
    monkeypatch.setattr(catalogue, "health", lambda *_: {"hf": Health("quiet"), "arxiv": Health("filling", "3 of 9")})
    assert "Hugging Face" not in words(browser.get("/"))
    app.extensions["inkling"].close()


def test_the_feeds_address_is_the_readers_own(mine: Browser, me: Device) -> None:
    assert me.get("/v1/me").json["feed_url"] in mine.get("/").text


def test_saving_or_hiding_takes_a_paper_off_the_page(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(9)])
    mine.post("/papers", action="save", id="2401.00001", surface="panel")
    mine.post("/papers", action="hide", id="2401.00002", surface="panel")
    page = mine.get("/").text
    assert 'id="paper-2401.00001"' not in page
    assert 'id="paper-2401.00002"' not in page
    mine.post("/papers", action="unhide", id="2401.00002", surface="panel")
    assert 'id="paper-2401.00002"' in mine.get("/").text
    assert me.get("/v1/library").json["items"][0]["paper"]["id"] == "2401.00001"


def test_less_like_this_takes_it_off_the_page_and_can_be_taken_back(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(9)])
    answer = mine.post("/papers", action="dislike", id="2401.00001", surface="panel")
    page = mine.get(answer.headers["Location"])
    assert "recommended less from now on" in words(page)
    assert '<li class="paper" id="paper-2401.00001"' not in page.text
    assert "Less like this: take back" in words(mine.get("/papers/2401.00001"))
    mine.post("/papers", action="undislike", id="2401.00001", surface="panel")
    assert '<li class="paper" id="paper-2401.00001"' in mine.get("/").text

"""Interests as a page: topics, what was put away, and what the list is made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server.conftest import Device, card, event, sqlite_only
from tests.server.pages.conftest import Browser, words

HOSTILE = "<b onclick=alert(1)>&\"'"
NOW = datetime.now(UTC).replace(microsecond=0)


def settings(me: Device) -> dict[str, Any]:
    return {name: me.get("/v1/me").json[name] for name in ("interests", "followed", "muted")}


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def test_with_nothing_the_page_says_what_inkling_goes_by(mine: Browser) -> None:
    told = words(mine.get("/interests"))
    for said in (
        "Inkling goes by what you open and save",
        "Nothing is muted",
        "no list today",
        "asked for less like none",
    ):
        assert said in told
    assert "Nothing was opened or saved in the last twelve months." in told


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("", "graph  neural networks ", "graph neural networks"),
        ("author", "Ada Lovelace", "author:Ada Lovelace"),
        ("category", "cs.LG", "category:cs.LG"),
        ("org", "Google DeepMind", "org:Google DeepMind"),
        ("", "author:Ada Lovelace", "author:Ada Lovelace"),
        ("nonsense", "漢字", "漢字"),
        ("", HOSTILE, HOSTILE),
    ],
)
def test_a_topic_is_followed_muted_and_removed(mine: Browser, me: Device, kind: str, typed: str, kept: str) -> None:
    answer = mine.post("/interests/topic", action="follow", kind=kind, topic=typed)
    page = mine.get(answer.headers["Location"])
    assert "Followed from now on." in words(page)
    assert settings(me) == {"interests": [], "followed": [kept], "muted": []}
    assert kept.partition(":")[2] in words(page)
    assert "<b onclick" not in page.text
    mine.post("/interests/topic", action="mute", topic=kept)
    assert settings(me) == {"interests": [], "followed": [], "muted": [kept]}
    mine.post("/interests/topic", action="forget", topic=kept)
    assert settings(me) == {"interests": [], "followed": [], "muted": []}


def test_what_was_typed_in_the_extension_is_here_and_can_be_removed(mine: Browser, me: Device) -> None:
    me.call("PATCH", "/v1/me", {"interests": ["graphs"], "followed": ["author:Lovelace, Ada"], "muted": ["crypto"]})
    told = words(mine.get("/interests"))
    assert told.index("graphs") < told.index("Lovelace, Ada") < told.index("Muted") < told.index("crypto")
    # However it is written, it is the same topic.
    mine.post("/interests/topic", action="mute", topic="author:Ada Lovelace")
    mine.post("/interests/topic", action="forget", topic="GRAPHS")
    assert settings(me) == {"interests": [], "followed": [], "muted": ["crypto", "author:Ada Lovelace"]}


def test_each_topic_says_how_many_papers_it_met(mine: Browser, me: Device) -> None:
    recent = [card(number, published_at=ago(2), authors=["Ada Lovelace"][: number % 2]) for number in range(1, 7)]
    me.rank(*recent, card(7, published_at=ago(90), authors=["Ada Lovelace"]))
    for topic in ("author:Ada Lovelace", "attention in transformers", "author:Nobody"):
        mine.post("/interests/topic", action="follow", topic=topic)
    told = words(mine.get("/interests"))
    assert "Ada Lovelace Author 3 papers in the last 30 days" in told
    assert "attention in transformers Words 2 papers in the last 30 days" in told
    assert "Nobody Author 0 papers in the last 30 days" in told


@pytest.mark.parametrize(
    ("kind", "typed"), [("", ""), ("", "   "), ("category", "two words"), ("author", ":"), ("", "x" * 250)]
)
@sqlite_only
def test_what_is_no_topic_is_refused(mine: Browser, me: Device, kind: str, typed: str) -> None:
    answer = mine.post("/interests/topic", action="follow", kind=kind, topic=typed)
    assert answer.status_code == 422
    assert "cannot be followed" in words(answer)
    assert settings(me)["followed"] == []


@sqlite_only
def test_a_list_has_its_end_and_other_actions_are_none(mine: Browser, me: Device) -> None:
    me.call("PATCH", "/v1/me", {"followed": [f"topic {number}" for number in range(100)]})
    assert mine.post("/interests/topic", action="follow", topic="one more").status_code == 422
    assert mine.post("/interests/topic", action="mute", topic="topic 7").status_code == 303
    assert mine.post("/interests/topic", action="follow", topic="one more").status_code == 303
    assert mine.post("/interests/topic", action="explode", topic="topic 8").status_code == 422


def test_what_was_hidden_comes_back_from_here(mine: Browser, me: Device) -> None:
    me.log(event("hide", "2401.00001", ago(2)), event("hide", "2401.00002", ago(1)), papers=[card(1)])
    page = mine.get("/interests")
    assert re.findall(r'<li id="paper-([\d.]+)"', page.text) == ["2401.00002", "2401.00001"]
    assert "On diffusion of heat images, part 1" in words(page)
    answer = mine.post("/papers", action="unhide", id="2401.00002", surface="library", back="/interests")
    page = mine.get(answer.headers["Location"].partition("#")[0])
    assert re.findall(r'<li id="paper-([\d.]+)"', page.text) == ["2401.00001"]


def test_what_was_disliked_is_told_and_taken_back(mine: Browser, me: Device) -> None:
    me.log(event("dislike", "2401.00001", ago(2)), event("hide", "2401.00001", ago(3)), event("hide", "2401.00002"))
    told = words(mine.get("/interests"))
    assert "arXiv:2401.00001 Hidden Show again Less like this Take back" in told
    answer = mine.post("/papers", action="undislike", id="2401.00001", surface="library", back="/interests")
    told = words(mine.get(answer.headers["Location"]))
    assert "Nothing is held against it any more." in told
    assert "arXiv:2401.00001 Hidden Show again arXiv" in told or told.endswith("arXiv:2401.00001 Hidden Show again")


def test_of_many_hidden_papers_the_last_are_shown(mine: Browser, me: Device) -> None:
    me.log(*(event("hide", f"2401.{number:05d}", ago(number)) for number in range(1, 34)))
    page = mine.get("/interests")
    assert page.text.count('<li id="paper-') == 30
    assert "3 older ones are in the ledger" in words(page)


def test_the_pictures_are_tables_of_words_and_numbers(mine: Browser, me: Device) -> None:
    me.rank(*(card(number, published_at=ago(1)) for number in range(1, 30)))
    months = [event("save", f"2401.{number:05d}", ago(35 * (number % 2) + 1)) for number in range(1, 6)]
    me.log(*months, papers=[card(number, categories=["cs.LG", "cs.AI"][: number % 3]) for number in range(1, 6)])
    page = mine.get("/interests")
    told = words(page)
    shares = [int(found) for found in re.findall(r"(\d+) %", told)]
    assert shares == sorted(shares, reverse=True)
    assert 95 <= sum(shares) <= 105
    table = re.search(r"In numbers.*?</table>", page.text, re.DOTALL)
    assert table
    rows = re.findall(r"<tr>(.*?)</tr>", table[0], re.DOTALL)
    assert re.findall(r">([^<]+)</th>", rows[0]) == ["Month", "cs.LG", "Category not known"]
    assert [sum(map(int, re.findall(r"<td>(\d+)", row))) for row in (rows[1], rows[-1])] == [2, 3]
    assert " style=" not in page.text


def test_no_reader_sees_anothers_interests(mine: Browser, theirs: Browser, me: Device, other: Device) -> None:
    me.log(event("hide", "2401.00001"), event("save", "2401.00002", ago(1)))
    mine.post("/interests/topic", action="follow", topic="secret topic")
    told = words(theirs.get("/interests"))
    assert "secret topic" not in told
    assert "2401.00001" not in told
    assert "Nothing was opened or saved" in told


@sqlite_only
def test_no_write_is_believed_without_session_token_and_origin(
    mine: Browser, theirs: Browser, stranger: Browser, me: Device
) -> None:
    fields = {"action": "follow", "topic": "graphs"}
    for browser, more, headers, status in (
        (stranger, {}, None, 303),
        (mine, {}, None, 403),
        (mine, {"form_token": theirs.form_token()}, None, 403),
        (mine, {"form_token": mine.form_token()}, {"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        assert browser.send("/interests/topic", {**fields, **more}, headers).status_code == status
    assert settings(me)["followed"] == []
    assert stranger.get("/interests").headers["Location"] == "/session?to=interests"


@sqlite_only
def test_the_page_is_whole_in_german(mine: Browser, me: Device) -> None:
    me.call("PATCH", "/v1/me", {"followed": ["org:Uni Bonn"]})
    assert "Uni Bonn Organisation 0 Papers in den letzten 30 Tagen" in words(
        mine.get("/interests", **{"Accept-Language": "de"})
    )

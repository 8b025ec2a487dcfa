"""What is done with a paper from any page, and its undo."""

from __future__ import annotations

import re

import pytest

from tests.server.conftest import Device, card, event
from tests.server.pages.conftest import Browser, words

PAPER = "2401.00001"


def acts(me: Device) -> list[tuple[str, str, str | None]]:
    return [(one["kind"], one["paper"], one["surface"]) for one in me.get("/v1/me/events").json["items"]][::-1]


@pytest.mark.parametrize(("action", "back"), [("save", "unsave"), ("hide", "unhide"), ("dislike", "undislike")])
def test_what_is_done_is_logged_and_can_be_taken_back(mine: Browser, me: Device, action: str, back: str) -> None:
    me.rank(card(1), card(4))
    answer = mine.post("/papers", action=action, id=PAPER, surface="panel", back="/#paper-2401.00001")
    page = mine.get(answer.headers["Location"])
    assert f'name="action" value="{back}" id="undo"' in page.text
    mine.post("/papers", action=back, id=PAPER, surface="panel")
    assert acts(me) == [(action, PAPER, "panel"), (back, PAPER, "panel")]


def test_doing_it_twice_logs_it_once(mine: Browser, me: Device) -> None:
    for _ in range(3):
        assert mine.post("/papers", action="save", id=PAPER).status_code == 303
    assert acts(me) == [("save", PAPER, "library")]


def test_an_action_cites_the_list_it_was_done_in(mine: Browser, me: Device) -> None:
    me.rank(*[card(number) for number in range(1, 6)])
    page = mine.get("/").text
    list_id = re.search(r'name="list_id" value="([^"]+)"', page)
    assert list_id
    position = re.search(r'name="id" value="([^"]+)">(?:(?!</form>).)*name="position" value="(\d+)"', page, re.DOTALL)
    assert position
    mine.post("/papers", action="hide", id=position[1], list_id=list_id[1], position=position[2], surface="panel")
    logged = me.get("/v1/me/events").json["items"][0]
    assert (logged["list_id"], logged["position"]) == (list_id[1], int(position[2]))


def test_another_readers_list_is_dropped_and_the_action_kept(mine: Browser, theirs: Browser, me: Device) -> None:
    me.rank(card(1))
    list_id = me.get("/v1/recommendations").json["list_id"]
    theirs.post("/papers", action="hide", id=PAPER, list_id=list_id, position=1, surface="panel")
    assert acts(me) == []
    assert "/papers/" in theirs.get(f"/papers/{PAPER}").text


def test_following_a_link_is_noted(mine: Browser, me: Device) -> None:
    assert mine.post("/papers", action="open", id=PAPER, surface="panel").status_code == 204
    mine.post("/papers", action="open", id=PAPER, surface="panel")
    assert acts(me) == [("open", PAPER, "panel")] * 2


def test_a_notice_says_only_what_is_in_our_own_list(mine: Browser, me: Device) -> None:
    me.log(event("save"))
    for did in ("<b>You won</b>", "delete", ""):
        page = mine.client.get("/library", query_string={"did": did, "of": "x"}, base_url=mine.base)
        assert 'class="notice"' not in page.text
    page = mine.get("/library?did=unsave&of=nope&of=%22%3E%3Cscript%3E&n=1")
    assert "Removed from your library." in words(page)
    assert "<script>" not in page.text
    assert 'id="undo"' not in page.text

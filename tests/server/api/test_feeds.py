"""The feed: recommendations for whoever knows the address."""

from __future__ import annotations

import pytest
from defusedxml import ElementTree

from tests.server.conftest import Device, card, event

ATOM = "{http://www.w3.org/2005/Atom}"


def path_of(me: Device) -> str:
    url = me.get("/v1/me").json["feed_url"]
    assert url.startswith("http://127.0.0.1:8765/feeds/")
    return str(url).removeprefix("http://127.0.0.1:8765")


def test_the_feed_shows_what_is_recommended(me: Device) -> None:
    me.rank(card(1, title="Less < more & \x01 “both”"), card(2, authors=["Ann Author"]), card(3))
    me.log(event("hide", "2401.00003"))
    answer = me.client.get(path_of(me))
    assert answer.content_type == "application/atom+xml"
    feed = ElementTree.fromstring(answer.data)
    entries = feed.findall(f"{ATOM}entry")
    assert {entry.findtext(f"{ATOM}id") for entry in entries} == {
        "https://arxiv.org/abs/2401.00001",
        "https://arxiv.org/abs/2401.00002",
    }
    assert "Less < more &  “both”" in {entry.findtext(f"{ATOM}title") for entry in entries}
    for name in ("title", "id", "updated"):
        assert feed.findtext(f"{ATOM}{name}")
        assert all(entry.findtext(f"{ATOM}{name}") for entry in entries)


@pytest.mark.parametrize("letter", ["\ufffe", "\uffff", "\x0b", "\x1f", "\x7f", "\u202e"])
@pytest.mark.parametrize("field", ["title", "abstract", "authors", "only it"])
def test_no_letter_of_one_paper_breaks_the_feed(me: Device, field: str, letter: str) -> None:
    text = letter if field == "only it" else f"a{letter}b"
    facts = (
        {"title": text, "authors": [text]} if field == "only it" else {field: [text] if field == "authors" else text}
    )
    me.rank(card(1, **facts), card(2))
    feed = ElementTree.fromstring(me.client.get(path_of(me)).data)
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    for entry in entries:
        assert entry.findtext(f"{ATOM}title")
        assert entry.findtext(f"{ATOM}author/{ATOM}name")
        assert not {"\ufffe", "\uffff"} & set("".join(entry.itertext()))


def test_a_new_address_ends_the_old_one(me: Device) -> None:
    old = path_of(me)
    me.call("PATCH", "/v1/me", {"renew_feed": True})
    assert me.client.get(old).status_code == 404
    assert me.client.get(path_of(me)).status_code == 200


def test_an_address_that_is_nobodys(me: Device) -> None:
    for secret in ("x", me.reader_id, f"{me.reader_id}-{'0' * 40}", "é"):
        assert me.client.get(f"/feeds/{secret}.atom").status_code == 404

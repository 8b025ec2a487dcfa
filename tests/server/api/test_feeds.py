"""The feed: recommendations for whoever knows the address."""

from __future__ import annotations

import pytest
from defusedxml import ElementTree
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from server.app import create_app
from server.services import feeds
from server.services.serving_context import ServingContext
from server.store import feed_states
from tests.server.atom_rules import ATOM, entries_of, problems
from tests.server.conftest import LOOPBACK, Device, card, event


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
    assert "Less < more & “both”" in {entry.findtext(f"{ATOM}title") for entry in entries}
    for name in ("title", "id", "updated"):
        assert feed.findtext(f"{ATOM}{name}")
        assert all(entry.findtext(f"{ATOM}{name}") for entry in entries)


@pytest.mark.slow
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


HOSTILE = {
    "plain": card(1),
    "markup": card(2, title="<b>Bold</b> & <script>alert(1)</script>", abstract="a < b && c > d ]]> <img src=x>"),
    "turned": card(3, title="a\u202eb\u2066c", authors=["\u202eevil", "B. <b@example.org>"], categories=["cs.LG", " "]),
    "long": card(4, title="word " * 400, abstract="sentence. " * 900),
    "lines": card(5, title="one\r\ntwo\tthree", abstract="\x00\ufffe\x0bend".replace("\x00", "")),
    "bare": {"id": "hep-th/9901001", "title": "Old"},
    "foreign": card(7, title="日本語の論文 — größer ♥ 😀", published_at="1991-08-14T00:00:00+05:30"),
}


def fetch(me: Device, **headers: str) -> TestResponse:
    return me.client.get(path_of(me), base_url=LOOPBACK, headers=headers)


def test_the_feed_is_atom_by_its_schema_and_by_a_validators_rules(me: Device) -> None:
    assert problems(fetch(me).data, LOOPBACK + path_of(me)) == []  # nothing in it yet
    me.rank(*HOSTILE.values())
    me.log(event("save", "2401.00001"))
    answer = fetch(me)
    assert problems(answer.data, LOOPBACK + path_of(me)) == []
    assert len(entries_of(answer.data)) == len(HOSTILE) - 1


def test_a_broken_feed_is_noticed(me: Device) -> None:
    me.rank(*HOSTILE.values())
    good, address = fetch(me).data, LOOPBACK + path_of(me)
    for before, after in (
        (b"<updated>20", b"<updated>on 20"),
        (b"</title>", b"</title><title>another</title>"),
        (b'rel="self"', b'rel="other"'),
        (b"https://arxiv.org/abs/2401.00002</id>", b"https://arxiv.org/abs/2401.00001</id>"),
        (b"<name>Inkling</name>", b"<name> </name>"),
        (b'href="https://arxiv.org/abs/2401.00001"', b'href="/abs/2401.00001"'),
    ):
        assert before in good
        assert problems(good.replace(before, after, 1), address), before


def test_an_entry_says_why_in_text_and_in_html(me: Device) -> None:
    me.rank(*HOSTILE.values())
    me.log(event("save", "2401.00001"))
    entries = entries_of(fetch(me).data)
    found = entries["https://arxiv.org/abs/2401.00007"]
    assert "which you saved" in found.findtext(f"{ATOM}summary")
    assert "which you saved" in found.findtext(f"{ATOM}content")
    marked = entries["https://arxiv.org/abs/2401.00002"]
    assert marked.find(f"{ATOM}title").get("type") == marked.find(f"{ATOM}summary").get("type") == "text"
    assert "<b>Bold</b> & <script>" in marked.findtext(f"{ATOM}title")
    assert "a < b && c > d ]]> <img src=x>" in marked.findtext(f"{ATOM}summary")
    content = ElementTree.fromstring(f"<div>{marked.findtext(f'{ATOM}content')}</div>")
    assert {element.tag for element in content.iter()} == {"div", "p", "strong", "a", "ul", "li"}
    assert "a < b && c > d ]]> <img src=x>" in "".join(content.itertext())


def test_nothing_is_sent_again_while_the_list_is_the_same(me: Device) -> None:
    me.rank(card(1), card(2), card(3))
    first = fetch(me)
    seen = {"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}
    for known in seen:
        again = fetch(me, **known)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    assert fetch(me).data == first.data
    me.log(event("hide", "2401.00002"))
    for known in seen:
        moved = fetch(me, **known)
        assert moved.status_code == 200
        assert moved.headers["ETag"] != first.headers["ETag"]
        assert moved.headers["Last-Modified"] != first.headers["Last-Modified"]
        assert set(entries_of(moved.data)) == {f"https://arxiv.org/abs/2401.0000{number}" for number in (1, 3)}


def test_what_changes_no_list_changes_no_feed(me: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    me.rank(*(card(number) for number in range(1, 13)))
    first = fetch(me)
    whole = feeds.ranking.recommendations

    def turned_round(*asked: object, **how: object) -> dict[str, list[object]]:
        return {"items": [{**item, "reasons": []} for item in reversed(whole(*asked, **how)["items"])]}

    monkeypatch.setattr(feeds.ranking, "recommendations", turned_round)
    second = fetch(me)
    assert second.data != first.data, "order and reasons did not move, so this shows nothing"
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Last-Modified"] == first.headers["Last-Modified"]


def test_an_entry_keeps_its_id_and_time_while_others_come_and_go(me: Device) -> None:
    me.rank(card(1), card(2))
    before = entries_of(fetch(me).data)
    me.rank(card(3), card(4))
    after = entries_of(fetch(me).data)
    assert len(after) == 4
    for name, entry in before.items():
        assert after[name].findtext(f"{ATOM}updated") == entry.findtext(f"{ATOM}updated")
    assert problems(fetch(me).data, LOOPBACK + path_of(me)) == []


def test_every_worker_says_the_same_of_a_feed(me: Device, app: Flask, context: ServingContext) -> None:
    me.rank(card(1), card(2))
    first = fetch(me)
    another = create_app(context.settings)
    other = another.test_client().get(path_of(me), base_url=LOOPBACK)
    another.extensions["inkling"].close()
    for name in ("ETag", "Last-Modified"):
        assert other.headers[name] == first.headers[name]


def test_a_feed_is_in_the_readers_language(me: Device, context: ServingContext) -> None:
    me.rank(card(1))
    with context.database.writing() as session:
        session.execute(text("UPDATE readers SET settings = :new"), {"new": '{"digest": {"language": "de"}}'})
    root = ElementTree.fromstring(fetch(me).data)
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert root.findtext(f"{ATOM}title") == "Inkling: was du als Nächstes lesen kannst"


def test_starting_over_and_leaving_take_what_is_kept_of_the_feed(me: Device, context: ServingContext) -> None:
    def kept() -> bool:
        with context.database.reading() as session:
            return feed_states.find(session, me.reader_id) is not None

    me.rank(card(1))
    fetch(me)
    assert kept()
    me.post("/v1/me/reset", {})
    assert not kept()
    fetch(me)
    me.call("DELETE", "/v1/me")
    assert not kept()

"""Logging over HTTP: good events are kept whatever stands beside them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from server.app import create_app
from server.config import Settings
from server.services.context import Context
from tests.server.conftest import Device, card, event, sqlite_only


def test_results_come_in_the_order_of_the_events(me: Device) -> None:
    first, second = event(), event("save")
    results = me.log(first, {**second, "kind": "wish"}, second, first, {**first, "kind": "hide"})
    assert [(result["id"], result["status"]) for result in results] == [
        (first["id"], "accepted"),
        (second["id"], "rejected"),
        (second["id"], "accepted"),
        (first["id"], "duplicate"),
        (first["id"], "rejected"),
    ]
    assert [results[index]["error"]["code"] for index in (1, 4)] == ["invalid", "id_reused"]


BAD = {
    "an unknown kind": ({"kind": "wish"}, "kind"),
    "no kind": ({"kind": None}, "kind"),
    "no uuid": ({"id": "1"}, "id"),
    "a broken paper id": ({"paper": "nope"}, "paper"),
    "no time": ({"at": None}, "at"),
    "a time without zone": ({"at": "2026-11-20T08:15:00"}, "at"),
    "a time before 1991": ({"at": "1990-12-31T23:59:59Z"}, "at"),
    "an address for a page": ({"page": "https://example.org/?q=secret"}, "page"),
    "a query for a page": ({"page": "search?q=secret"}, "page"),
    "an unknown surface": ({"surface": "moon"}, "surface"),
    "NUL": ({"page": "daily\0"}, "page"),
    "half a surrogate pair": ({"list_id": "\ud800"}, "list_id"),
    "an impression of no list": ({"kind": "impression", "position": 1}, "list_id"),
    "an impression without position": ({"kind": "impression", "list_id": "x"}, "position"),
    "a negative position": ({"position": -1}, "position"),
    "true for a position": ({"position": True}, "position"),
}


@sqlite_only
@pytest.mark.parametrize(("change", "field"), BAD.values(), ids=BAD.keys())
def test_a_bad_event_is_rejected_alone_and_says_why(me: Device, change: dict[str, Any], field: str) -> None:
    before, after = event(), event()
    results = me.log(before, {**event(), **change}, after)
    assert [result["status"] for result in results] == ["accepted", "rejected", "accepted"]
    assert results[1]["error"]["field"] == field
    assert {item["id"] for item in me.get("/v1/me/events").json["items"]} == {before["id"], after["id"]}


@sqlite_only
@pytest.mark.parametrize("thing", [None, 3, "x", [], {}])
def test_what_is_no_event_at_all_is_rejected_alone_too(me: Device, thing: Any) -> None:
    assert [result["status"] for result in me.log(thing, event())] == ["rejected", "accepted"]


def test_a_clamped_event_says_so(me: Device) -> None:
    [result] = me.log(event(at="2126-11-20T08:15:00Z"))
    assert (result["status"], result["clamped"]) == ("accepted", True)
    assert me.get("/v1/me/events").json["items"][0]["at"] < "2126"


def test_every_way_to_write_a_paper_means_the_same(me: Device) -> None:
    me.log(event("save", "arXiv:2401.12345v3"), event("open", "https://arxiv.org/abs/2401.12345"))
    assert {item["paper"] for item in me.get("/v1/me/events").json["items"]} == {"2401.12345"}


def test_an_unknown_paper_becomes_a_stub_that_later_text_fills(me: Device) -> None:
    me.log(event("save"))
    assert me.get("/v1/papers/2401.00001").json["title"] is None
    me.log(papers=[card(1)])
    assert me.get("/v1/papers/2401.00001").json["title"] == card(1)["title"]
    assert me.get("/v1/library").json["items"][0]["paper"]["title"] == card(1)["title"]


def test_a_list_is_kept_when_an_event_cites_it_and_not_before(me: Device, other: Device, context: Context) -> None:
    mine, theirs = me.rank(card(1))["list_id"], other.rank(card(1))["list_id"]
    me.log(
        event("impression", list_id=mine, position=0),
        event("impression", list_id=theirs, position=1),
    )
    items = me.get("/v1/me/events").json["items"]
    assert {item["position"]: item.get("list_id") for item in items} == {0: mine, 1: None}
    with context.database.engine.connect() as connection:
        kept = [row[0] for row in connection.exec_driver_sql("SELECT id FROM lists")]
    assert kept == [mine]


def test_a_bad_card_does_not_harm_the_others_or_the_events(me: Device) -> None:
    answer = me.post("/v1/events", {"events": [event()], "papers": [card(1), {"id": "nope"}, 3, card(2, title="\0")]})
    assert [result["status"] for result in answer.json["results"]] == ["accepted"]
    assert [result["status"] for result in answer.json["paper_results"]] == ["accepted", *["rejected"] * 3]
    assert answer.json["paper_results"][3]["error"]["field"] == "title"
    assert me.get("/v1/papers/2401.00001").json["title"]


@pytest.mark.parametrize(("name", "count"), [("events", 501), ("papers", 251)])
def test_too_many_at_once_are_refused_whole(me: Device, name: str, count: int) -> None:
    batch = {"events": [event() for _ in range(count)] if name == "events" else [], "papers": []}
    if name == "papers":
        batch["papers"] = [card(number) for number in range(count)]
    answer = me.post("/v1/events", batch)
    assert (answer.status_code, answer.json["error"]["field"]) == (413, name)
    assert me.get("/v1/me/events").json["items"] == []


def test_the_largest_batch_fits(me: Device) -> None:
    results = me.log(*[event() for _ in range(500)], papers=[card(number) for number in range(250)])
    assert {result["status"] for result in results} == {"accepted"}


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"), [({}, "events"), ({"events": {}}, "events"), ({"events": [], "papers": 3}, "papers")]
)
def test_a_batch_that_is_no_list_is_named(me: Device, body: dict[str, Any], field: str) -> None:
    answer = me.post("/v1/events", body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_the_longest_words_fit_the_database(me: Device) -> None:
    longest = event(
        paper="a" * 31 + "/1234567", page="d" * 31 + "/" + "2" * 32, surface="paper_page", position=1_000_000
    )
    assert me.log(longest)[0]["status"] == "accepted"
    assert me.log(event(page="d" * 32 + "/" + "2" * 32))[0]["status"] == "rejected"
    times = {"published_at": "9999-12-31T23:59:59Z", "upvotes": 2**31 - 1}
    me.log(papers=[card(1, title="x" * 2000, abstract="y" * 50_000, authors=["z" * 500] * 100, **times)])
    paper = me.get("/v1/papers/2401.00001").json
    assert {name: paper[name] for name in times} == times


def test_members_of_a_newer_client_are_let_pass(me: Device) -> None:
    assert me.log(event(mood="good"))[0]["status"] == "accepted"


def test_the_next_request_knows_what_was_logged_on_any_worker(app: Flask, settings: Settings, me: Device) -> None:
    """While others log as well: what is answered is committed, whoever's commit it was."""
    second = create_app(settings)
    rounds, together = 6, threading.Barrier(4, timeout=30)

    def log_here_and_ask_there(sender: int) -> list[bool]:
        here, there = (app, second) if sender % 2 else (second, app)
        write, read = (Device(one.test_client(), me.token, me.reader_id, me.id) for one in (here, there))
        together.wait()
        seen = []
        for number in range(rounds):
            paper = card(100 * sender + number)
            write.log(event("save", paper["id"]))
            seen.append(read.rank(paper)["cards"][0]["state"]["saved"])
        return seen

    with ThreadPoolExecutor(4) as senders:
        asked = [sent.result() for sent in [senders.submit(log_here_and_ask_there, number) for number in range(4)]]
    second.extensions["inkling"].close()
    assert asked == [[True] * rounds] * 4

"""What is known of the reader, as a page: the log, its filters, and what can be done with all of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from tests.server.conftest import Device, card, event, sqlite_only
from tests.server.pages.conftest import OWN, Browser, words

HOSTILE = '<img src=x onerror=alert(1)> & "quoted" 漢字'
WRITES = {
    "/ledger/delete": {"id": "1d6f0d53-7b0c-4f0a-9d6b-0d8a4f5f0c11"},
    "/ledger/import": {},
    "/ledger/start-over": {"sure": "yes"},
    "/ledger/leave": {"word": "leave"},
}


@pytest.fixture
def logged(me: Device) -> list[dict[str, Any]]:
    """Four events, the last one the newest."""
    list_id = me.rank(card(1))["list_id"]
    events = [
        event("impression", "2401.00001", "2026-11-20T08:15:00Z", list_id=list_id, position=3, surface="panel"),
        event("open", "2401.00001", "2026-11-20T08:16:00Z", surface="card", page="daily/2026-11-20"),
        event("save", "2401.00002", "2026-11-20T08:17:00Z", surface="paper_page", page="weekly/2026-W47"),
        event("hide", "2401.00003", "2026-11-21T09:00:00Z"),
    ]
    me.log(*events, papers=[card(1), card(2, title=HOSTILE)])
    return events


def shown(page: Any) -> list[str]:
    return re.findall(r'id="event-([0-9a-f-]+)"', page.text)


def ids(events: list[dict[str, Any]], *numbers: int) -> list[str]:
    return [events[number]["id"] for number in numbers]


def upload(browser: Browser, content: bytes, name: str = "inkling.json") -> Any:
    """Send a file as a browser does; by hand, because werkzeug's client leaves the file open that it makes of it."""
    lines = [
        "--limit",
        'Content-Disposition: form-data; name="form_token"',
        "",
        browser.form_token(),
        "--limit",
        f'Content-Disposition: form-data; name="file"; filename="{name}"',
        "Content-Type: application/json",
        "",
    ]
    body = "\r\n".join(lines).encode() + b"\r\n" + content + b"\r\n--limit--\r\n"
    headers = {**OWN, "Content-Type": "multipart/form-data; boundary=limit"}
    return browser.client.post("/ledger/import", data=body, base_url=browser.base, headers=headers)


def test_with_nothing_known_the_page_says_so(mine: Browser) -> None:
    told = words(mine.get("/ledger"))
    assert "Nothing is known of you yet." in told
    assert "Start over" in told


def test_every_event_says_what_when_and_where(mine: Browser, logged: list[dict[str, Any]]) -> None:
    page = mine.get("/ledger")
    assert shown(page) == ids(logged, 3, 2, 1, 0)
    told = words(page)
    assert "Opened On diffusion of heat images, part 1 Nov 20, 2026, 8:16:00" in told
    assert "on its card in the listing · listing of a day (Nov 20, 2026)" in told
    assert "listing of a week (2026-W47)" in told
    assert re.search(r"in the recommendations · at place 3 of the list of \w+ \d+, \d{4}", told)
    # A paper without a text is named by its id; a title is text, whatever is in it.
    assert "Hidden arXiv:2401.00003" in told
    assert HOSTILE in told
    assert "<img" not in page.text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("kind=open", [1]),
        ("kind=nonsense", [3, 2, 1, 0]),
        ("paper=2401.00001", [1, 0]),
        ("paper=https://arxiv.org/abs/2401.00001v2", [1, 0]),
        ("paper=2401.00001&kind=impression", [0]),
        ("paper=HEAT+diffusion", [1, 0]),
        ("paper=漢字", [2]),
        ("paper=100%25", []),
        ("paper=2401.00003", [3]),
    ],
)
def test_the_page_shows_what_the_filter_wants(
    mine: Browser, logged: list[dict[str, Any]], query: str, numbers: list[int]
) -> None:
    assert shown(mine.get(f"/ledger?{query}")) == ids(logged, *numbers)


def test_a_long_log_comes_in_pages(mine: Browser, me: Device) -> None:
    events = [event("open", f"2401.{n % 7:05d}", f"2026-11-20T{n // 60:02d}:{n % 60:02d}:00Z") for n in range(120)]
    me.log(*events)
    found, path = [], "/ledger?kind=open"
    for _ in range(3):
        page = mine.get(path)
        found += shown(page)
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert found == [one["id"] for one in reversed(events)]
    assert not path
    assert mine.get("/ledger?cursor=nonsense").status_code == 422


def test_one_event_is_deleted_for_good(mine: Browser, me: Device, logged: list[dict[str, Any]]) -> None:
    answer = mine.post("/ledger/delete", id=logged[2]["id"], back="/ledger?kind=save")
    assert answer.status_code == 303
    assert "Deleted for good." in words(mine.get(answer.headers["Location"]))
    assert me.get("/v1/library").json["items"] == []
    assert me.log(logged[2])[0]["status"] == "duplicate"
    assert shown(mine.get("/ledger")) == ids(logged, 3, 1, 0)


def test_another_readers_event_is_not_there(
    mine: Browser, theirs: Browser, me: Device, other: Device, logged: list[dict[str, Any]]
) -> None:
    assert theirs.post("/ledger/delete", id=logged[0]["id"]).status_code == 404
    assert shown(theirs.get("/ledger")) == []
    assert shown(theirs.get("/ledger?paper=2401.00001")) == []
    assert len(me.get("/v1/me/events").json["items"]) == 4
    assert mine.post("/ledger/delete", id="nonsense").status_code == 422


def test_the_export_is_that_of_the_api_and_comes_back(
    mine: Browser, theirs: Browser, me: Device, other: Device, logged: list[dict[str, Any]]
) -> None:
    file = mine.get("/ledger/export")
    assert "attachment" in file.headers["Content-Disposition"]
    whole = file.json
    assert {one["id"] for one in whole["events"]} == {one["id"] for one in logged}
    assert {**whole, "exported_at": ""} == {**me.get("/v1/me/export").json, "exported_at": ""}
    for new in (4, 0):
        answer = upload(theirs, file.data)
        told = words(theirs.get(answer.headers["Location"].partition("#")[0]))
        assert f"Imported: {new} events that were new" in told
    assert len(other.get("/v1/me/events").json["items"]) == 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1, 2]",
        b'{"format": "inkling-export", "version": 99}',
        b"\xff\xfe\x00",
        b"PK\x03\x04 no JSON at all",
    ],
)
@sqlite_only
def test_what_is_no_export_is_refused_and_changes_nothing(mine: Browser, me: Device, content: bytes) -> None:
    answer = upload(mine, content)
    assert answer.status_code == 422
    assert "nothing was imported" in words(answer)
    assert me.get("/v1/me/events").json["items"] == []


@sqlite_only
def test_an_import_without_a_file_says_so(mine: Browser) -> None:
    assert "Choose a file first" in words(mine.post("/ledger/import"))
    assert "Choose a file first" in words(upload(mine, b"", ""))


@sqlite_only
def test_an_import_may_be_as_large_as_the_apis_and_no_larger(
    mine: Browser, me: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than any other request may have.
    padding = {"format": "inkling-export", "version": 1, "events": [], "padding": "x" * 5 * 2**20}
    assert upload(mine, json.dumps(padding).encode()).status_code == 303
    monkeypatch.setattr("server.api.requests.MAX_IMPORT", 2**20)
    answer = upload(mine, json.dumps(padding).encode())
    assert answer.status_code == 413
    assert "larger than may be sent" in words(answer)


def test_starting_over_forgets_all_but_saved_papers(mine: Browser, me: Device, logged: list[dict[str, Any]]) -> None:
    me.call("PATCH", "/v1/me", {"interests": ["graphs"]})
    assert mine.post("/ledger/start-over").status_code == 422
    assert len(me.get("/v1/me/events").json["items"]) == 4
    answer = mine.post("/ledger/start-over", sure="yes")
    assert "Started over: 3 events were forgotten." in words(mine.get(answer.headers["Location"]))
    assert [one["kind"] for one in me.get("/v1/me/events").json["items"]] == ["save"]
    assert me.get("/v1/me").json["interests"] == []


@pytest.mark.parametrize(("typed", "leaves"), [("leave", True), (" Verlassen ", True), ("", False), ("yes", False)])
def test_leaving_wants_a_word_and_deletes_everything(
    app: Flask, mine: Browser, me: Device, theirs: Browser, other: Device, typed: str, leaves: bool
) -> None:
    me.log(event("save"))
    other.log(event("save"))
    answer = mine.post("/ledger/leave", word=typed)
    assert answer.status_code == (200 if leaves else 422)
    assert ("You have left" in words(answer)) == leaves
    assert me.get("/v1/me").status_code == (401 if leaves else 200)
    assert mine.get("/ledger").status_code == (303 if leaves else 200)
    assert (mine.client.get_cookie("inkling-8765", domain="127.0.0.1") is None) == leaves
    assert len(shown(theirs.get("/ledger"))) == 1


@pytest.mark.parametrize("path", WRITES)
@sqlite_only
def test_no_write_is_believed_without_session_token_and_origin(
    mine: Browser, theirs: Browser, stranger: Browser, me: Device, path: str
) -> None:
    me.log(event("save"))
    for browser, fields, headers, status in (
        (stranger, WRITES[path], None, 303),
        (mine, WRITES[path], None, 403),
        (mine, {**WRITES[path], "form_token": theirs.form_token()}, None, 403),
        (mine, {**WRITES[path], "form_token": mine.form_token()}, {"Sec-Fetch-Site": "cross-site"}, 403),
        (mine, {**WRITES[path], "form_token": mine.form_token()}, {"Origin": "https://evil.example"}, 403),
    ):
        assert browser.send(path, fields, headers).status_code == status
        assert mine.get(path).status_code == 405
    assert len(me.get("/v1/me/events").json["items"]) == 1


@sqlite_only
def test_without_a_session_the_page_leads_to_where_one_begins(stranger: Browser) -> None:
    for path in ("/ledger", "/ledger/export"):
        assert stranger.get(path).headers["Location"].startswith("/session")


@sqlite_only
def test_the_page_is_whole_in_german(mine: Browser, logged: list[dict[str, Any]]) -> None:
    told = words(mine.get("/ledger", **{"Accept-Language": "de"}))
    assert "Was über mich bekannt ist" in told
    assert "auf seiner Karte in der Liste · Liste eines Tages (20.11.2026)" in told

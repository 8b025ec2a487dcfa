"""Papers that the reader brings along, as a form and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from server.app import create_app
from server.config import Settings
from tests.server.conftest import Device, card, event, pair, sqlite_only
from tests.server.pages.conftest import Browser, words
from tests.server.sources.zotero_server import ZoteroServer, item, zotero_server

BIBTEX = "@article{a, title={One}, eprint={2401.00001}, archiveprefix={arXiv}}\n@book{b, title={A <b>book</b>}}\n"
RIS = "TY  - JOUR\nTI  - Two\nUR  - https://arxiv.org/abs/2401.00002\nER  - \n"


def saved(me: Device) -> list[str]:
    return sorted(entry["paper"]["id"] for entry in me.get("/v1/library").json["items"])


@pytest.mark.parametrize(
    ("style", "text", "found"),
    [
        ("ids", "2401.00001\nhttps://arxiv.org/abs/hep-th/9901001v2\n", ["2401.00001", "hep-th/9901001"]),
        ("bibtex", BIBTEX, ["2401.00001"]),
        ("ris", RIS, ["2401.00002"]),
        ("zotero", RIS, ["2401.00002"]),
    ],
)
def test_a_pasted_list_is_saved(mine: Browser, me: Device, style: str, text: str, found: list[str]) -> None:
    answer = mine.post("/interests/seeds", format=style, text=text)
    assert answer.status_code == 200
    assert f"{len(found)} paper" in words(answer)
    assert saved(me) == found
    assert {one["surface"] for one in me.get("/v1/me/events").json["items"]} == {"import"}


def test_each_line_says_what_came_of_it(mine: Browser, me: Device) -> None:
    me.log(event("save", "2401.00002"), papers=[card(2), card(1, title="A <b>title</b>")])
    answer = mine.post("/interests/seeds", format="ids", text="2401.00001\r\nnonsense\r\n2401.00002\r\n")
    told = words(answer)
    assert "1 paper saved. 1 was saved before. 1 line could not be read." in told
    assert "line 2 No arXiv id or address on this line." in told
    assert "A <b>title</b>" in told
    answer = mine.post("/interests/seeds", format="bibtex", text=BIBTEX)
    assert "names no arXiv paper." in words(answer)
    assert "<b>" not in answer.text
    german = mine.client.post(
        "/interests/seeds",
        data={"form_token": mine.form_token(), "format": "ids", "text": "nonsense"},
        base_url=mine.base,
        headers={"Accept-Language": "de"},
    )
    assert "Zeile 1 Keine Nummer oder Adresse von arXiv in dieser Zeile." in words(german)


def test_half_a_surrogate_is_no_fault(mine: Browser, me: Device) -> None:
    text = r'[{"title": "\ud800"}, {"title": "Half \udfff\u0000"}, {"title": "a", "archiveID": "arXiv:2401.55555"}]'
    answer = mine.post("/interests/seeds", format="zotero", text=text)
    assert answer.status_code == 200
    assert "“Half”" in words(answer)
    assert "\0" not in answer.text
    told = me.post("/v1/me/seeds", {"format": "zotero", "text": text})
    assert [one["reason"] for one in told.json["unreadable"]] == [
        "Names no arXiv paper.",
        "“Half” names no arXiv paper.",
    ]
    assert saved(me) == ["2401.55555"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"format": "bibtex", "text": "no entry"}, 422),
        ({"format": "nonsense", "text": "2401.00001"}, 422),
        ({"format": "zotero", "text": "[{"}, 422),
        ({"user": "me", "key": "abc"}, 422),
        ({"user": "1", "key": "not a key"}, 422),
        ({}, 422),
    ],
)
@sqlite_only
def test_what_cannot_be_read_is_refused_whole(mine: Browser, me: Device, fields: dict[str, str], status: int) -> None:
    assert mine.post("/interests/seeds", **fields).status_code == status
    assert saved(me) == []


@sqlite_only
def test_a_list_may_be_longer_than_forms_mostly_are(mine: Browser, me: Device) -> None:
    answer = mine.post("/interests/seeds", format="ids", text="2401.00001\n" + "x" * 900_000)
    assert answer.status_code == 200
    assert saved(me) == ["2401.00001"]


@pytest.fixture
def zotero(socket_enabled: None) -> Iterator[ZoteroServer]:
    with zotero_server() as server:
        items = [item(1, url="https://arxiv.org/abs/2401.00001"), item(2, itemType="book", title="A <b>book</b>")]
        server.libraries["475425"] = ("SECRETkey1", items)
        yield server


@pytest.fixture
def online(zotero: ZoteroServer, tmp_path: Any, database_url: str, _openapi: None) -> Iterator[Flask]:
    given = {"INKLING_ZOTERO_URL": zotero.url}
    app = create_app(
        Settings.from_environment(
            given, home=tmp_path / "online", database_url=database_url, rate_limit=False, registration="first"
        )
    )
    yield app
    app.extensions["inkling"].close()


@sqlite_only
def test_zotero_is_asked_with_the_key_and_the_page_has_no_word_of_it(online: Flask, zotero: ZoteroServer) -> None:
    me = pair(online.test_client())
    mine = Browser(online.test_client())
    mine.sign_in(me)
    answer = mine.post("/interests/seeds", user="475425", key="SECRETkey1")
    assert "1 paper saved. 1 line could not be read." in words(answer)
    assert "A <b>book</b>" in words(answer)
    assert "SECRETkey1" not in answer.text
    assert saved(me) == ["2401.00001"]
    for user, key, told in (("475425", "SECRETkey2", "does not take this key"), ("1", "SECRETkey1", "knows no user")):
        answer = mine.post("/interests/seeds", user=user, key=key)
        assert answer.status_code == 422
        assert told in words(answer)
    zotero.script = [(200, {}, b"<html>not JSON</html>")]
    answer = mine.post("/interests/seeds", user="475425", key="SECRETkey1")
    assert answer.status_code == 503
    assert "try again in a moment" in words(answer)


@sqlite_only
def test_no_write_is_believed_without_session_token_and_origin(
    mine: Browser, theirs: Browser, stranger: Browser, me: Device
) -> None:
    fields = {"format": "ids", "text": "2401.00001"}
    for browser, more, headers, status in (
        (stranger, {}, None, 303),
        (mine, {}, None, 403),
        (mine, {"form_token": theirs.form_token()}, None, 403),
        (mine, {"form_token": mine.form_token()}, {"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        assert browser.send("/interests/seeds", {**fields, **more}, headers).status_code == status
    assert saved(me) == []

"""Seeds over HTTP: each paper of a list is saved once, and a Zotero library is asked with a key that is not kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from server.app import create_app
from server.config import Settings
from server.services.context import Context
from server.store.tables import metadata
from tests.server.conftest import Device, event, pair, sqlite_only
from tests.server.sources.zotero_server import ZoteroServer, item, zotero_server

USER, KEY = "475425", "P9NiFoyLeZu2bZNvvuQPDWsd"


def saved(device: Device) -> set[str]:
    return {one["paper"]["id"] for one in device.get("/v1/library?limit=200").json["items"]}


def test_a_second_time_all_are_known(me: Device, other: Device) -> None:
    me.log(event("save", "2401.00002"))
    body = {"format": "ids", "text": "2401.00001\nnothing\narXiv:2401.00002v2 2401.00003"}
    first = me.post("/v1/me/seeds", body)
    assert first.status_code == 200
    reason = "No arXiv id or address on this line."
    assert first.json == {
        "saved": ["2401.00001", "2401.00003"],
        "known": ["2401.00002"],
        "unreadable": [{"line": 2, "reason": reason}],
    }
    again = me.post("/v1/me/seeds", body).json
    assert (again["saved"], again["known"]) == ([], ["2401.00001", "2401.00002", "2401.00003"])
    assert saved(me) == {"2401.00001", "2401.00002", "2401.00003"}
    assert saved(other) == set()
    events = me.get("/v1/me/events?kind=save").json["items"]
    assert sorted((one["paper"], one.get("surface")) for one in events) == [
        ("2401.00001", "import"),
        ("2401.00002", None),
        ("2401.00003", "import"),
    ]


def test_more_than_one_batch_is_saved_and_unsaved_papers_come_back(me: Device) -> None:
    ids = [f"2401.{number:05d}" for number in range(1201)]
    assert me.post("/v1/me/seeds", {"format": "ids", "text": " ".join(ids)}).json["saved"] == ids
    assert me.get("/v1/me").json["counts"]["saved"] == 1201
    me.call("DELETE", f"/v1/library/{ids[7]}")
    assert me.post("/v1/me/seeds", {"format": "ids", "text": " ".join(ids)}).json["saved"] == [ids[7]]


def test_a_list_of_seeds_makes_the_next_list_personal(me: Device) -> None:
    bibtex = "@misc{a, eprint = {2401.00001}}\n@misc{b, url = {https://arxiv.org/abs/2401.00002}}"
    assert me.post("/v1/me/seeds", {"format": "bibtex", "text": bibtex}).json["saved"] == ["2401.00001", "2401.00002"]
    ris = "TY  - GEN\nDO  - 10.48550/arXiv.2401.00003\nER  - \n"
    assert me.post("/v1/me/seeds", {"format": "ris", "text": ris}).json["saved"] == ["2401.00003"]
    assert me.post("/v1/me/seeds", {"format": "zotero", "text": ris}).json["known"] == ["2401.00003"]


@sqlite_only
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "format"),
        ({"format": "endnote", "text": "x"}, 422, "format"),
        ({"format": "ids"}, 422, "text"),
        ({"format": "ids", "text": 3}, 422, "text"),
        ({"format": "ids", "text": "\0"}, 422, "text"),
        ({"format": "bibtex", "text": "hello"}, 422, "text"),
        ({"format": "ids", "zotero": {"user": USER, "key": KEY}}, 422, "text"),
        ({"format": "zotero", "text": "x", "zotero": {"user": USER, "key": KEY}}, 422, "text"),
        ({"format": "zotero", "zotero": {"user": "me", "key": KEY}}, 422, "zotero.user"),
        ({"format": "zotero", "zotero": {"user": "../1", "key": KEY}}, 422, "zotero.user"),
        ({"format": "zotero", "zotero": {"user": USER, "key": "a b"}}, 422, "zotero.key"),
        ({"format": "zotero", "zotero": {"user": USER}}, 422, "zotero.key"),
        ({"format": "ids", "text": " ".join(f"2401.{n:05d}" for n in range(5001))}, 413, "text"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(me: Device, body: dict[str, Any], status: int, field: str) -> None:
    answer = me.post("/v1/me/seeds", body)
    assert (answer.status_code, answer.json["error"].get("field")) == (status, field)
    assert saved(me) == set()


@pytest.fixture
def zotero(socket_enabled: None) -> Iterator[ZoteroServer]:
    with zotero_server() as server:
        server.libraries[USER] = (KEY, [item(n, url=f"http://arxiv.org/abs/2401.{n:05d}") for n in range(130)])
        yield server


@pytest.fixture
def online(zotero: ZoteroServer, database_url: str, tmp_path: Any, _openapi: None) -> Iterator[Flask]:
    given = {"INKLING_ZOTERO_URL": zotero.url}
    settings = Settings.from_environment(
        given, home=tmp_path / "home", database_url=database_url, rate_limit=False, registration="first"
    )
    app = create_app(settings)
    yield app
    app.extensions["inkling"].close()


def test_a_zotero_library_is_asked_and_its_key_is_kept_nowhere(
    online: Flask, zotero: ZoteroServer, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    me = pair(online.test_client())
    zotero.libraries[USER][1][3]["data"] = {"itemType": "book", "title": "A book", "extra": "arXiv: none"}
    zotero.libraries[USER][1][4]["data"] = {"itemType": "preprint", "archiveID": "arXiv:2401.00004"}
    zotero.libraries[USER][1][5]["data"] = {"itemType": "attachment", "url": "http://arxiv.org/pdf/2401.00005"}
    with caplog.at_level(logging.DEBUG):
        answer = me.post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": USER, "key": KEY}})
    assert answer.status_code == 200
    assert len(answer.json["saved"]) == 128
    assert "2401.00004" in answer.json["saved"]
    assert answer.json["unreadable"] == [{"line": 4, "reason": "“A book” names no arXiv paper."}]
    context: Context = online.extensions["inkling"]
    with context.database.engine.connect() as connection:
        rows = [str(connection.execute(table.select()).all()) for table in metadata.sorted_tables]
        connection.execute(text("SELECT 1"))
    assert not [row for row in rows if KEY in row]
    assert KEY not in caplog.text
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("user", "key", "field"), [(USER, "wrong", "zotero.key"), ("1", KEY, "zotero.user")], ids=["key", "user"]
)
def test_what_zotero_refuses_names_the_field(online: Flask, user: str, key: str, field: str) -> None:
    me = pair(online.test_client())
    answer = me.post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": user, "key": key}})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert key not in answer.text


@sqlite_only
def test_a_zotero_that_wants_to_be_left_alone_is_told(online: Flask, zotero: ZoteroServer) -> None:
    me = pair(online.test_client())
    zotero.script = [(429, {"Retry-After": "3600"}, b"")]
    answer = me.post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": USER, "key": KEY}})
    assert answer.status_code == 503
    assert "zotero" in answer.json["error"]["message"]


@sqlite_only
def test_what_is_past_the_last_page_is_told(
    online: Flask, zotero: ZoteroServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.sources.zotero.MAX_PAGES", 1)
    answer = pair(online.test_client()).post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": USER, "key": KEY}})
    assert len(answer.json["saved"]) == 100
    assert answer.json["unreadable"] == [{"line": 101, "reason": "Only the 100 references added last were read."}]


@sqlite_only
def test_only_a_few_libraries_are_read_at_once(online: Flask, zotero: ZoteroServer) -> None:
    me = pair(online.test_client())
    context: Context = online.extensions["inkling"]
    while context.imports.acquire(blocking=False):
        pass
    answer = me.post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": USER, "key": KEY}})
    assert (answer.status_code, zotero.asked) == (429, [])
    assert int(answer.headers["Retry-After"]) > 0
    context.imports.release()
    assert me.post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": USER, "key": KEY}}).status_code == 200


@sqlite_only
def test_offline_no_library_is_asked(me: Device) -> None:
    answer = me.post("/v1/me/seeds", {"format": "zotero", "zotero": {"user": USER, "key": KEY}})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "offline")

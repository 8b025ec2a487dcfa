"""Zotero's web API, asked at a server that answers as it does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from server.config import Settings
from server.errors import SourceRefused, SourceUnavailable
from server.sources import zotero
from server.sources.zotero import Zotero
from tests.server.sources.zotero_server import ZoteroServer, item, zotero_server

USER, KEY = "475425", "P9NiFoyLeZu2bZNvvuQPDWsd"


@pytest.fixture
def library() -> Iterator[ZoteroServer]:
    with zotero_server() as server:
        server.libraries[USER] = (KEY, [item(number) for number in range(250)])
        yield server


@pytest.fixture
def client(library: ZoteroServer, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Zotero]:
    settings = Settings.from_environment({"INKLING_HOME": str(tmp_path), "INKLING_ZOTERO_URL": library.url})
    found = Zotero(settings, pace=0.0)
    yield found
    found.close()


@pytest.mark.parametrize("total", [True, False])
def test_every_page_is_read_once_with_the_key_in_a_header_alone(
    client: Zotero, library: ZoteroServer, total: bool
) -> None:
    library.total = total
    assert [data["title"] for data in client.items(USER, KEY)[0]] == [f"Item {number}" for number in range(250)]
    assert [query["start"] for _, query, _ in library.asked] == ["0", "100", "200"]
    for path, query, headers in library.asked:
        assert path == f"/users/{USER}/items/top"
        assert (headers["zotero-api-key"], headers["zotero-api-version"]) == (KEY, "3")
        assert KEY not in {*query.values(), *query}


def test_what_is_no_reference_is_left_out(client: Zotero, library: ZoteroServer) -> None:
    kinds = ["attachment", "note", "annotation", "journalArticle"]
    items = [item(number, itemType=kind) for number, kind in enumerate(kinds)]
    library.libraries[USER] = (KEY, [*items, "odd", {"data": 3}])
    assert [data.get("itemType") for data in client.items(USER, KEY)[0]] == ["journalArticle", None, None]


def test_an_empty_library_is_asked_once(client: Zotero, library: ZoteroServer) -> None:
    library.libraries[USER] = (KEY, [])
    assert client.items(USER, KEY) == ([], True)
    assert len(library.asked) == 1


@pytest.mark.parametrize(("user", "key", "status"), [(USER, "wrong", 403), ("1", KEY, 404)])
def test_a_wrong_key_or_user_is_told_by_its_status(client: Zotero, user: str, key: str, status: int) -> None:
    with pytest.raises(SourceRefused) as refused:
        client.items(user, key)
    assert refused.value.status == status
    assert key not in str(refused.value)


def test_it_waits_as_long_as_it_is_told(client: Zotero, library: ZoteroServer, monkeypatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(client._client, "_sleep", waits.append)
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.0)
    library.script = [(429, {"Retry-After": "7"}, b"Too many"), (503, {}, b"")]
    assert len(client.items(USER, KEY)[0]) == 250
    assert 6 < max(waits) <= 7
    waits.clear()
    library.script = [(200, {"Backoff": "9", "Total-Results": "250"}, b"[{}]")]
    assert len(client.items(USER, KEY)[0]) == 250
    assert 8 < max(waits) <= 9


def test_a_long_pause_is_told_with_its_end(client: Zotero, library: ZoteroServer) -> None:
    library.script = [(429, {"Retry-After": "3600"}, b"")]
    with pytest.raises(SourceUnavailable) as paused:
        client.items(USER, KEY)[0]
    assert paused.value.retry_at is not None
    assert paused.value.retry_at > time.time() + 3000


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[" * 100_000, b"\xff"])
def test_what_is_no_list_of_items_is_refused(client: Zotero, library: ZoteroServer, body: bytes) -> None:
    library.script = [(200, {}, body)]
    with pytest.raises(SourceRefused, match="zotero"):
        client.items(USER, KEY)[0]


def test_a_library_without_end_is_read_so_far(client: Zotero, library: ZoteroServer, monkeypatch) -> None:
    monkeypatch.setattr(zotero, "MAX_PAGES", 2)
    items, complete = client.items(USER, KEY)
    assert (len(items), complete) == (200, False)

"""A reader's own file, out and in, in whatever shape it comes back."""

from __future__ import annotations

import json
import random
import shutil
import threading
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as engine_events

from server.app import create_app
from server.config import Settings
from server.demo.paper_generator import generate_papers
from server.errors import Conflict, RateLimited
from server.services import export_import
from server.services.context import Context
from server.services.papers import merge_source_papers
from tests.server.conftest import LOOPBACK, Device, card, event, pair, sqlite_only

NOW = 1_795_300_000.0


def file_of(events: int = 0, cards: int = 0, words: int = 0) -> dict[str, Any]:
    """Return an exported file, newest first as they are."""
    logged = [
        event("save" if number % 3 else "open", _paper(number), f"2026-11-20T{number // 60:02d}:{number % 60:02d}:00Z")
        for number in range(events)
    ]
    entries = [{"paper": _paper(number), "tags": ["a"], "note": "n", "read": True} for number in range(words)]
    head = {"format": "inkling-export", "version": 1}
    return {**head, "events": logged[::-1], "papers": [card(number) for number in range(cards)], "library": entries}


def _paper(number: int) -> str:
    return f"2401.{number % 50:05d}"


def send(device: Device, body: bytes) -> Any:
    headers = {"Authorization": f"Bearer {device.token}"}
    return device.client.post(
        "/v1/me/import", data=body, content_type="application/json", headers=headers, base_url=LOOPBACK
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@sqlite_only
def test_a_file_is_taken_as_an_editor_saved_it(me: Device, encoding: str) -> None:
    me.log(event("save"), papers=[card(1, title="Über Aufmerksamkeit 漢字")])
    text = json.dumps(me.get("/v1/me/export").json, ensure_ascii=False, indent=2).replace("\n", "\r\n")
    me.post("/v1/me/reset", {})
    answer = send(me, text.encode(encoding))
    assert (answer.status_code, answer.json) == (200, {"accepted": 0, "duplicate": 1, "rejected": 0, "papers": 1})


def test_ones_own_file_brings_back_what_starting_over_forgot(me: Device) -> None:
    list_id = me.rank(card(1))["list_id"]
    me.log(event("save"), event("open", "2401.00002"), event("hide", "2401.00003"), papers=[card(2)])
    me.log(event("impression", "2401.00004", list_id=list_id, position=1))
    me.call("PUT", "/v1/library/2401.00001", {"note": "mine"})
    me.call("PATCH", "/v1/me", {"interests": ["graphs"], "muted": ["crypto"]})
    before = me.get("/v1/me/export").json
    assert me.post("/v1/me/reset", {}).json == {"forgotten": 3}
    assert me.post("/v1/me/import", before).json == {"accepted": 3, "duplicate": 1, "rejected": 0, "papers": 2}
    after = me.get("/v1/me/export").json
    assert _without_moments(after) == _without_moments(before)
    assert me.post("/v1/me/import", before).json["accepted"] == 0
    # And once more: what came back can be forgotten again.
    assert me.post("/v1/me/reset", {}).json == {"forgotten": 3}
    assert me.log(*[{key: one[key] for key in ("id", "kind", "paper", "at")} for one in before["events"][:1]])


def _without_moments(file: dict[str, Any]) -> dict[str, Any]:
    events = [{**one, "received_at": ""} for one in file["events"]]
    return {**file, "exported_at": "", "events": events}


def test_an_event_deleted_by_itself_stays_away_from_an_import_too(me: Device) -> None:
    deleted = event("open", "2401.00002")
    me.log(event("save"), deleted)
    file = me.get("/v1/me/export").json
    me.call("DELETE", f"/v1/me/events/{deleted['id']}")
    me.post("/v1/me/reset", {})
    assert me.post("/v1/me/import", file).json == {"accepted": 0, "duplicate": 2, "rejected": 0, "papers": 0}


def test_what_was_chosen_is_forgotten_by_starting_over(me: Device) -> None:
    me.call("PATCH", "/v1/me", {"interests": ["graphs"], "followed": ["Ann Author"], "muted": ["crypto"]})
    me.log(event("open"))
    me.post("/v1/me/reset", {})
    profile = me.get("/v1/me").json
    assert (profile["interests"], profile["followed"], profile["muted"]) == ([], [], [])


def test_a_queue_sent_again_after_starting_over_brings_nothing_back(me: Device) -> None:
    sent = event("open")
    me.log(sent)
    me.post("/v1/me/reset", {})
    assert me.log(sent)[0]["status"] == "duplicate"
    assert me.get("/v1/me/events").json["items"] == []


def test_of_two_events_at_one_moment_the_later_arrival_counts_after_an_import_too(me: Device, other: Device) -> None:
    for kind in ("save", "unsave", "save", "unsave"):
        me.log(*[event(kind, f"2401.{number:05d}") for number in range(export_import.BATCH - 50)])
    assert me.get("/v1/library").json["items"] == []
    other.post("/v1/me/import", me.get("/v1/me/export").json)
    assert other.get("/v1/library").json["items"] == []


class Transactions:
    """How many rows each transaction that writes wrote, but for the request's own bookkeeping."""

    def __init__(self, context: Context) -> None:
        self.rows: list[int] = []
        self._engine = context.database.engine

    def __enter__(self) -> Transactions:
        engine_events.listen(self._engine, "begin", self._begin)
        engine_events.listen(self._engine, "before_cursor_execute", self._execute)
        return self

    def __exit__(self, *_: object) -> None:
        engine_events.remove(self._engine, "begin", self._begin)
        engine_events.remove(self._engine, "before_cursor_execute", self._execute)

    def _begin(self, _connection: Any) -> None:
        self.rows.append(0)

    def _execute(self, _c: Any, _k: Any, statement: str, given: Any, _x: Any, many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            together = json.loads(given["rows"]) if "json_to_recordset" in statement else given
            self.rows[-1] += len(together) if many or together is not given else 1


def test_no_transaction_of_an_import_grows_with_the_file(me: Device, context: Context) -> None:
    with Transactions(context) as small:
        me.post("/v1/me/import", file_of(export_import.BATCH, export_import.BATCH, export_import.BATCH))
    with Transactions(context) as large:
        answer = me.post("/v1/me/import", file_of(*[6 * export_import.BATCH] * 3)).json
    assert answer["accepted"] == 6 * export_import.BATCH
    assert max(small.rows + large.rows) <= 5 * export_import.BATCH
    assert len([rows for rows in large.rows if rows]) > 5 * len([rows for rows in small.rows if rows]) / 2


class Killed(Exception):
    """Stands for a process that ends between two transactions."""


def test_a_cut_off_import_can_be_made_again(me: Device, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    file = json.dumps(file_of(1000, 30, 50)).encode()
    rests = 0

    def ended(_seconds: float) -> None:
        nonlocal rests
        rests += 1
        if rests == 3:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("server.store.database.time.sleep", ended)
        with pytest.raises(Killed):
            export_import.import_(context, me.reader_id, [file], NOW)
    assert me.get("/v1/me").json["counts"]["events"] == 3 * export_import.BATCH
    answer = send(me, file).json
    assert answer == {
        "accepted": 1000 - 3 * export_import.BATCH,
        "duplicate": 3 * export_import.BATCH,
        "rejected": 0,
        "papers": 30,
    }
    assert send(me, file).json["accepted"] == 0
    found = me.get("/v1/me").json["counts"]
    assert (found["events"], found["saved"]) == (1000, 50)


@sqlite_only
@pytest.mark.parametrize(
    ("spoilt", "status"),
    [(b"", 422), (b"[]", 422), (b"{", 400), (b'{"format": "inkling-export", "version": 1, "events": [{}], ', 400),
     (b'{"format": "inkling-export", "version": 1, "events": {}}', 422), (b"\xff\xff\xff\xff", 400)],
)  # fmt: skip
def test_nothing_is_written_of_a_file_that_is_none(me: Device, spoilt: bytes, status: int) -> None:
    assert send(me, spoilt).status_code == status
    good = json.dumps(file_of(300)).encode()
    assert send(me, good[:-1]).status_code == 400
    assert me.get("/v1/me").json["counts"]["events"] == 0


@sqlite_only
def test_the_caps_are_named(me: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(export_import.MAX_ENTRIES, "events", 10)
    answer = send(me, json.dumps(file_of(11)).encode())
    assert (answer.status_code, answer.json["error"]["field"]) == (413, "events")
    assert "At most 10 at once" in answer.json["error"]["message"]
    monkeypatch.setattr("server.api.account.MAX_IMPORT", 2**20)
    answer = send(me, json.dumps({**file_of(), "note": "x" * 2**20}).encode())
    assert answer.status_code == 413
    assert "more than 1 MB" in answer.json["error"]["message"]
    assert "inkling import" in answer.json["error"]["message"]
    assert me.get("/v1/me").json["counts"]["events"] == 0


def test_one_import_of_a_reader_at_a_time(me: Device, other: Device, context: Context) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        begun.set()
        go_on.wait(30)
        yield json.dumps(file_of(3)).encode()

    first = threading.Thread(target=export_import.import_, args=(context, me.reader_id, slow(), NOW))
    first.start()
    assert begun.wait(30)
    try:
        with pytest.raises(Conflict):
            export_import.import_(context, me.reader_id, [b"{}"], NOW)
        assert send(other, json.dumps(file_of(3)).encode()).json["accepted"] == 3
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("server.services.export_import.RETRY_AFTER", 7.0)
            context.imports.acquire()
            with pytest.raises(RateLimited):
                export_import.import_(context, other.reader_id, [b"{}"], NOW)
            context.imports.release()
    finally:
        go_on.set()
        first.join()
    assert me.get("/v1/me").json["counts"]["events"] == 3
    assert send(me, json.dumps(file_of(2)).encode()).json["accepted"] == 2


def _peak_of_an_import(context: Context, reader: str, entries: int, size: int = 300) -> int:
    def chunks() -> Iterator[bytes]:
        yield b'{"format": "inkling-export", "version": 1, "events": ['
        for _ in range(entries):
            yield b'{"kind": "' + b"x" * size + b'"},'
        yield b"{}]}"

    tracemalloc.start()
    assert export_import.import_(context, reader, chunks(), NOW)["rejected"] == entries + 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.slow
@sqlite_only
def test_a_larger_file_takes_no_more_memory(me: Device, context: Context) -> None:
    _peak_of_an_import(context, me.reader_id, 1000)  # what is made once
    assert _peak_of_an_import(context, me.reader_id, 30_000) < 1.5 * _peak_of_an_import(context, me.reader_id, 3_000)
    # Nor do a few entries that are huge, each alone.
    assert _peak_of_an_import(context, me.reader_id, 60, 2**20) < 1.5 * _peak_of_an_import(
        context, me.reader_id, 6, 2**20
    )


def test_an_export_is_one_json_value_whatever_is_in_it(me: Device) -> None:
    empty = json.loads(me.get("/v1/me/export").data)
    assert (empty["events"], empty["library"], empty["papers"]) == ([], [], [])
    me.log(*[event("open", f"2401.{number:05d}", id=str(uuid.uuid4())) for number in range(450)])
    me.log(*[event("open", f"2402.{number:05d}", id=str(uuid.uuid4())) for number in range(450)])
    file = json.loads(me.get("/v1/me/export").data)
    assert len({one["id"] for one in file["events"]}) == len(file["events"]) == 900


def test_topics_of_a_file_join_those_that_are_here(me: Device) -> None:
    me.call("PATCH", "/v1/me", {"interests": ["graphs", "author:Ada Lovelace"], "muted": ["crypto"]})
    topics = {
        "interests": ["Graphs", "crypto", "vision"],
        "followed": ["cs.LG"],
        "muted": ["author: ada lovelace", "x"],
    }
    for _ in range(2):
        assert me.post("/v1/me/import", {**file_of(), "settings": topics}).status_code == 200
        mine = me.get("/v1/me").json
        assert mine["interests"] == ["graphs", "author:Ada Lovelace", "vision"]
        assert (mine["followed"], mine["muted"]) == (["cs.LG"], ["crypto", "x"])


def test_many_topics_here_and_some_in_a_file_are_no_fault(me: Device) -> None:
    here = {"interests": [f"a{n}" for n in range(60)], "muted": [f"b{n}" for n in range(50)]}
    me.call("PATCH", "/v1/me", here)
    topics = {"followed": ["vision", "b7"], "interests": [f"c{n}" for n in range(90)]}
    assert me.post("/v1/me/import", {**file_of(1), "settings": topics}).status_code == 200
    mine = me.get("/v1/me").json
    assert mine["followed"] == ["vision"]
    assert mine["interests"] == [*here["interests"], *(f"c{n}" for n in range(40))]


@pytest.mark.slow
@sqlite_only
def test_ten_thousand_events_make_the_same_reader_elsewhere(
    me: Device, settings: Settings, sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "elsewhere.sqlite3")
    address = f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    app = create_app(replace(settings, home=tmp_path / "elsewhere", database_url=address))
    other = pair(app.test_client())
    found = [vars(paper) for paper in generate_papers(400, seed=3, newest=NOW, days=60)]
    for place in (me.client.application, app):
        with place.extensions["inkling"].database.writing() as session:
            merge_source_papers(session, "test", found, now=NOW)
    kinds = ["open", "save", "hide", "unsave", "dislike", "undislike", "unhide"]
    draw = random.Random(5)
    for start in range(0, 10_000, 500):
        batch = [
            event(draw.choice(kinds), draw.choice(found)["id"], f"2026-10-{1 + n % 28:02d}T10:{n % 60:02d}:00Z")
            for n in range(start, start + 500)
        ]
        me.log(*batch)
    for entry in me.get("/v1/library?limit=50").json["items"]:
        me.call("PUT", f"/v1/library/{entry['paper']['id']}", {"tags": ["t"], "note": "n", "read": True})
    me.call("PATCH", "/v1/me", {"interests": ["graphs"], "followed": ["category:cs.LG"], "variety": 1.5})
    file = me.get("/v1/me/export").get_data()
    counts = send(other, file).json
    assert (counts["accepted"], counts["rejected"]) == (10_000, 0)
    assert known_of(other) == known_of(me)
    assert scores_of(other, found) == pytest.approx(scores_of(me, found), rel=1e-4, abs=1e-4)
    assert send(other, file).json["accepted"] == 0
    assert known_of(other) == known_of(me)
    app.extensions["inkling"].close()


def known_of(device: Device) -> dict[str, Any]:
    """Return all that a reader sees of themselves, without when it arrived and what is secret."""
    found = {name: everything(device, f"/v1/{name}?limit=200") for name in ("library", "me/events")}
    for one in found["me/events"]:
        del one["received_at"]
    profile = device.get("/v1/me").json
    own = {"reader_id", "device_id", "created_at", "feed_url", "feed_secret", "operator"}
    return {**found, "me": {name: profile[name] for name in profile.keys() - own}}


def scores_of(device: Device, found: list[dict[str, Any]]) -> dict[str, float]:
    """Return the scores of papers as cards, in which nothing is explored."""
    cards = device.rank(*({"id": paper["id"]} for paper in found[:250]))["cards"]
    return {one["id"]: one["score"] for one in cards}


def everything(device: Device, address: str) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while cursor is not None:
        page = device.get(f"{address}&cursor={cursor}").json
        found += page["items"]
        cursor = page["next"]
    return found

"""What was deleted is gone from the disk: every file of a home is searched for it, byte by byte."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from server.config import Settings
from server.services import deletion, training
from server.services.papers import merge_source_papers
from server.services.serving_context import ServingContext
from server.services.training_due import why_due
from server.store import papers as paper_store
from server.store import trained_models
from server.store.database import Database
from server.store.tables import page_texts, papers
from tests.server.conftest import Device, card, event, pair, sqlite_only
from tests.server.services.test_model_cache import fill
from tests.server.valkey_process import ValkeyProcess

pytestmark = pytest.mark.usefixtures("socket_enabled")  # for the Valkey of the home

NAMED, SHOWN, LIKED = "2403.00001", "2403.00002", "2401.00003"


@pytest.fixture
def context(app: Flask) -> ServingContext:
    found = app.extensions["inkling"]
    assert isinstance(found, ServingContext)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def settings(home: Path, database_url: str) -> Iterator[Settings]:
    """A home as `inkling up` has it, its Valkey included."""
    folder = home / "valkey"
    folder.mkdir()
    valkey = ValkeyProcess(folder)
    valkey.start()
    try:
        yield Settings.from_environment(
            {"INKLING_REGISTRATION": "first"}, home=home, database_url=database_url, redis_url=valkey.url, offline=True
        )
    finally:
        valkey.kill()


def remains(home: Path, *traces: str) -> set[tuple[str, str]]:
    """Return (trace, file) for everything that can still be read below a folder."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    content = {path.relative_to(home).as_posix(): path.read_bytes().lower() for path in files}
    return {(trace, name) for name, held in content.items() for trace in traces if trace.lower().encode() in held}


def live(reader: Device) -> list[str]:
    """Do all that leaves a trace, as the reader that will leave; return the traces."""
    opened = event("open", NAMED)
    list_id = reader.rank(card(1), {"id": SHOWN, "title": "Zyxtitle of a page", "abstract": "zyxabstract " * 400})[
        "list_id"
    ]
    reader.log(opened, event("save", LIKED), event("impression", SHOWN, list_id=list_id, position=1))
    words = {"note": "zyxnote " * 900, "tags": ["zyxtag"], "read": True}
    reader.call("PUT", f"/v1/library/{LIKED}", words)
    reader.call("PUT", f"/v1/library/{NAMED}", words)
    reader.call("PATCH", "/v1/me", {"interests": ["zyxinterest"], "muted": ["zyxmuted"]})
    reader.get("/v1/papers?q=zyxquery")
    deleted = event("hide", SHOWN)
    reader.log(deleted)
    reader.call("DELETE", f"/v1/me/events/{deleted['id']}")
    words_of_theirs = [
        "zyxtitle",
        "zyxabstract",
        "zyxnote",
        "zyxtag",
        "zyxinterest",
        "zyxmuted",
        "zyxquery",
        "zyxdevice",
    ]
    return [*words_of_theirs, NAMED, SHOWN, opened["id"], deleted["id"], list_id, reader.reader_id, reader.id]


@sqlite_only
def test_nothing_of_a_reader_who_left_can_be_read_in_any_file(app: Flask, context: ServingContext, home: Path) -> None:
    me = pair(app.test_client())
    fill(context.database, 0, 60)
    client = app.test_client()
    leaving = pair(client, name="zyxdevice", code=me.post("/v1/pairing-codes", {"reader": "new"}).json["code"])
    traces = live(leaving)
    for seed in range(2):
        training.train_once(context, seed=seed)
    me.log(event("save", LIKED))
    assert {trace for trace, _ in remains(home, *traces)} >= {"zyxtitle", "zyxnote", NAMED, leaving.reader_id}
    assert leaving.call("DELETE", "/v1/me").status_code == 204
    assert remains(home, *traces) == set()
    assert me.get("/v1/library").json["items"][0]["paper"]["id"] == LIKED


@sqlite_only
def test_nothing_of_what_was_started_over_can_be_read(app: Flask, home: Path) -> None:
    reader = pair(app.test_client())
    traces = live(reader)
    reader.post("/v1/me/reset", {})
    kept = {"zyxnote", "zyxtag", "zyxinterest", "zyxmuted", reader.reader_id, reader.id, NAMED, LIKED}
    assert {trace for trace, _ in remains(home, *traces)} <= kept


@sqlite_only
def test_a_deleted_event_takes_along_what_was_known_by_it_alone(app: Flask, home: Path) -> None:
    reader = pair(app.test_client())
    opened = event("open", SHOWN)
    reader.log(opened, papers=[{"id": SHOWN, "title": "Zyxtitle"}])
    reader.call("DELETE", f"/v1/me/events/{opened['id']}")
    assert remains(home, "zyxtitle", SHOWN, opened["id"]) == set()
    # The page may tell it again.
    reader.rank({"id": SHOWN, "title": "Zyxtitle"})
    assert reader.get(f"/v1/papers/{SHOWN}").json["title"] == "Zyxtitle"


@pytest.mark.slow
@sqlite_only
def test_much_of_one_reader_between_much_of_another_leaves_nothing(app: Flask, home: Path) -> None:
    """Rows that a page of the database was split and merged around many times."""
    me = pair(app.test_client())
    leaving = pair(app.test_client(), code=me.post("/v1/pairing-codes", {"reader": "new"}).json["code"])
    dice = random.Random(0)
    for number in range(300):
        reader, mark = (leaving, "zyxnote") if number % 2 else (me, "minenote")
        paper = f"2401.{dice.randrange(10**5):05d}"
        reader.log(event("open", paper), papers=[{"id": paper, "title": f"{mark} {number}", "abstract": mark * 40}])
        for length in (dice.randrange(600), dice.randrange(60)):
            reader.call("PUT", f"/v1/library/{paper}", {"note": f"{mark} " * length})
    assert leaving.call("DELETE", "/v1/me").status_code == 204
    assert remains(home, "zyxnote", leaving.reader_id) == set()
    assert {trace for trace, _ in remains(home, "minenote")} == {"minenote"}


@sqlite_only
def test_a_large_database_is_rewritten_with_the_next_training(
    app: Flask, context: ServingContext, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLite left where it moved rows is not overwritten when these are deleted: written here by hand."""
    monkeypatch.setattr(deletion, "SMALL_DATABASE", 0)
    leaving = pair(app.test_client())
    fill(context.database, 0, 60)
    leaving.call("DELETE", "/v1/me")
    context.database.close()
    with open(home / "inkling.sqlite3", "r+b") as file:
        gap = file.read().rindex(b"\0" * 500)
        file.seek(gap + 100)
        file.write(b"zyxremnant")
    assert remains(home, "zyxremnant")
    training.train_once(context)
    assert remains(home, "zyxremnant") == set()
    with context.database.reading() as session:
        assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"


@sqlite_only
def test_the_log_is_emptied_as_soon_as_nobody_reads_what_was_before(
    app: Flask, context: ServingContext, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "AGAIN_AFTER", 0.05)
    leaving = pair(app.test_client(), name="zyxdevice")
    with context.database.reading() as session:
        session.execute(select(papers.c.id)).all()
        assert leaving.call("DELETE", "/v1/me").status_code == 204
        assert ("zyxdevice", "inkling.sqlite3-wal") in remains(home, "zyxdevice")
    for thread in threading.enumerate():
        if thread.name == "purge_files":
            thread.join(30)
    assert remains(home, "zyxdevice") == set()


def test_papers_that_nobody_names_any_more_go_and_the_others_stay(
    me: Device, other: Device, context: ServingContext
) -> None:
    with context.database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": "2403.00004", "title": "A source's"}], now=context.now())
    me.log(
        *[event("open", f"2403.0000{number}") for number in range(1, 5)], papers=[{"id": "2403.00005", "upvotes": 3}]
    )
    other.log(event("open", "2403.00002"), papers=[{"id": "2403.00003", "title": "The other's"}])
    me.call("DELETE", "/v1/me")
    with context.database.reading() as session:
        assert set(session.execute(select(papers.c.id)).scalars()) == {"2403.00002", "2403.00003", "2403.00004"}
        assert set(session.execute(select(page_texts.c.reader_id)).scalars()) == {other.reader_id}


def test_many_papers_go_in_many_short_transactions(
    me: Device, other: Device, context: ServingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_store, "_CHUNK", 7)
    me.log(*[event("open", f"2404.{number:05d}") for number in range(50)])
    other.log(*[event("open", f"2404.{number:05d}") for number in range(0, 50, 9)])
    me.call("DELETE", "/v1/me")
    with context.database.reading() as session:
        left = set(session.execute(select(papers.c.id)).scalars())
    assert left == {f"2404.{number:05d}" for number in range(0, 50, 9)}


def test_a_paper_named_while_it_is_forgotten_is_there(me: Device, other: Device, context: ServingContext) -> None:
    """Two at once: one reader's events go and another's come, on the same papers that nobody else names."""
    wrong: list[str] = []
    ids = [f"2404.{number:05d}" for number in range(30)]

    def name(reader: Device) -> None:
        for _ in range(8):
            events = [event("open", paper) for paper in ids]
            if {result["status"] for result in reader.log(*events)} != {"accepted"}:
                wrong.append("refused")
            if reader.post("/v1/me/reset", {}).status_code != 200:
                wrong.append("not reset")

    readers = [threading.Thread(target=name, args=(reader,)) for reader in (me, other)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    assert wrong == []
    with context.database.reading() as session:
        assert list(session.execute(select(papers.c.id)).scalars()) == []


def test_models_from_before_a_reader_left_go_with_the_next_training(
    me: Device, other: Device, context: ServingContext
) -> None:
    fill(context.database, 0, 60)
    other.log(event("save", LIKED))
    before = [training.train_once(context, seed=seed) for seed in range(2)]
    now = time.time()
    assert why_due(context, now + 3600) is None
    other.call("DELETE", "/v1/me")
    assert why_due(context, now + 3600) == "a reader left or started over since"
    after = training.train_once(context)
    assert after.serves
    assert [folder.name for folder in context.settings.models_dir.iterdir()] == [after.version]
    with context.database.reading() as session:
        gone = {row["version"] for row in trained_models.every(session) if row["status"] == "gone"}
    assert gone == {result.version for result in before}
    assert why_due(context, time.time() + 3600) is None


def test_scrubbing_is_for_every_kind_of_database(database: Database) -> None:
    assert database.compact()
    assert database.empty_log()
    assert database.size() >= 0


@sqlite_only
def test_what_redis_keeps_names_no_reader_and_no_address(app: Flask, context: ServingContext) -> None:
    reader = pair(app.test_client())
    reader.log(event("open", NAMED), event("save", LIKED))
    held = repr([(key, context.hot._redis.type(key)) for key in context.hot._redis.keys()])  # noqa: SIM118
    assert "limit" in held
    for trace in (reader.reader_id, "127.0.0.1", NAMED, LIKED):
        assert trace not in held

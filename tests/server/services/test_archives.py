"""Archiving: what a reader sees stays the same, and whenever a run is killed each event is there once."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import stat
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.config import Settings
from server.errors import Invalid, Unavailable
from server.hot import Hot
from server.services import account, archives, composition, events, export_import, papers, training, training_due
from server.services.archives import first_month_kept
from server.services.context import Context
from server.services.events import KINDS, Event
from server.store import archived_events, event_partitions, readers
from server.store import events as event_rows
from server.store.archived_events import month_start
from server.store.database import Database
from server.store.tables import metadata
from server.tokens import Keys
from tests.server.conftest import At, sqlite_only

pyarrow = pytest.importorskip("pyarrow", reason="without pyarrow (tests/run installs requirements-spark.lock)")
parquet = pytest.importorskip("pyarrow.parquet")

NOW = month_start("2026-11") + 26 * 86400.0
UNTIL = "2026-10"
PAPERS = [f"24{month:02d}.0000{number}" for month in range(1, 7) for number in range(1, 5)]
# Reader -> how many events: none, one, few, many in one month and many over all.
SIZES = {"none": 0, "one": 1, "few": 9, "busy": 60, "long": 60}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts, transactions and pages that a small world fills."""
    monkeypatch.setattr(archived_events, "PART", 7)
    monkeypatch.setattr(archives, "BATCH", 25)
    monkeypatch.setattr(archives, "READERS", 2)
    monkeypatch.setattr(archives, "LISTED", 3)
    monkeypatch.setattr(event_rows, "_CHUNK", 10)
    monkeypatch.setattr(export_import, "PAGE", 11)
    monkeypatch.setattr(events, "BATCH", 13)


def an_id(*facts: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, repr(facts)))


def history(name: str, size: int) -> list[tuple[float, Event]]:
    """Return (time received, event) of a reader: at the time it says, late, imported from long ago, at one moment."""
    chance = random.Random(name)
    start = month_start("2026-03" if name == "busy" else "2024-06")
    times = sorted(chance.uniform(start, NOW if name != "busy" else month_start("2026-04")) for _ in range(size))
    if name == "one":
        times = [month_start("2026-05")]
    found = []
    for number, received in enumerate(times):
        at = chance.choice(
            [received, received - chance.uniform(0, 40 * 86400), month_start("2020-02"), received // 1e6]
        )
        event = Event(
            id=an_id(name, number),
            kind=chance.choice(KINDS),
            paper=chance.choice(PAPERS),
            at=round(max(at, month_start("1995-01")), 6),
            surface=chance.choice([None, "card"]),
            position=chance.choice([None, 3]),
        )
        found.append((round(received, 6), event))
    return found


HISTORIES = {name: history(name, size) for name, size in SIZES.items()}


def fill(context: Context) -> None:
    cards = [{"id": name, "title": f"On subject {number % 5}", "categories": [f"cs.{'LAV'[number % 3]}"]}
             for number, name in enumerate(PAPERS)]  # fmt: skip
    with context.database.writing() as session:
        papers.merge_source_papers(session, "test", cards, now=1.0)
        for name in SIZES:
            readers.create(session, 1.0, reader_id=name)
        readers.set_settings(session, "few", {"learn_for_others": False})
    arrivals = sorted((at, name, number) for name, log in HISTORIES.items() for number, (at, _) in enumerate(log))
    with context.database.writing() as session:
        for at, name, number in arrivals:
            [judged], _ = events.write_batch(session, context, name, [HISTORIES[name][number][1]], (), now=at)
            assert judged.result.status == "accepted"


def context_on(settings: Settings, database: Database) -> Context:
    return Context(settings=settings, database=database, hot=Hot(settings), keys=Keys("0123456789abcdef" * 2))


@pytest.fixture(scope="module")
def plain_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a filled SQLite file."""
    path = tmp_path_factory.mktemp("plain") / "inkling.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database.at(At(f"sqlite:///{path}"))
    home = tmp_path_factory.mktemp("home")
    fill(context_on(Settings.from_environment({}, home=home, database_url=f"sqlite:///{path}", offline=True), database))
    database.empty_log()
    database.close()
    return path


@pytest.fixture
def context(settings: Settings, database: Database, plain_template: Path, tmp_path: Path) -> Context:
    """A world with a past."""
    found = context_on(settings, database)
    if database.engine.dialect.name == "sqlite":
        (tmp_path / "inkling.sqlite3").write_bytes(plain_template.read_bytes())
    else:
        copy_from(plain_template, database)
    return found


def copy_from(path: Path, database: Database) -> None:
    """Copy a filled SQLite file into an empty PostgreSQL database, and number what comes after what is there."""
    plain = Database.at(At(f"sqlite:///{path}"))
    with plain.reading() as session, database.writing() as other:
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in session.execute(table.select()).mappings()]
            if rows:
                other.execute(table.insert(), rows)
        for name in ("events", "paper_terms"):
            newest = f"(SELECT max(number) FROM {name})"
            other.execute(text(f"SELECT setval('{name}_number_seq', greatest({newest}, nextval('{name}_number_seq')))"))
    plain.close()


@pytest.fixture
def twin(settings: Settings, plain_template: Path, tmp_path: Path) -> Iterator[Context]:
    """The same world, in which nothing is ever archived."""
    path = tmp_path / "twin.sqlite3"
    path.write_bytes(plain_template.read_bytes())
    database = Database.at(At(f"sqlite:///{path}"))
    yield context_on(replace(settings, database_url=f"sqlite:///{path}"), database)
    database.close()


def paged(context: Context, name: str, limit: int, **narrowed: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while page := account.logged_events(context, name, limit, after, **narrowed):
        found += [event for _, event in page]
        after = page[-1][0]
    return found


def exported(context: Context, name: str) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads("".join(export_import.export(context, name, NOW)))
    return whole


def learned(context: Context) -> dict[str, list[tuple[Any, ...]]]:
    """Return reader -> what the trainer reads of them, in its order."""
    found = defaultdict(list)
    with context.database.reading_one_state() as session:
        for reader, *rest in chain.from_iterable(event_rows.for_training(session)):
            found[reader].append(tuple(rest))
    return dict(found)


def seen(context: Context, name: str) -> dict[str, Any]:
    with context.database.reading() as session:
        if readers.find(session, name) is None:
            return {}
        counts = event_rows.count(session, name), event_rows.count(session)
    return {
        "counts": counts,
        "all": paged(context, name, 17),
        "paper": paged(context, name, 3, paper=PAPERS[3]),
        "kinds": paged(context, name, 12, kinds=("save", "hide")),
        "words": paged(context, name, 12, words=("subject 2",)),
        "all three": paged(context, name, 3, paper=PAPERS[2], kinds=("open",), words=("ON",)),
        "export": exported(context, name),
        "activity": composition.activity(context, name, NOW),
    }


def run(context: Context, until: str = UNTIL) -> archives.Archived:
    return archives.archive(context, until)


def assert_same(context: Context, twin: Context) -> None:
    for name in SIZES:
        assert seen(context, name) == seen(twin, name), name
    assert learned(context) == learned(twin)


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_partition_of_an_archived_month_is_dropped(context: Context, twin: Context) -> None:
    made = event_partitions.make_ahead(context.database, month_start("2026-05"))
    assert set(made) >= {"2026-05", "2026-06", "2026-07", "2026-08"} - {archived_events.month_of(time.time())}
    run(context)
    with context.database.reading() as session:
        assert min(event_partitions.months(session)) >= UNTIL
    assert_same(context, twin)


def rows_left(context: Context) -> int:
    with context.database.reading() as session:
        return sum(archived_events.counts_before(session, month_start(UNTIL)).values())


def in_files(context: Context) -> Counter[str]:
    """Return how often each event's id is in the files."""
    found = Counter[str]()
    for path in context.settings.archive_dir.glob("*.parquet"):
        table = parquet.read_table(path)
        months = {archived_events.month_of(moment) for moment in table["received_at"].to_pylist()}
        assert months == {path.stem}
        found.update(table["id"].to_pylist())
    return found


def old_ids(name: str) -> set[str]:
    return {event.id for at, event in HISTORIES[name] if at < month_start(UNTIL)}


def test_archiving_changes_nothing_that_a_reader_or_the_trainer_sees(context: Context, twin: Context) -> None:
    assert_same(context, twin)
    assert run(context, "2025-03").packed > 5
    assert_same(context, twin)
    done = run(context)
    assert done.packed > 90
    assert rows_left(context) == 0
    assert_same(context, twin)
    assert in_files(context) == Counter(dict.fromkeys(set().union(*map(old_ids, SIZES)), 1))


def test_a_second_run_finds_nothing_to_do(context: Context) -> None:
    written = run(context).written
    again = run(context)
    assert (again.packed, again.written, set(again.kept)) == (0, {}, set(written))


def test_an_event_sent_again_after_it_was_archived_counts_once(context: Context, twin: Context) -> None:
    run(context)
    for name, log in HISTORIES.items():
        again = [event for _, event in log]
        assert {one.status for one in events.log(context, name, again, now=NOW)} <= {"duplicate"}
        other = [replace(event, at=event.at + 1) for event in again]
        assert {one.error.code for one in events.log(context, name, other, now=NOW) if one.error} <= {"id_reused"}
    # The id is the reader's own.
    assert [one.status for one in events.log(context, "none", [HISTORIES["one"][0][1]], now=NOW)] == ["accepted"]
    assert [one.status for one in events.log(twin, "none", [HISTORIES["one"][0][1]], now=NOW)] == ["accepted"]
    assert_same(context, twin)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_deleted_later_is_deleted_as_from_the_log(context: Context, twin: Context, seed: int) -> None:
    """Events alone, all but the saved papers, and readers; archived before, after, and between."""
    chance = random.Random(seed)
    for number in range(8):
        if number in (0, 4):
            run(context, chance.choice(["2025-06", "2026-01"]) if number == 0 else UNTIL)
        name = chance.choice(["few", "busy", "long"])
        act = chance.choices(["delete", "reset", "leave", "log"], [8, 1, 1, 2])[0]
        for world in (context, twin):
            do(world, act, name, number, random.Random(f"{seed} {number}"))
    run(context)
    assert_same(context, twin)
    left = {event["id"] for name in SIZES for event in seen(context, name).get("all", ())}
    assert set(in_files(context)) <= left


def do(world: Context, act: str, name: str, number: int, chance: random.Random) -> None:
    if not seen(world, name):
        return
    if act == "delete":
        for event in chance.sample(paged(world, name, 50) or [{"id": an_id()}], 1):
            try:
                events.delete(world, name, event["id"], NOW)
            except events.NotFound:
                assert event["id"] == an_id()
    elif act == "reset":
        account.reset(world, name, NOW)
    elif act == "leave":
        events.delete_log(world, name)
        with world.database.writing() as session:
            readers.remove(session, name)
    else:
        event = Event(
            an_id("new", name, number), chance.choice(KINDS), chance.choice(PAPERS), NOW - chance.uniform(0, 9e7)
        )
        assert [one.status for one in events.log(world, name, [event], now=NOW)] == ["accepted"]


def test_a_reset_log_comes_back_by_an_import_from_the_archive_too(context: Context, twin: Context) -> None:
    run(context)
    for world in (context, twin):
        kept = exported(world, "long")
        account.reset(world, "long", NOW)
        counts = export_import.import_(world, "long", [json.dumps(kept).encode()], NOW)
        assert counts["accepted"] > 30
    run(context)
    assert_same(context, twin)


def test_files_with_what_was_deleted_are_gone_at_once_and_written_again_without_it(context: Context) -> None:
    run(context)
    before = in_files(context)
    [[_, event]] = HISTORIES["one"]
    assert event.id in before
    month = archived_events.month_of(HISTORIES["one"][0][0])
    events.delete(context, "one", event.id, NOW)
    assert not context.settings.archive_file(month).exists()
    assert run(context).written.keys() <= {month}
    assert in_files(context) == before - Counter([event.id])


def test_nothing_of_a_reader_who_left_is_in_the_files(context: Context) -> None:
    run(context)
    events.delete_log(context, "long")
    with context.database.writing() as session:
        readers.remove(session, "long")
    # Killed before the files were removed: the next run does it.
    archives.deletion.purge_files(context)
    assert not {"long"} & readers_in_files(context)
    run(context)
    assert readers_in_files(context) == {"one", "few", "busy"}


def readers_in_files(context: Context) -> set[str]:
    tables = [parquet.read_table(path) for path in context.settings.archive_dir.glob("*.parquet")]
    return {name for table in tables for name in table["reader_id"].to_pylist()}


def test_a_deletion_whose_files_were_not_removed_is_finished_by_the_next_run(context: Context) -> None:
    run(context)
    with context.database.writing() as session:
        archived_events.remove_all(session, "busy")
    assert "busy" in readers_in_files(context)
    run(context)
    assert "busy" not in readers_in_files(context)


def test_an_event_deleted_while_its_file_is_written_is_not_in_it(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.services import parquet_files

    check, waiting = parquet_files.check, sorted(old_ids("busy"))

    def delete_one(path: Path, checksum: str) -> None:
        check(path, checksum)
        if path.name.startswith(f"{archives.ASIDE}2026-03") and len(waiting) > 50:
            events.delete(context, "busy", waiting.pop(), NOW)

    monkeypatch.setattr(parquet_files, "check", delete_one)
    monkeypatch.setattr(archives, "TRIES", 2)
    gone = set(waiting)
    assert run(context).changing == ["2026-03"]
    assert not context.settings.archive_file("2026-03").exists()
    monkeypatch.setattr(archives, "TRIES", 200)
    assert "2026-03" in run(context).written
    assert not (gone - set(waiting)) & set(in_files(context))


def test_a_damaged_copy_is_not_published(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.services import parquet_files

    write = parquet_files.write

    def lose_one(path: Path, parts: Any) -> str:
        checksum = write(path, parts)
        table = parquet.read_table(path)
        parquet.write_table(table.slice(0, len(table) - 1), path)
        return checksum

    monkeypatch.setattr(parquet_files, "write", lose_one)
    with pytest.raises(Unavailable, match="does not hold"):
        run(context)
    assert list(context.settings.archive_dir.iterdir()) == []


def test_a_lost_file_is_written_again(context: Context) -> None:
    before = run(context).written
    context.settings.archive_file("2026-03").unlink()
    assert list(run(context).written) == ["2026-03"]
    assert len(list(context.settings.archive_dir.iterdir())) == len(before)


@pytest.mark.parametrize("damage", [b"", b"PAR1 nothing PAR1", None])
def test_a_file_that_cannot_be_read_is_written_again(context: Context, damage: bytes | None) -> None:
    run(context)
    before, damaged = in_files(context), context.settings.archive_file("2026-03")
    damaged.write_bytes(damaged.read_bytes()[:-9] if damage is None else damage)
    assert list(run(context).written) == ["2026-03"]
    assert in_files(context) == before


def test_a_file_that_cannot_be_removed_stops_neither_deletions_nor_training(
    context: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run(context)
    [[_, event]] = HISTORIES["one"]
    month = archived_events.month_of(HISTORIES["one"][0][0])
    emptied = []

    def refuse(path: Path, **_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", refuse)
        broken.setattr(context.database, "empty_log", lambda: emptied.append(1) or True)
        events.delete(context, "one", event.id, NOW)
    assert emptied, "what else was deleted is removed from the disk"
    assert f"{month}.parquet" in caplog.text
    run(context)
    assert event.id not in in_files(context)


def test_a_reader_may_leave_while_a_run_moves_their_events(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    add = archived_events.add
    with ThreadPoolExecutor(1) as pool:
        leaving = []

        def add_meanwhile(session: Any, reader_id: str, rows: Sequence[Any]) -> None:
            if not leaving and reader_id == "busy" and context.database.engine.dialect.name == "postgresql":
                leaving.append(pool.submit(do, context, "leave", "busy", 0, random.Random()))
                time.sleep(0.5)
            add(session, reader_id, rows)

        monkeypatch.setattr(archived_events, "add", add_meanwhile)
        run(context)
        for one in leaving:
            one.result(60)
    assert bool(seen(context, "busy")) == (not leaving)


def test_files_are_the_owners_alone(context: Context) -> None:
    run(context)
    folder = context.settings.archive_dir
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_run_at_a_time(context: Context) -> None:
    with archives.archive_lock(context), pytest.raises(archives.ArchiveBusy):
        run(context)
    run(context)


def test_killed_at_any_moment_each_event_is_there_once(context: Context, twin: Context) -> None:
    delays = random.Random(0)
    ended = False
    for _ in range(10):
        child = os.fork()
        if not child:
            archive_and_exit(context.settings)
        time.sleep(delays.uniform(0.05, 0.4))
        ended = os.waitpid(child, os.WNOHANG)[0] != 0
        if ended:
            break
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert learned(context) == learned(twin)
        assert seen(context, "busy") == seen(twin, "busy")
        assert max(in_files(context).values(), default=1) == 1
    if not ended:
        run(context)
    assert rows_left(context) == 0
    assert run(context).packed == 0
    assert_same(context, twin)
    assert in_files(context) == Counter(dict.fromkeys(set().union(*map(old_ids, SIZES)), 1))
    assert {path.suffix for path in context.settings.archive_dir.iterdir()} == {".parquet"}


def test_a_run_waits_for_who_changes_the_reader(context: Context, twin: Context) -> None:
    with ThreadPoolExecutor(1) as pool:
        with context.database.writing() as session:
            readers.touch(session, "busy")
            running = pool.submit(run, context)
            time.sleep(0.5)
            with context.database.reading() as other:
                assert not list(archived_events.of_reader(other, "busy"))
            assert not running.done()
        assert running.result(60).packed > 90
    assert_same(context, twin)


def archive_and_exit(settings: Settings) -> None:
    """Archive in a child process, slowly, on connections of its own."""
    try:
        archives.BATCH = 10
        run(context_on(settings, Database.at(settings)))
    finally:
        os._exit(0)


def test_readers_go_on_while_their_past_is_archived(context: Context, twin: Context) -> None:
    """Old events sent again, new ones, deletions and pages, all while a run moves the same readers' events."""
    stop = threading.Event()
    failures: list[str] = []
    doomed = {name: sorted(old_ids(name))[:8] for name in ("busy", "long")}

    def send_again(name: str) -> None:
        while not stop.is_set():
            batch = [event for _, event in HISTORIES[name] if event.id not in doomed[name]]
            found = {one.status for one in events.log(context, name, random.sample(batch, 20), now=NOW)}
            if found != {"duplicate"}:
                failures.append(f"{name}: {found}")

    def look(name: str) -> None:
        while not stop.is_set():
            ids = [event["id"] for event in paged(context, name, 500)]
            if len(ids) != len(set(ids)) or not set(ids) >= {e.id for _, e in HISTORIES[name]} - set(doomed[name]):
                failures.append(f"{name} saw {len(ids)} events, {len(set(ids))} different ones")

    def forget(name: str) -> None:
        for event in doomed[name]:
            events.delete(context, name, event, NOW)
            time.sleep(0.01)

    acts: Sequence[Callable[[str], None]] = (send_again, look, forget)
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(act, name) for act in acts for name in doomed]
        try:
            for until in ("2024-09", "2025-05", "2026-01", "2026-04", UNTIL):
                run(context, until)
        finally:
            for one in running[4:]:
                one.result(60)
            stop.set()
        for one in running:
            one.result(60)
    assert failures == []
    for name, ids in doomed.items():
        for event in ids:
            events.delete(twin, name, event, NOW)
    run(context)
    assert_same(context, twin)


def test_what_the_trainer_has_not_seen_is_counted_in_the_archive_too(context: Context, twin: Context) -> None:
    run(context)
    for world in (context, twin):  # of the newest events none is left
        events.delete_log(world, "long")
        events.delete_log(world, "few")
    with context.database.reading() as session, twin.database.reading() as other:
        for number in (0, 1, 20, 60, 100, 120, 1000):
            assert event_rows.count_since(session, number) == event_rows.count_since(other, number), number
        assert event_rows.count_since(session, 0) == event_rows.count(session) == len(HISTORIES["busy"]) + 1
        assert event_rows.newest_number(session) >= event_rows.newest_number(other)


@sqlite_only
def test_training_takes_archived_events(context: Context) -> None:
    _, _, before = training._read(context, NOW)
    run(context)
    _, _, after = training._read(context, NOW)
    assert len(before) == len(after)
    assert Counter(zip(before.readers, before.papers, before.kinds, before.times.tolist(), strict=True)) == Counter(
        zip(after.readers, after.papers, after.kinds, after.times.tolist(), strict=True)
    )
    assert training_due.why_due(context, NOW) is not None


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, "2025-11"),
        ({"older_than": 1}, "2026-10"),
        ({"older_than": 0}, "2026-10"),
        ({"older_than": 24}, "2024-11"),
        ({"before": "2026-10"}, "2026-10"),
        ({"before": "2020-01"}, "2020-01"),
    ],
)
def test_the_months_that_are_archived(chosen: dict[str, Any], expected: str) -> None:
    assert first_month_kept(NOW, **chosen) == expected


@pytest.mark.parametrize(
    "wrong", ["2026-11", "2026-13", "2026", "", "2026-1", "٢٠٢٦-٠١", "2026-01\n", "9999-12", "0000-01"]
)
def test_months_that_cannot_be_archived(wrong: str) -> None:
    with pytest.raises(Invalid):
        first_month_kept(NOW, before=wrong)

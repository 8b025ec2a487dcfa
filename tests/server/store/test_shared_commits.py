"""Writes that wait for their turn share a commit, but no errors; nobody is answered before it is on disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from server.errors import DatabaseUnavailable
from server.store import readers
from server.store.database import Database, Session
from tests.server.conftest import sqlite_only

Work = Callable[[Session], Any]


@contextmanager
def counted_commits(database: Database) -> Iterator[list[int]]:
    commits: list[int] = []
    count = lambda _: commits.append(1)  # noqa: E731
    event.listen(database.engine, "commit", count)
    yield commits
    event.remove(database.engine, "commit", count)


def write_at_once(
    database: Database, works: Sequence[Work], futures: list[Future[Any]] | None = None
) -> list[Future[Any]]:
    """Begin the first write, then the others while it waits for another writer, as other processes are."""
    shared = database._shared
    futures = [] if futures is None else futures
    with ThreadPoolExecutor(len(works)) as threads:
        with database.writing() as other:
            readers.create(other, 0.0)
            futures.append(threads.submit(database.write, works[0]))
            assert _soon(lambda: shared._is_taken and not shared._waiting)
            for count, work in enumerate(works[1:], start=1):
                futures.append(threads.submit(database.write, work))
                assert _soon(lambda count=count: len(shared._waiting) == count)
        return futures


def _soon(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.002)
    return true()


def adds(name: str, then: Exception | None = None) -> Work:
    def work(session: Session) -> str:
        readers.create(session, 1.0, reader_id=name)
        if then is not None:
            raise then
        return name

    return work


def known(database: Database) -> set[str]:
    with database.reading() as session:
        return {row["id"] for row in readers.every(session) if row["created_at"]}


@sqlite_only
def test_those_who_wait_share_one_commit(database: Database) -> None:
    with counted_commits(database) as commits:
        futures = write_at_once(database, [adds(name) for name in "abcde"])
    assert [future.result() for future in futures] == list("abcde")
    assert known(database) == set("abcde")
    assert len(commits) == 3, "the other writer, the first, and the four that waited for it"


@sqlite_only
def test_an_error_is_its_own_writers_alone(database: Database) -> None:
    bad = ZeroDivisionError()
    # Of two with one key the second fails in the database, which a retry does not change.
    futures = write_at_once(database, [adds("a"), adds("b"), adds("x", bad), adds("c"), adds("b"), adds("d")])
    errors = [type(future.exception()).__name__ for future in futures]
    assert errors == ["NoneType", "NoneType", "ZeroDivisionError", "NoneType", "IntegrityError", "NoneType"]
    assert known(database) == set("abcd")


@sqlite_only
def test_nobody_is_answered_before_the_commit_and_nobody_when_it_fails(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, seen = database.engine.dialect.do_commit, []

    def fail_for_all_who_waited(connection: Any) -> None:
        if len(seen) == 2:
            assert [future.done() for future in futures[1:]] == [False, False]
            raise OperationalError("COMMIT", {}, _disk_error())
        commit(connection)
        seen.append(1)

    futures: list[Future[Any]] = []
    monkeypatch.setattr(database.engine.dialect, "do_commit", fail_for_all_who_waited)
    write_at_once(database, [adds(name) for name in "abc"], futures)
    monkeypatch.undo()
    assert futures[0].result() == "a"
    assert [type(future.exception()) for future in futures[1:]] == [DatabaseUnavailable] * 2
    assert known(database) == {"a"}
    assert database.write(adds("d")) == "d", "the next one is not harmed"


def _disk_error() -> Exception:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


@sqlite_only
def test_who_is_done_does_not_wait_for_those_who_come_back(database: Database) -> None:
    answered = threading.Event()

    def write_once() -> None:
        database.write(lambda _: None)
        answered.set()

    with ThreadPoolExecutor(1) as threads:

        def let_the_other_wait(_: Session) -> None:
            other.append(threads.submit(write_once))
            assert _soon(lambda: len(database._shared._waiting) == 1)

        other: list[Future[None]] = []
        database.write(let_the_other_wait)
        database.write(lambda _: None)  # most often with the other's
        assert database.write(lambda _: answered.wait(5))


def test_many_writers_of_one_count_lose_nothing(database: Database) -> None:
    with database.writing() as session:
        reader = readers.create(session, 1.0)
    together = threading.Barrier(4, timeout=20)

    def count() -> list[int | None]:
        together.wait()
        return [database.write(lambda session: readers.touch(session, reader)) for _ in range(20)]

    with ThreadPoolExecutor(4) as threads:
        versions = [version for future in [threads.submit(count) for _ in range(4)] for version in future.result()]
    assert sorted(version or 0 for version in versions) == list(range(1, 81))

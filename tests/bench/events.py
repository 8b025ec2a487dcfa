"""Logging events durably, beside their validation alone and beside the database's own durable commits."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from recommender import Config
from server.store.database import Database
from tests.bench import homes
from tests.bench.freshness import Caller
from tests.bench.rows import Row, Scale
from tests.bench.served import Served
from tests.bench.world import Paper, World
from tests.server.postgres import find_binaries, running_server

BATCHES, WORKERS, SENDERS = (20, 500), (1, 2), 8
PAPERS = 2_000


def rows(scale: Scale) -> Iterator[Row]:
    """Yield batches of events on both databases, with one worker and with two."""
    world = World(scale.choose(tiny=200, quick=PAPERS, full=PAPERS))
    for database in ("SQLite", "PostgreSQL"):
        if database == "PostgreSQL" and (find_binaries() is None or scale.tiny):
            yield Row("events on PostgreSQL", note="not measured: no PostgreSQL on this machine, or a tiny run")
            continue
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder, ExitStack() as stack:
            more = {"INKLING_DATABASE_URL": stack.enter_context(running_server())} if database == "PostgreSQL" else {}
            home = Path(folder) / "home"
            homes.fill(home, world, Config(factors=16, iterations=1), **more)
            for workers in WORKERS[: 1 if scale.tiny else None]:
                with Served(home, workers=workers, threads=4, **more) as served:
                    yield from batch_rows(served, list(world.rows()), f"{database}, {workers} workers", scale, more)


def batch_rows(served: Served, papers: list[Paper], where: str, scale: Scale, more: dict[str, str]) -> Iterator[Row]:
    """Send batches of each size from several readers at once, and the same ones to be validated only, in turn."""
    seconds = scale.choose(tiny=0.5, quick=1.5, full=3.0)
    callers = [Caller(served.url, served.register()) for _ in range(SENDERS)]
    for size in BATCHES[: 1 if scale.tiny else None]:
        dice = random.Random(size)
        ours, theirs = [], []
        for _ in range(scale.repeats):
            ours.append(rate(callers, "/v1/events", papers, size, dice, seconds))
            theirs.append(rate(callers, "/bench/validated", papers, size, dice, seconds))
        what = f"batches of {size} events, {where}, {SENDERS} readers at once"
        yield Row(f"{what}: events", ours, "a second", "validation only", theirs, at_least=0.5)
        commits = [commit_rate(Database.at(homes.settings_for(served.home, **more)), seconds) for _ in ours]
        batches = [one / size for one in ours]
        yield Row("… batches", batches, "a second", "durable commits of a row by one connection", commits)


def rate(
    callers: list[Caller], path: str, papers: list[Paper], size: int, dice: random.Random, seconds: float
) -> float:
    """Return events a second that are answered, each caller sending batch after batch on a connection of its own."""
    ends, sent, failed = time.monotonic() + seconds, [0] * len(callers), list[str]()

    def send(at: int, caller: Caller, seed: int) -> None:
        own, connection = random.Random(seed), caller.connect()
        while time.monotonic() < ends:
            body = {"events": homes.batch(papers, own, size)}
            status, answer = caller.ask_on(connection, path, body)
            accepted = status == 200 and answer.count(b'"accepted"') == size
            sent[at] += size if accepted else 0
            failed.extend([] if accepted else [f"{status}: {answer[:200]!r}"])
        connection.close()

    began = time.monotonic()
    run_all([lambda at=at, caller=caller: send(at, caller, dice.getrandbits(60)) for at, caller in enumerate(callers)])
    if failed:
        raise RuntimeError(f"{path} answered {failed[0]}")
    return sum(sent) / (time.monotonic() - began)


def run_all(works: list[Callable[[], None]]) -> None:
    """Do each work in a thread of its own."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def commit_rate(database: Database, seconds: float) -> float:
    """Return how many transactions of one small row the database makes durable in a second, one after the other."""
    with database.writing() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS bench_commits (number INTEGER)"))
    began, count = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        with database.writing() as session:
            session.execute(text("INSERT INTO bench_commits VALUES (:number)"), {"number": count})
        count += 1
    took = time.monotonic() - began
    with database.writing() as session:
        session.execute(text("DROP TABLE bench_commits"))
    database.close()
    return count / took

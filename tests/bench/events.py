"""Events logged by many connections at once, beside validation alone and beside the database's own durable commits."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import orjson
import psycopg

from recommender import Config
from server.app import THREADS
from tests.bench import homes
from tests.bench.rows import Row, Scale
from tests.bench.served import Served
from tests.bench.world import Paper, World
from tests.server.postgres import find_binaries, running_server

CONNECTIONS = 16
PAPERS = 5_000
_INSERT = "INSERT INTO bench_commits (number) VALUES (1)"
_SEEN = "each value is one run; the machine's processors serve the client and the database too"


def rows(scale: Scale) -> Iterator[Row]:
    """Yield events a second for batches of 20 and 500, one and two workers, SQLite and PostgreSQL."""
    for database in ("SQLite", "PostgreSQL"):
        if database == "PostgreSQL" and (find_binaries() is None or scale.tiny):
            yield Row("events on PostgreSQL", note="not measured: no PostgreSQL on this machine, or a tiny run")
            continue
        for workers in (1,) if scale.tiny else (1, 2):
            yield from _of_server(scale, database, workers)


def _of_server(scale: Scale, database: str, workers: int) -> Iterator[Row]:
    with _served(database, workers, 200 if scale.tiny else PAPERS) as (served, papers, commit_at):
        tokens = [served.register() for _ in range(CONNECTIONS)]
        for size in (20, 500):
            count = CONNECTIONS * scale.choose(tiny=1, quick=20 if size == 20 else 2, full=100 if size == 20 else 5)
            logged, checked, commits = [], [], []
            for run in range(scale.repeats):
                chance = random.Random(f"{size} {run}")
                for path, rates in (("/v1/events", logged), ("/bench/validated", checked)):
                    bodies = [orjson.dumps({"events": homes.batch(papers, chance, size)}) for _ in range(count)]
                    rates.append(count / asyncio.run(_send(served.port, path, tokens, bodies)))
                commits.append(_commits_a_second(commit_at, CONNECTIONS * (1 if scale.tiny else 20)))
            name = f"events in batches of {size}, {database}, {workers} {'worker' if workers == 1 else 'workers'}"
            ours, theirs = [rate * size for rate in logged], [rate * size for rate in checked]
            yield Row(name, ours, "events/s", "validated only", theirs, at_least=0.5, note=_SEEN)
            beside = "commits of one row, as many at once as the database takes"
            yield Row(f"… such batches on disk, {database}, {workers}", logged, "batches/s", beside, commits)


@contextmanager
def _served(database: str, workers: int, count: int) -> Iterator[tuple[Served, list[Paper], str]]:
    """Yield a server of a home with papers, the papers, and where its database can be asked for commits."""
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        home = Path(folder) / "home"
        server = running_server(durable=True) if database == "PostgreSQL" else nullcontext("")
        with server as url:
            environ = {"INKLING_DATABASE_URL": url} if url else {}
            world = World(count)
            homes.fill(home, world, Config(factors=16, iterations=1), **environ)
            with Served(home, workers=workers, threads=THREADS, **environ) as served:
                yield served, list(world.rows()), url or str(home / "inkling.sqlite3")


async def _send(port: int, path: str, tokens: Sequence[str], bodies: list[bytes]) -> float:
    """Send the bodies over one connection a token, as fast as they are answered; return the seconds it took."""
    left = list(bodies)
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in tokens]

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json"
        while left:
            body = left.pop()
            writer.write(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            said = await reader.readexactly(int(answer.partition(b"content-length:")[2].partition(b"\r")[0]))
            if b" 200 " not in answer[:20] or said.count(b'"accepted"') != body.count(b'"kind"'):
                raise RuntimeError(f"{path} answered {answer[:20]!r} {said[:200]!r}")

    began = time.perf_counter()
    await asyncio.gather(*(work(*pair, token) for pair, token in zip(connections, tokens, strict=True)))
    took = time.perf_counter() - began
    for _, writer in connections:
        writer.close()
    return took


def _commits_a_second(where: str, count: int) -> float:
    """Return how many durable commits of one row a second the database makes: SQLite has one writer at a time."""
    if where.startswith("postgresql"):
        with psycopg.connect(where.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (number int)")
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            shares = [threads.submit(_commit_to_postgresql, where, count // CONNECTIONS) for _ in range(CONNECTIONS)]
            return count / max(share.result() for share in shares)
    with sqlite3.connect(Path(where).with_name("commits.sqlite3"), isolation_level=None) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (number INTEGER)")
        began = time.perf_counter()
        for _ in range(count):
            connection.execute(_INSERT)
        return count / (time.perf_counter() - began)


def _commit_to_postgresql(url: str, count: int) -> float:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        began = time.perf_counter()
        for _ in range(count):
            connection.execute(_INSERT)
        return time.perf_counter() - began

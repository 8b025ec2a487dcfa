"""Homes for the benchmarks: a generated catalogue and its readers in the store's own tables, a trained model."""

from __future__ import annotations

import os
import random
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select

from recommender import Config, Model, train
from recommender.model.blend import Blend
from server.config import Settings
from server.services import papers as paper_rules
from server.services.events import Event, apply_event, empty_state
from server.store import tables, trained_models
from server.store.database import Database, migrate
from tests.bench.world import DAY, NOW, SEED, Log, Paper, World, make_log, reader_name

SOURCE = "demo"  # arXiv is not asked about its papers
CACHE_KILOBYTES = 500_000
KEPT_VARIABLE = "BENCH_HOMES"  # the folder in which one run keeps filled homes for its parts
Progress = Callable[[int], None]


def settings_for(home: Path, **more: str) -> Settings:
    """Return the settings of a home that asks no source."""
    return Settings.from_environment({"INKLING_HOME": str(home), "INKLING_OFFLINE": "on", **more})


def empty(home: Path, **more: str) -> Database:
    """Return the database of a new home (or of `INKLING_DATABASE_URL` in `more`), with all tables."""
    home.mkdir(parents=True, exist_ok=True)
    database = Database.at(settings_for(home, **more))
    migrate(database.engine)
    return database


def add_papers(database: Database, world: World, *, size: int = 5_000, progress: Progress | None = None) -> None:
    """Store a catalogue as a source's papers are stored, some thousands in a transaction."""
    done = 0
    for chunk in world.chunks(size):
        with database.writing() as session:
            paper_rules.merge_source_papers(session, SOURCE, [vars(paper) for paper in chunk], now=NOW)
        done += len(chunk)
        if progress:
            progress(done)


def add_log(
    database: Database, world: World, log: Log, *, size: int = 50_000, progress: Progress | None = None
) -> None:
    """Store readers, their events in order of time, and the states that follow, as the service that logs them does.

    Goes on where an earlier call with the same log was stopped.
    """
    with database.reading() as session:
        stored = session.scalar(select(func.count()).select_from(tables.events)) or 0
    if not stored:
        _add_readers(database, log)
    for start in range(stored, len(log), size):
        events, states = _rows(world, log, start, start + size)
        with database.writing() as session:
            if database.engine.dialect.name == "sqlite":
                session.connection().exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KILOBYTES}")
            session.execute(tables.events.insert(), events)
            session.execute(tables.reader_papers.insert(), states)
        if progress:
            progress(min(start + size, len(log)))


def _add_readers(database: Database, log: Log) -> None:
    blank = {"operator": False, "demo": False, "version": 1, "settings": {}, "feed_number": 0}
    rows = [{"id": reader_name(reader), "created_at": NOW - 3_650 * DAY, **blank} for reader in range(log.count)]
    with database.writing() as session:
        session.execute(tables.readers.insert(), rows)


def add_day(database: Database, world: World, count: int) -> None:
    """Store so many events of now, in the readers' topics, for the trainer alone: no states of readers."""
    now, dice = time.time(), random.Random(time.time_ns())
    with database.writing() as session:
        readers = session.scalar(select(func.count()).select_from(tables.readers)) or 0
        log = replace(make_log(world, count, readers, seed=dice.getrandbits(32)), times=np.full(count, now))
        events, _ = _rows(world, log, 0, count)
        ids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in events]
        session.execute(
            tables.events.insert(), [{**event, "id": name} for event, name in zip(events, ids, strict=True)]
        )


def _rows(world: World, log: Log, start: int, stop: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of some events, and those of the states, for a reader meets each paper once."""
    events, states = [], []
    for number, (reader, paper, kind, at) in enumerate(log.rows(world.ids, start, stop), start):
        event = Event(str(uuid.UUID(int=number, version=4)), kind, paper, at, surface="card")
        kept = {"id": event.id, "kind": kind, "paper_id": paper, "at": at, "received_at": at, "clamped": False}
        more = {"list_id": None, "position": None, "surface": event.surface, "page": None}
        events.append({"reader_id": reader, **kept, **more, "content_hash": event.content_hash()})
        state = {**empty_state(reader, paper), "version": 1}
        apply_event(state, kind, at)
        states.append(state)
    return events, states


@cache
def known_blend() -> Blend:
    """Return a blend that was learned on a small catalogue, for trainings that are not to search for one."""
    world = World(800)
    return train(world.table(), make_log(world, 4_000).table(world.ids), Config(factors=32), seed=SEED, now=NOW).blend


def publish(database: Database, settings: Settings, model: Model) -> Model:
    """Let a model serve, as if nothing had changed since it was trained."""
    model = replace(model, manifest=replace(model.manifest, papers_until=time.time()))
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    model.save(settings.models_dir / model.version)
    with database.writing() as session:
        trained_models.add(session, model.version, model.manifest.as_dict(), NOW)
        trained_models.promote(session, model.version)
    return model


def fill(home: Path, world: World, config: Config, *, events: int = 0, **more: str) -> Log:
    """Fill a home with a catalogue and a log (an event a paper unless told), and let a model serve in it."""
    database = empty(home, **more)
    log = make_log(world, events or len(world))
    add_papers(database, world)
    add_log(database, world, log)
    model = train(world.table(), log.table(world.ids), config, seed=SEED, now=NOW, blend=known_blend())
    publish(database, settings_for(home, **more), model)
    database.close()
    return log


def copy_of(world: World, config: Config, into: Path, *, events: int = 0) -> Path:
    """Return a home in `into` that is filled as by `fill`, copied from one that another part filled where there is."""
    kept = os.environ.get(KEPT_VARIABLE)
    name = f"{len(world)}-{world.kind}-{world.seed}-{config.factors}-{config.iterations}-{events}"
    source = Path(kept) / name if kept else into / "home"
    if not source.exists():
        made = source.with_name(f"{source.name}.part")
        fill(made, world, config, events=events)
        made.rename(source)
    return source if not kept else Path(shutil.copytree(source, into / "home"))


def cards(papers: Sequence[Paper], count: int = 100) -> list[dict[str, Any]]:
    """Return the cards of a listing page."""
    return [
        {"id": one.id, "title": one.title, "abstract": one.abstract, "authors": one.authors, "upvotes": one.upvotes}
        for one in papers[:count]
    ]


def batch(papers: Sequence[Paper], dice: random.Random, count: int = 20) -> list[dict[str, Any]]:
    """Return a batch of new events, as the extension sends them."""
    at = datetime.now(UTC).isoformat()
    return [
        {
            "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "kind": "open",
            "paper": dice.choice(papers).id,
            "at": at,
            "surface": "card",
            "page": "daily/2026-11-20",
        }
        for _ in range(count)
    ]

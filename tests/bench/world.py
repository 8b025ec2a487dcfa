"""A home for the benchmark: a generated catalogue of any size, generated readers, a trained model."""

from __future__ import annotations

import random
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recommender import Config, Events, Papers, train
from server.config import Settings
from server.demo.paper_generator import DemoPaper, generate_papers
from server.services import papers as paper_rules
from server.store import trained_models
from server.store.database import Database, migrate

SEED = 7
READERS = 300
NOW = 1_790_000_000.0


def write(count: int) -> list[DemoPaper]:
    """Return a catalogue; titles repeat once the grammar has said all it can."""
    written = generate_papers(min(count, 4_000), seed=SEED, newest=NOW, days=90)
    while len(written) < count:
        more = written[: count - len(written)]
        written += [
            replace(paper, id=f"{20 + len(written) // 90_000}01.{10_000 + (len(written) + at) % 90_000:05d}")
            for at, paper in enumerate(more)
        ]
    return written


def events(written: list[DemoPaper], readers: int = READERS) -> list[tuple[str, str, str, float | None]]:
    """Return saves of readers who each follow two topics."""
    chance = random.Random(SEED)
    topics = sorted({paper.topic for paper in written})
    shelf: dict[str, list[str]] = {topic: [] for topic in topics}
    for paper in written:
        shelf[paper.topic].append(paper.id)
    rows: list[tuple[str, str, str, float | None]] = []
    for reader in range(readers):
        liked = chance.sample(topics, 2)
        rows += [
            (f"reader{reader}", chance.choice(shelf[chance.choice(liked)]), "save", NOW - 86_400.0) for _ in range(30)
        ]
    return rows


def fill(home: Path, count: int, config: Config) -> list[DemoPaper]:
    """Fill a home and let a model serve in it."""
    settings = Settings.from_environment({"INKLING_HOME": str(home), "INKLING_OFFLINE": "on"})
    home.mkdir(parents=True, exist_ok=True)
    database = Database.at(settings)
    migrate(database.engine)
    written = write(count)
    for at in range(0, count, 5_000):
        with database.writing() as session:
            paper_rules.merge_source_papers(
                session, "demo", [vars(paper) for paper in written[at : at + 5_000]], now=NOW
            )
    table = Papers.from_rows({**vars(paper), "published": paper.published_at} for paper in written)
    model = train(table, Events.from_rows(events(written)), config, seed=SEED, now=NOW)
    model = replace(model, manifest=replace(model.manifest, papers_until=time.time()))
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    model.save(settings.models_dir / model.version)
    with database.writing() as session:
        trained_models.add(session, model.version, model.manifest.as_dict(), NOW)
        trained_models.promote(session, model.version)
    database.close()
    return written


def cards(written: list[DemoPaper], count: int = 100) -> list[dict[str, Any]]:
    """Return the cards of a listing page."""
    return [
        {"id": one.id, "title": one.title, "abstract": one.abstract, "authors": one.authors, "upvotes": one.upvotes}
        for one in written[:count]
    ]


def batch(written: list[DemoPaper], chance: random.Random, count: int = 20) -> list[dict[str, Any]]:
    """Return a batch of new events."""
    at = datetime.now(UTC).isoformat()
    return [
        {
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "kind": "open",
            "paper": chance.choice(written).id,
            "at": at,
            "surface": "card",
            "page": "daily/2026-11-20",
        }
        for _ in range(count)
    ]

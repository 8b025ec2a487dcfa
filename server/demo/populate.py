"""Fills an empty home with the demo: papers, readers who opened and saved them, and the visitor's own reader."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import uuid
from collections.abc import Sequence
from typing import Any

from server.demo.paper_generator import DAY, DemoPaper, generate_papers
from server.errors import Conflict
from server.services import events, papers
from server.services.context import Context
from server.services.events import Event
from server.store import devices, job_states, readers
from server.store import papers as paper_rows
from server.tokens import token_hash

SEED = 20
PAPERS = 480
DAYS = 60
READERS = 60
SOURCE = "demo"
JOB = "demo"
# Topics that the demo page's reader likes, so that the first list is already personal.
OWN_TOPICS = ("retrieval", "agents")
TODAY = 48  # papers on the listing page that nobody has read yet


class HomeNotEmpty(Conflict):
    """The home holds data that is not the demo's."""

    code = "demo_refused"


def demo_token(secret: str) -> str:
    """Return the token of the demo page's reader; derived from the home's secret, so that no file contains it."""
    mac = hmac.new(secret.encode(), b"demo-token", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def populate_home(context: Context, *, now: float, seed: int = SEED) -> bool:
    """Fill an empty home; return False when it is filled already. Raises HomeNotEmpty when it holds other data."""
    with context.database.reading() as session:
        state = job_states.load(session, JOB)
        if readers.any_not_demo(session) or (state is None and paper_rows.count(session)):
            raise HomeNotEmpty("The demo wants an empty home and this one is in use; choose another one with --home.")
    if state and state.get("filled"):
        return False
    generated = generate_papers(PAPERS, seed=seed, newest=now, days=DAYS)
    _store_papers(context, generated, now)
    chance = random.Random(seed)
    for _ in range(READERS):
        _add_reader(context, chance, generated[TODAY:], now)
    _add_own_reader(context, generated[TODAY:], now)
    with context.database.writing() as session:
        job_states.save(session, JOB, {"filled": True, "seed": seed}, now)
    return True


def _store_papers(context: Context, generated: Sequence[DemoPaper], now: float) -> None:
    """Store the papers, after removing what an interrupted run left."""
    with context.database.writing() as session:
        job_states.save(session, JOB, {"filled": False}, now)
        for row in readers.every(session):
            readers.remove(session, row["id"])
        papers.merge_source_papers(session, SOURCE, [vars(paper) for paper in generated], now=now)


def _add_reader(context: Context, chance: random.Random, published: Sequence[DemoPaper], now: float) -> None:
    """Add a reader who follows three topics, reads a little outside them, and saves what they like best."""
    topics = sorted({paper.topic for paper in published})
    liked = dict(zip(chance.sample(topics, 3), (1.0, 0.6, 0.3), strict=True))
    weights = [liked.get(paper.topic, 0.03) * (1 + paper.upvotes / 100) for paper in published]
    opened = {paper.id: paper for paper in chance.choices(published, weights, k=chance.randint(12, 40))}.values()
    log: list[Event] = []
    for paper in opened:
        at = min(now - 60, paper.published_at + chance.expovariate(1 / (2 * DAY)))
        log.append(_event(chance, "open", paper, at))
        if chance.random() < 0.25 + 0.4 * liked.get(paper.topic, 0):
            log.append(_event(chance, "save", paper, min(now - 30, at + 60)))
        elif paper.topic not in liked and chance.random() < 0.3:
            log.append(_event(chance, "hide", paper, min(now - 30, at + 20)))
    with context.database.writing() as session:
        reader_id = readers.create(session, now - DAYS * DAY, demo=True)
    _log(context, reader_id, log, now)


def _add_own_reader(context: Context, published: Sequence[DemoPaper], now: float) -> None:
    """Add the reader of the demo page's visitor: one device, and a few saved papers in two topics."""
    secret = context.settings.secret_key
    chance = random.Random(secret)
    with context.database.writing() as session:
        reader_id = readers.create(session, now - 7 * DAY, operator=True, demo=True)
        devices.create(session, reader_id, "The demo page", token_hash(demo_token(secret)), now)
    log: list[Event] = []
    for topic in OWN_TOPICS:
        for age, paper in enumerate([paper for paper in published if paper.topic == topic][:4]):
            at = now - (age + 1) * DAY
            log.append(_event(chance, "open", paper, at))
            if age < 3:
                log.append(_event(chance, "save", paper, at + 60))
    _log(context, reader_id, log, now)


def _event(chance: random.Random, kind: str, paper: DemoPaper, at: float) -> Event:
    name = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return Event(id=name, kind=kind, paper=paper.id, at=at, surface="demo")


def _log(context: Context, reader_id: str, log: list[Event], now: float) -> list[Any]:
    return events.log(context, reader_id, log, now=now)

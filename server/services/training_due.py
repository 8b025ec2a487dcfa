"""When it is time to train. Apart from the training itself, for whoever waits needs none of what training imports."""

from __future__ import annotations

from dataclasses import dataclass

from server.config import Settings
from server.services import forgetting
from server.store import events, job_states, models, papers
from server.store.database import Database

JOB = "training"
ENOUGH_PAPERS = 20  # the recommender's own least
AFTER_DELETION = 600.0  # seconds between two trainings because readers left
GROWN = 2.0  # a catalogue this many times larger than the one trained on has words that the model does not know


@dataclass(frozen=True)
class Trained:
    """What the last training had seen: the newest event's number, the papers' newest change, how many papers, when."""

    event: int = 0
    papers_changed: float = 0.0
    papers: int = 0
    at: float = 0.0


def why_due(settings: Settings, database: Database, now: float) -> str | None:
    """Return why it is time to train, in words for the log, or None when it is not."""
    with database.reading() as session:
        serving = models.serving_version(session)
        last = Trained(**(job_states.get(session, JOB) or {}))
        new = events.count_since(session, last.event)
        count = papers.count_readable(session)
        forgotten = forgetting.latest(session)
        changed = papers.newest_update(session) > last.papers_changed
    if serving is None:
        return "there is no model yet" if count >= ENOUGH_PAPERS else None
    if new >= settings.train_after_events:
        return f"{new} new events"
    if count >= GROWN * max(1, last.papers):
        return f"the catalogue has grown from {last.papers} to {count} papers"
    if last.at < forgotten and now - last.at >= min(AFTER_DELETION, settings.train_every):
        return "a reader left or started over since"
    if now - last.at >= settings.train_every and (new or changed):
        return f"the model is {(now - last.at) / 3600:.1f} h old and there is something new"
    return None

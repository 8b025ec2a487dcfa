"""Decide when to train. Apart from `training`, so that the waiting process does not import the recommender."""

from __future__ import annotations

from dataclasses import dataclass

from server.services import deletion
from server.services.context import Context
from server.store import events, job_states, papers, trained_models

JOB = "training"
ENOUGH_PAPERS = 20  # the recommender's own minimum
AFTER_DELETION = 600.0  # seconds, at least, between two trainings because readers left
GROWN = 2.0  # a catalogue this many times larger has many words that the model does not know


@dataclass(frozen=True)
class TrainingWatermarks:
    """Watermarks of the last training: newest event number, newest change of a paper, number of papers, start time."""

    event: int = 0
    papers_changed: float = 0.0
    papers: int = 0
    at: float = 0.0


def why_due(context: Context, now: float) -> str | None:
    """Return why it is time to train, for the log, or None when it is not."""
    with context.database.reading() as session:
        serving = trained_models.serving_version(session)
        last = TrainingWatermarks(**(job_states.load(session, JOB) or {}))
        new = events.count_since(session, last.event)
        count = papers.count_readable(session)
        forgotten = deletion.last_departure(session)
        changed = papers.newest_update(session) > last.papers_changed
    if serving is None:
        return "there is no model yet" if count >= ENOUGH_PAPERS else None
    if new >= context.settings.train_after_events:
        return f"{new} new events"
    if count >= GROWN * max(1, last.papers):
        return f"the catalogue has grown from {last.papers} to {count} papers"
    if last.at < forgotten and now - last.at >= min(AFTER_DELETION, context.settings.train_every):
        return "a reader left or started over since"
    if now - last.at >= context.settings.train_every and (new or changed):
        return f"the model is {(now - last.at) / 3600:.1f} h old and there is something new"
    return None

"""The reader's saved papers, with their tags, note and read mark."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from server.clock import rfc3339
from server.services import events, papers
from server.services.context import Context
from server.services.events import Event
from server.store import papers as paper_store
from server.store import reader_papers


def page(
    context: Context, reader_id: str, limit: int, after: tuple[float, str] | None
) -> list[tuple[Any, dict[str, Any]]]:
    """Return (place, entry) pairs of saved papers, newest save first, starting after the place `after`."""
    with context.database.reading() as session:
        states = reader_papers.saved(session, reader_id, limit, after)
        known = paper_store.seen_by(session, reader_id, [state["paper_id"] for state in states])
    return [((s["save_at"], s["paper_id"]), _entry(s, known.get(s["paper_id"]))) for s in states]


def _entry(state: Mapping[str, Any], facts: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "paper": papers.as_paper(state["paper_id"], facts),
        "saved_at": rfc3339(state["save_at"]),
        "tags": state["tags"] or [],
        "note": state["note"],
        "read": state["read"],
    }


def save(context: Context, reader_id: str, paper_id: str, words: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Save a paper, set those of tags, note and read that `words` names, and return the entry."""
    _log_unless(context, reader_id, paper_id, "save", now)
    with context.database.writing() as session:
        if words:
            reader_papers.annotate(session, reader_id, paper_id, words)
        state = reader_papers.of_papers(session, reader_id, [paper_id])[paper_id]
        facts = paper_store.seen_by(session, reader_id, [paper_id]).get(paper_id)
    return _entry(state, facts)


def unsave(context: Context, reader_id: str, paper_id: str, now: float) -> None:
    """Remove a paper from the library, if it is there."""
    _log_unless(context, reader_id, paper_id, "unsave", now)


def _log_unless(context: Context, reader_id: str, paper_id: str, kind: str, now: float) -> None:
    """Log a save or unsave, unless the paper is in that state already."""
    with context.database.reading() as session:
        state = reader_papers.of_papers(session, reader_id, [paper_id]).get(paper_id)
    if (state is not None and state["saved"]) == (kind == "save"):
        return
    # This change must win over one that a device with a fast clock has dated into the future.
    at = max(now, (state["save_at"] or 0.0) if state else 0.0)
    event = Event(id=str(uuid.uuid4()), kind=kind, paper=paper_id, at=at, surface="library")
    events.log(context, reader_id, [event], now=now)

"""What each reader's feed held when it was last made."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.store.database import Row, first_row, upsert
from server.store.tables import feed_states


def find(session: Session, reader_id: str) -> Row | None:
    """Return the state of the reader's feed, or None before it was first asked for."""
    return first_row(session, select(feed_states).where(feed_states.c.reader_id == reader_id))


def save(session: Session, reader_id: str, fingerprint: str, changed_at: float, listed_at: Mapping[str, float]) -> None:
    """Store what the feed holds now: since when, and since when each paper of it."""
    row = {"reader_id": reader_id, "fingerprint": fingerprint, "changed_at": changed_at, "listed_at": dict(listed_at)}
    upsert(session, feed_states, [row])

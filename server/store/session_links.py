"""One-time links into the reader's pages, kept as a hash until they are used or expire."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.store.database import Row, first_row
from server.store.tables import session_links


def add(
    session: Session, code_hash: str, reader_id: str, device_id: str | None, *, now: float, expires_at: float
) -> None:
    """Keep a new link; the expired ones go."""
    session.execute(delete(session_links).where(session_links.c.expires_at <= now))
    row = {"code_hash": code_hash, "reader_id": reader_id, "device_id": device_id, "expires_at": expires_at}
    session.execute(session_links.insert().values(**row))


def use_link(session: Session, code_hash: str, now: float) -> Row | None:
    """Remove a link that is used and return its row; None for one that is unknown, used already or expired."""
    taken = delete(session_links).where(session_links.c.code_hash == code_hash).returning(session_links)
    found = first_row(session, taken)
    return found if found is not None and found["expires_at"] > now else None


def delete_made_by(session: Session, device_ids: Collection[str]) -> None:
    """Remove the links that these devices asked for."""
    session.execute(delete(session_links).where(session_links.c.device_id.in_(device_ids)))

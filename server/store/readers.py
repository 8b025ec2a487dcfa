"""Readers and their settings."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from server.store import archived_events, tables
from server.store.database import Row, all_rows, among, first_row
from server.store.tables import readers

# What is kept of the reader's feed and digest.
OUT_OF_THE_PAGE = (tables.feed_states, tables.digest_papers, tables.digests, tables.digest_addresses)


_TOUCH = (
    update(readers)
    .where(readers.c.id == bindparam("reader"))
    .values(version=readers.c.version + 1)
    .returning(readers.c.version)
)


def create(
    session: Session, now: float, *, operator: bool = False, demo: bool = False, reader_id: str | None = None
) -> str:
    """Add a reader, with a new id unless one is given, and return the id."""
    reader_id = reader_id or secrets.token_hex(8)
    row = {"id": reader_id, "created_at": now, "operator": operator, "demo": demo}
    session.execute(readers.insert().values(**row, version=0, settings={}, feed_number=0))
    return reader_id


def find(session: Session, reader_id: str) -> Row | None:
    """Return the reader's row, or None."""
    return first_row(session, select(readers).where(readers.c.id == reader_id))


def every(session: Session) -> list[Row]:
    """Return all readers, oldest first."""
    return all_rows(session, select(readers).order_by(readers.c.created_at, readers.c.id))


def first_operator(session: Session) -> str | None:
    """Return the id of the oldest operator, or None."""
    oldest = select(readers.c.id).where(readers.c.operator).order_by(readers.c.created_at, readers.c.id).limit(1)
    return session.execute(oldest).scalar()


def only(session: Session) -> str | None:
    """Return the id of the only reader; None with none or several."""
    found = session.execute(select(readers.c.id).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None


def count(session: Session) -> int:
    """Return how many readers there are."""
    return session.execute(select(func.count()).select_from(readers)).scalar_one()


def any_not_demo(session: Session) -> bool:
    """Whether there is a reader that the demo did not add."""
    return session.execute(select(readers.c.id).where(readers.c.demo.is_(False)).limit(1)).first() is not None


def touch(session: Session, reader_id: str) -> int | None:
    """Increment the reader's version and return it; None when there is no such reader.

    The first statement of every change to a reader: on PostgreSQL it locks their row, so that two copies of one event
    cannot both be new.
    """
    return session.connection().execute(_TOUCH, {"reader": reader_id}).scalar()


def hold(session: Session, reader_ids: Sequence[str]) -> list[str]:
    """Lock readers until the commit, as `touch` does, without a change; return those that are there, in order."""
    held = select(readers.c.id).where(among(readers.c.id, reader_ids)).order_by(readers.c.id)
    return list(session.execute(held.with_for_update(key_share=True)).scalars())


def record_deleted_states(session: Session, reader_id: str) -> None:
    """Record that states were deleted in the reader's current version, so that cached histories are read again."""
    session.execute(update(readers).where(readers.c.id == reader_id).values(forgot_version=readers.c.version))


def set_settings(session: Session, reader_id: str, settings: dict[str, Any]) -> None:
    """Replace the reader's settings."""
    session.execute(update(readers).where(readers.c.id == reader_id).values(settings=settings))


def start_over(session: Session, reader_id: str) -> None:
    """Delete the reader's settings and what was made for them out of the page, and count the reset."""
    for table in OUT_OF_THE_PAGE:
        session.execute(delete(table).where(table.c.reader_id == reader_id))
    reader = find(session, reader_id)
    if reader is not None:
        set_settings(session, reader_id, {"resets": reader["settings"].get("resets", 0) + 1})


def renew_feed(session: Session, reader_id: str) -> None:
    """Change the address of the reader's feed."""
    session.execute(update(readers).where(readers.c.id == reader_id).values(feed_number=readers.c.feed_number + 1))


def remove(session: Session, reader_id: str) -> None:
    """Delete the reader and all rows of theirs."""
    touch(session, reader_id)  # nobody moves their events meanwhile
    theirs = select(tables.devices.c.id).where(tables.devices.c.reader_id == reader_id)
    # Codes made for new readers have no reader_id, only the device that asked.
    session.execute(delete(tables.pairing_codes).where(tables.pairing_codes.c.device_id.in_(theirs)))
    for table in (
        tables.events,
        tables.deleted_events,
        tables.lists,
        *OUT_OF_THE_PAGE,
        tables.reader_papers,
        tables.page_texts,
        tables.pairing_codes,
        tables.session_links,
        tables.devices,
    ):
        session.execute(delete(table).where(table.c.reader_id == reader_id))
    archived_events.remove_all(session, reader_id)
    session.execute(delete(readers).where(readers.c.id == reader_id))

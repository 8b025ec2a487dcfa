"""Devices: one browser of a reader, known by the hash of its token."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, first_row
from server.store.tables import devices, readers


def create(session: Session, reader_id: str, name: str, token_hash: str, now: float) -> str:
    """Add a device and return its id."""
    device_id = secrets.token_hex(8)
    row = {"id": device_id, "reader_id": reader_id, "name": name, "token_hash": token_hash, "created_at": now}
    session.execute(devices.insert().values(**row, last_seen_at=now))
    return device_id


def by_token(session: Session, token_hash: str) -> Row | None:
    """Return `device_id`, `last_seen_at` and the reader's columns for a token hash, or None."""
    statement = (
        select(readers, devices.c.id.label("device_id"), devices.c.last_seen_at)
        .join(devices, devices.c.reader_id == readers.c.id)
        .where(devices.c.token_hash == token_hash)
    )
    return first_row(session, statement)


def of_reader(session: Session, reader_id: str) -> list[Row]:
    """Return the reader's devices, newest first."""
    statement = select(devices).where(devices.c.reader_id == reader_id)
    return all_rows(session, statement.order_by(devices.c.created_at.desc(), devices.c.id))


def seen(session: Session, device_id: str, now: float) -> None:
    """Record that the device made a request."""
    session.execute(update(devices).where(devices.c.id == device_id).values(last_seen_at=now))


def remove(session: Session, reader_id: str, device_id: str) -> bool:
    """Remove a device of this reader; return False when they have no such device."""
    statement = delete(devices).where(devices.c.id == device_id, devices.c.reader_id == reader_id)
    return session.execute(statement.returning(devices.c.id)).first() is not None

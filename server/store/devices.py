"""Devices: one browser of a reader, known by the hash of its token; or a session of their pages, by that of its cookie.

A session is a device with an expiry. The two kinds of secret are never taken for each other.
"""

from __future__ import annotations

import secrets
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows
from server.store.tables import devices, page_texts, readers

_BY_SECRET = (
    select(
        readers,
        devices.c.id.label("device_id"),
        devices.c.last_seen_at,
        devices.c.created_at.label("device_created_at"),
        exists().where(page_texts.c.reader_id == readers.c.id).label("has_own_pages"),
    )
    .join(devices, devices.c.reader_id == readers.c.id)
    .where(devices.c.token_hash == bindparam("hash"))
)
# Built once: every request asks one of them.
_BY_TOKEN = _BY_SECRET.where(devices.c.expires_at.is_(None))
_BY_SESSION = _BY_SECRET.where(devices.c.expires_at > bindparam("now"))


def create(
    session: Session,
    reader_id: str,
    name: str,
    token_hash: str,
    now: float,
    *,
    expires_at: float | None = None,
    opened_by: str | None = None,
) -> str:
    """Add a device, with an expiry a session of the pages, and return its id."""
    device_id = secrets.token_hex(8)
    row = {"id": device_id, "reader_id": reader_id, "name": name, "token_hash": token_hash, "created_at": now}
    session.execute(devices.insert().values(**row, last_seen_at=now, expires_at=expires_at, opened_by=opened_by))
    return device_id


def by_token(session: Session, token_hash: str) -> Row | None:
    """Return the reader's columns for the hash of a device's token, or None.

    Also `device_id`, `last_seen_at`, and `has_own_pages`: whether any text is known from the reader's pages alone.
    """
    return _first(session, _BY_TOKEN, {"hash": token_hash})


def by_session(session: Session, token_hash: str, now: float) -> Row | None:
    """Return the same, `device_created_at` too, for the hash of a session's cookie that has not expired."""
    return _first(session, _BY_SESSION, {"hash": token_hash, "now": now})


def _first(session: Session, statement: Select[Any], values: dict[str, Any]) -> Row | None:
    return cast(Row | None, session.connection().execute(statement, values).mappings().first())


def of_reader(session: Session, reader_id: str, now: float) -> list[Row]:
    """Return the reader's devices, newest first, without sessions that have expired."""
    living = or_(devices.c.expires_at.is_(None), devices.c.expires_at > now)
    statement = select(devices).where(devices.c.reader_id == reader_id, living)
    return all_rows(session, statement.order_by(devices.c.created_at.desc(), devices.c.id))


def record_seen(session: Session, device_id: str, now: float, *, expires_at: float | None = None) -> None:
    """Record that the device made a request; a session gets a new expiry."""
    values = {"last_seen_at": now, **({"expires_at": expires_at} if expires_at is not None else {})}
    session.execute(update(devices).where(devices.c.id == device_id).values(**values))


def remove(session: Session, reader_id: str, device_id: str) -> list[str]:
    """Revoke a device of this reader and the sessions that came of it; return their ids, none without such a device."""
    removed: list[str] = []
    chosen = devices.c.id == device_id
    while found := _delete(session, reader_id, chosen):
        removed += found
        chosen = devices.c.opened_by.in_(found)
    return removed


def _delete(session: Session, reader_id: str, chosen: ColumnElement[bool]) -> list[str]:
    statement = delete(devices).where(chosen, devices.c.reader_id == reader_id)
    return list(session.scalars(statement.returning(devices.c.id)))


def delete_expired(session: Session, now: float) -> None:
    """Remove the sessions that have expired."""
    session.execute(delete(devices).where(devices.c.expires_at <= now))

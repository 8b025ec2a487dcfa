"""Pairing codes: found by their public locator, stored as a hash, with an expiry and a number of attempts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from server.store.database import Row, first_row
from server.store.tables import pairing_codes


def add(
    session: Session,
    locator: str,
    code_hash: str,
    reader_id: str | None,
    device_id: str | None,
    *,
    owner: bool,
    now: float,
    expires_at: float,
    attempts: int,
) -> None:
    """Add a code, and delete expired ones."""
    session.execute(delete(pairing_codes).where(pairing_codes.c.expires_at <= now))
    row = {"locator": locator, "code_hash": code_hash, "reader_id": reader_id, "device_id": device_id, "owner": owner}
    session.execute(pairing_codes.insert().values(**row, created_at=now, expires_at=expires_at, attempts_left=attempts))


def use_attempt(session: Session, locator: str, now: float) -> Row | None:
    """Use up one attempt at the code with this locator; return its row, or None without a live code."""
    statement = (
        update(pairing_codes)
        .where(
            pairing_codes.c.locator == locator,
            pairing_codes.c.expires_at > now,
            pairing_codes.c.attempts_left > 0,
        )
        .values(attempts_left=pairing_codes.c.attempts_left - 1)
        .returning(pairing_codes)
    )
    return first_row(session, statement)


def restore_attempt(session: Session, locator: str) -> None:
    """Undo an attempt at a code that was right but not used."""
    one_more = pairing_codes.c.attempts_left + 1
    session.execute(update(pairing_codes).where(pairing_codes.c.locator == locator).values(attempts_left=one_more))


def delete_code(session: Session, locator: str) -> None:
    """Delete a code."""
    session.execute(delete(pairing_codes).where(pairing_codes.c.locator == locator))


def delete_made_by(session: Session, device_ids: Collection[str]) -> None:
    """Delete the codes that these devices asked for."""
    session.execute(delete(pairing_codes).where(pairing_codes.c.device_id.in_(device_ids)))

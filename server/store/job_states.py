"""The state that a job (a source, the training, a deletion) keeps between its runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.store.database import upsert
from server.store.tables import job_states


def load(session: Session, name: str) -> dict[str, Any] | None:
    """Return the last stored state of a job, or None."""
    return session.execute(select(job_states.c.value).where(job_states.c.name == name)).scalar()


def save(session: Session, name: str, value: dict[str, Any], now: float) -> None:
    """Store the state of a job."""
    upsert(session, job_states, [{"name": name, "value": value, "updated_at": now}])

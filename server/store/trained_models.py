"""Models: the versions that exist and the one that serves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.store.database import Row, all_rows, first_row
from server.store.tables import models

ON_DISK = ("candidate", "serving", "kept", "withheld")


def add(
    session: Session,
    version: str,
    manifest: dict[str, Any],
    now: float,
    *,
    status: str = "candidate",
    note: str | None = None,
) -> None:
    """Add a published model; `status` is candidate, kept or withheld (to serve it, call `promote`)."""
    row = {"version": version, "created_at": now, "status": status, "manifest": manifest, "note": note}
    session.execute(models.insert().values(**row))


def serving(session: Session) -> Row | None:
    """Return the serving model's row, or None before the first."""
    return first_row(session, select(models).where(models.c.status == "serving"))


def serving_version(session: Session) -> str | None:
    """Return the serving version, or None; cheap, since every worker asks every second."""
    return session.execute(select(models.c.version).where(models.c.status == "serving")).scalar()


def every(session: Session) -> list[Row]:
    """Return all models, newest first."""
    return all_rows(session, select(models).order_by(models.c.created_at.desc(), models.c.version.desc()))


def newest(session: Session) -> Row | None:
    """Return the row of the model trained last, whatever its status, or None."""
    return first_row(session, select(models).order_by(models.c.created_at.desc(), models.c.version.desc()).limit(1))


def promote(session: Session, version: str) -> None:
    """Let this version serve and keep the one before it. Raises NotFound when it is not on disk."""
    found = session.execute(
        select(models.c.version).where(models.c.version == version, models.c.status.in_(ON_DISK)).with_for_update()
    ).first()
    if found is None:
        raise NotFound(f"No model {version} here; `inkling models list` shows those that are.", field="version")
    session.execute(
        update(models).where(models.c.status == "serving", models.c.version != version).values(status="kept")
    )
    session.execute(update(models).where(models.c.version == version).values(status="serving"))


def previous(session: Session, version: str) -> str | None:
    """Return the newest kept version older than this one, the target of a rollback, or None."""
    created = select(models.c.created_at).where(models.c.version == version).scalar_subquery()
    statement = (
        select(models.c.version)
        .where(models.c.status == "kept", models.c.version != version, models.c.created_at <= created)
        .order_by(models.c.created_at.desc(), models.c.version.desc())
    )
    return session.execute(statement.limit(1)).scalar()


def prune(session: Session, keep: int, forgotten: float = 0.0) -> list[str]:
    """Mark all but the newest `keep` models as gone; return the versions whose folders may be removed.

    The serving model stays. Of the withheld ones only the newest stays, so that a series of them leaves something to
    roll back to. Models made before `forgotten`, when a reader left, go too: they have learned from deleted data.
    """
    rows = [row for row in every(session) if row["status"] in ON_DISK]
    withheld = [row for row in rows if row["status"] == "withheld"][1:]
    others = [row for row in rows if row not in withheld]
    late = [row for row in others[:keep] if row["created_at"] < forgotten]
    old = [row["version"] for row in [*late, *others[keep:], *withheld] if row["status"] != "serving"]
    if old:
        session.execute(update(models).where(models.c.version.in_(old)).values(status="gone"))
    return old

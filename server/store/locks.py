"""Locks that several hosts share through the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from server.store.database import Database


@contextmanager
def advisory_lock(database: Database, number: int) -> Iterator[bool]:
    """Hold PostgreSQL's advisory lock of this number for the block; yield False when another process holds it.

    The database frees it when the connection ends, however it ends. SQLite needs none: its home is on one machine,
    where a file lock does the same.
    """
    if database.engine.dialect.name != "postgresql":
        yield True
        return
    # A separate connection, outside any transaction: the lock belongs to the connection.
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar())
        try:
            yield held
        finally:
            if held:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})

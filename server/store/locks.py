"""Locks that several hosts share through the database."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import text

from server.home import make_private_folder, private_opener
from server.store.database import Database

# The numbers of PostgreSQL's advisory locks; 4919115 is that of a migration (`database.py`).
TRAINING, ARCHIVING, PARTITIONING = 4919116, 4919118, 4919120


@contextmanager
def exclusive_lock(database: Database, file: Path, number: int) -> Iterator[str | None]:
    """Hold the lock of a file of the home and that of the database for the block; yield who else holds one, or None.

    Who else is "here" or "on another host". The kernel and the database release their locks when this process ends,
    however it ends.
    """
    make_private_folder(file.parent)
    with open(file, "a", opener=private_opener) as opened:
        if not _lock(opened):
            yield "here"
            return
        with advisory_lock(database, number) as held:
            yield None if held else "on another host"


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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

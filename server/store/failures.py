"""Translate database drivers' errors into the project's own, which say what is wrong and what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from server.errors import DatabaseUnavailable, DiskFull, InklingError, SchemaNotCurrent

AWAY = "The database does not answer; try again shortly."
LOST = "The database connection was lost; try again shortly."
ABSENT = "There is no database here yet; `inkling up` or `inkling migrate` makes it."
OUTDATED = "The database's schema is not current; run `inkling migrate`."
FULL = "The disk that the database is on is full: nothing is written until there is room on it."
UNOPENED = "The database's file cannot be opened; see that it is a file of this user's."
_DAMAGED = "The database is damaged; restore a backup into a new home with `inkling restore FILE --home NEW_HOME`."
# By SQLite's primary result code.
_SQLITE = {
    sqlite3.SQLITE_BUSY: "The database is busy; try again shortly.",
    sqlite3.SQLITE_LOCKED: "The database is busy; try again shortly.",
    sqlite3.SQLITE_READONLY: "The database cannot be written: its file or its folder is read-only or another user's.",
    sqlite3.SQLITE_IOERR: "The disk that the database is on answers with an error; look at the system's log.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: UNOPENED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
# What SQLite may also say when a full disk keeps it from extending or creating a file.
_BY_A_FULL_DISK = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
# By PostgreSQL's SQLSTATE.
_POSTGRESQL = {
    "25006": "The database is read-only: a standby, perhaps; name one that can be written.",
    "42501": "The database's user may not do what Inkling needs; give it the rights on its own tables.",
    "53300": "The database takes no more connections; try again shortly, or allow it more of them.",
}
_POSTGRESQL_DISK_FULL = "53100"
_NO_ROOM = 2**16  # free bytes below which a disk counts as full
_NO_SUCH_TABLE = {"42P01", "42703"}


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise the project's own errors for what a driver raises in the block, except for a wrong statement."""
    try:
        yield
    except DBAPIError as error:
        meant = _meaning(error, url)
        if meant is None:
            raise
        raise meant from error


def _meaning(error: DBAPIError, url: URL) -> InklingError | None:
    """Return the error to raise instead, None for a wrong statement."""
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig, url.database or "")
    detail = " ".join(str(error.orig).split())
    state = getattr(error.orig, "sqlstate", None)
    if state in _NO_SUCH_TABLE:
        return SchemaNotCurrent(OUTDATED, detail=detail)
    if state == _POSTGRESQL_DISK_FULL:
        return DiskFull(FULL, detail=detail)
    if state in _POSTGRESQL:
        return DatabaseUnavailable(_POSTGRESQL[state], detail=detail)
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailable(AWAY, detail=f"{detail}; see INKLING_DATABASE_URL")
    return DatabaseUnavailable(LOST, detail=detail) if error.connection_invalidated else None


def _of_sqlite(error: sqlite3.Error, file: str) -> InklingError | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN and not Path(file).exists():
        return DatabaseUnavailable(ABSENT, detail=file)
    if code == sqlite3.SQLITE_FULL or (code in _BY_A_FULL_DISK and _is_full(file)):
        return DiskFull(FULL, detail=file)
    if code in _SQLITE:
        return DatabaseUnavailable(_SQLITE[code], detail=file)
    if "no such table" in str(error) or "no such column" in str(error):
        return SchemaNotCurrent(OUTDATED, detail=file)
    if code != sqlite3.SQLITE_ERROR and isinstance(error, sqlite3.OperationalError):
        return DatabaseUnavailable(AWAY, detail=f"{file}: {error}")
    return None


def _is_full(file: str) -> bool:
    try:
        return shutil.disk_usage(Path(file).parent).free < _NO_ROOM
    except OSError:
        return False

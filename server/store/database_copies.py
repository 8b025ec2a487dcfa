"""Copy the whole database consistently while it is in use, and restore from the copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, inspect

from server.errors import Conflict, Unavailable
from server.home import private_opener
from server.store.database import make_file
from server.store.failures import translated


def is_empty(engine: Engine) -> bool:
    """Whether the database has no table yet; a missing SQLite file is not created."""
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return True
    with translated(engine.url):
        return not inspect(engine).get_table_names()


def copy_out(engine: Engine, target: Path) -> None:
    """Write a snapshot of the database to the new file `target`.

    Raises Unavailable when pg_dump is missing or fails, or the copy is damaged.
    """
    if engine.dialect.name == "sqlite":
        _copy_sqlite(Path(engine.url.database or ""), target)
    else:
        _run_postgresql(engine, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")


def copy_in(engine: Engine, source: Path) -> None:
    """Fill an empty database from what `copy_out` wrote. Raises Conflict when it is not empty, Unavailable."""
    if not is_empty(engine):
        raise Conflict("The database is not empty; restore into a home of its own with --home.")
    if engine.dialect.name == "sqlite":
        make_file(engine)
        _copy_sqlite(source, Path(engine.url.database or ""))
    else:
        _run_postgresql(engine, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(source))


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy with SQLite's backup call, which takes a snapshot whatever is being written meanwhile."""
    os.close(private_opener(str(target), os.O_RDWR | os.O_CREAT))
    try:
        with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
            found = writing.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise Unavailable(f"The copy of the database is damaged ({found}); nothing was kept.")


def _run_postgresql(engine: Engine, program: str, *arguments: str) -> None:
    if not shutil.which(program):
        raise Unavailable(f"{program} is not installed here; install PostgreSQL's client programs.")
    url = engine.url
    where = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environ = {name: str(value) for name, value in where.items() if value is not None}
    environ |= {f"PG{name.upper()}": str(value) for name, value in url.query.items() if name in {"host", "sslmode"}}
    asked = [shutil.which(program) or program, f"--dbname={url.database}", *arguments]
    ran = subprocess.run(asked, env=environ, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Unavailable(f"{program} failed: {ran.stderr.strip() or ran.returncode}")

"""A driver's errors become the project's own; a wrong statement stays a bug of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.errors import DatabaseUnavailable, SchemaNotCurrent
from server.store.database import Database
from server.store.failures import ABSENT, OUTDATED
from tests.server.conftest import At, sqlite_only


def run(database: Database, statement: str) -> None:
    with database.reading() as session:
        session.execute(text(statement))


@sqlite_only
def test_a_missing_table_means_an_outdated_schema(database: Database) -> None:
    with pytest.raises(SchemaNotCurrent) as raised:
        run(database, "SELECT 1 FROM a_table_of_the_future")
    assert raised.value.message == OUTDATED


@sqlite_only
def test_a_wrong_statement_is_not_translated(database: Database) -> None:
    with pytest.raises(OperationalError):
        run(database, "SELEKT 1")


def test_a_missing_file_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    missing = Database.at(At(f"sqlite:///{tmp_path / 'absent.sqlite3'}"))
    with pytest.raises(DatabaseUnavailable) as raised:
        run(missing, "SELECT 1")
    assert raised.value.message == ABSENT
    (tmp_path / "damaged.sqlite3").write_bytes(b"no database" * 500)
    damaged = Database.at(At(f"sqlite:///{tmp_path / 'damaged.sqlite3'}"))
    with pytest.raises(DatabaseUnavailable, match="damaged"):
        run(damaged, "SELECT 1")
    missing.close()
    damaged.close()

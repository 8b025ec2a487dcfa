"""What the database promises: durable, one writer at a time, and the schema the code was written for."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from server.errors import DatabaseUnavailable
from server.store import job_states, readers
from server.store.database import Database, engine_for, make_file, migrate, schema_problem
from server.store.tables import metadata
from tests.server.conftest import At


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    return Database.at(At(f"sqlite:///{tmp_path / 'new.sqlite3'}"))


def test_every_pooled_sqlite_connection_is_durable(sqlite: Database) -> None:
    migrate(sqlite.engine)
    connections = [sqlite.engine.connect() for _ in range(4)]
    found = {
        tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous"))
        for connection in connections
    }
    for connection in connections:
        connection.close()
    sqlite.close()
    full = 2
    assert found == {("wal", full)}


@pytest.mark.postgres
def test_postgresql_waits_for_the_disk_even_where_the_server_would_not(postgres_server: str) -> None:
    engine = engine_for(At(postgres_server))
    with engine.begin() as connection:
        connection.execute(text("ALTER ROLE inkling SET synchronous_commit = off"))
    engine.dispose()
    try:
        with engine.connect() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER ROLE inkling RESET synchronous_commit"))
        engine.dispose()


def test_a_writing_block_holds_the_lock_from_its_start(sqlite: Database) -> None:
    """Two blocks that read and then write: with a deferred BEGIN one of them fails, whatever its time-out."""
    migrate(sqlite.engine)
    met = threading.Barrier(2, timeout=10)
    failures: list[Exception] = []

    def count_up() -> None:
        met.wait()
        try:
            for _ in range(25):
                with sqlite.writing() as session:
                    value = (job_states.load(session, "count") or {"n": 0})["n"]
                    job_states.save(session, "count", {"n": value + 1}, 0.0)
        except DatabaseUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sqlite.reading() as session:
        counted = job_states.load(session, "count")
    sqlite.close()
    assert failures == []
    assert counted == {"n": 50}


def test_a_block_that_fails_writes_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.writing() as session:
            readers.create(session, 1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.reading() as session:
        assert readers.count(session) == 0


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    """But for the full-text index, which only its own kind of database has: `test_search.py` asks it.

    And for PostgreSQL's partitions.
    """

    def is_declared(name: str | None, kind: str, _parents: object) -> bool:
        if kind == "table":
            return not (name or "").startswith(("paper_search", "events_"))
        return name not in {"vector", "ix_paper_terms_vector"}

    def is_of_this_kind(_one: object, name: str | None, *_more: object) -> bool:
        others = {"sqlite": "ix_events_reader_id_id", "postgresql": "uq_events_reader_id_id"}
        return name != others[database.engine.dialect.name]

    with database.engine.connect() as connection:
        opts = {"include_name": is_declared, "include_object": is_of_this_kind}
        migrations = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(migrations, metadata) == []


def test_the_schema_is_current_after_migrating_and_not_before(sqlite: Database) -> None:
    make_file(sqlite.engine)
    assert schema_problem(sqlite.engine)
    migrate(sqlite.engine)
    migrate(sqlite.engine)
    assert not schema_problem(sqlite.engine)
    sqlite.close()


def test_two_processes_may_migrate_at_once(sqlite: Database) -> None:
    threads = [threading.Thread(target=migrate, args=(sqlite.engine,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not schema_problem(sqlite.engine)
    sqlite.close()


def test_a_database_that_is_away_is_named_so(tmp_path: Path) -> None:
    gone = Database.at(At(f"postgresql://inkling@/x?host={tmp_path}"))
    with pytest.raises(DatabaseUnavailable), gone.reading() as session:
        session.execute(text("SELECT 1"))
    gone.close()

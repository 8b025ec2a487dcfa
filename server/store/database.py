"""The engine, its sessions and its schema: SQLite (WAL, durable) or PostgreSQL behind one address, same code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Executable, Table, create_engine, event, insert, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from server.errors import DatabaseUnavailable

Row = Mapping[str, Any]

BUSY_SECONDS = 10
_MIGRATIONS = Path(__file__).parent / "migrations"


class HasDatabaseUrl(Protocol):
    """Whatever names a database, such as Settings."""

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address."""


class Database:
    """An engine and its two kinds of session; the session is one transaction, committed when its block ends well."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(inkling_writes=True)

    @classmethod
    def at(cls, settings: HasDatabaseUrl) -> Database:
        """Open the database that the settings name."""
        return cls(engine_for(settings))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for reading."""
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that holds the write lock from its start (SQLite) and commits at the end of the block.

        When the block ends without an exception, what it wrote is on disk.
        """
        with _translated(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn a database that cannot be reached, or is too busy, into the project's own error."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise DatabaseUnavailable("The database does not answer; try again shortly.") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable("The database connection was lost; try again shortly.") from error
        raise


def engine_for(settings: HasDatabaseUrl) -> Engine:
    """Return the engine for the settings' address, with every pooled connection set to be durable."""
    url = make_url(settings.database_url)
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    # lock_timeout and statement_timeout are the operator's; durability is ours, whatever the server's default.
    connect_args = {"options": "-c synchronous_commit=on -c timezone=UTC", "connect_timeout": 5}
    return create_engine(url, pool_pre_ping=True, connect_args=connect_args)


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=10)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN is deferred: two such writers meet as "database is locked", whatever the timeout.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("inkling_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def all_rows(session: Session, statement: Executable) -> list[Row]:
    """Return every row of a query, by column name."""
    return cast(list[Row], list(session.execute(statement).mappings()))


def first_row(session: Session, statement: Executable) -> Row | None:
    """Return the first row of a query by column name, or None."""
    return cast(Row | None, session.execute(statement).mappings().first())


def insert_new(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving those whose key is there already as they are."""
    if rows:
        session.execute(_dialect_insert(session, table).on_conflict_do_nothing(), list(rows))


def upsert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], keep: Sequence[str] = ()) -> None:
    """Insert rows or overwrite those with the same key, except the columns named in `keep`. All rows name the same."""
    if not rows:
        return
    statement = _dialect_insert(session, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def _dialect_insert(session: Session, table: Table) -> Any:
    dialect = session.get_bind().dialect.name
    return {"sqlite": sqlite_insert, "postgresql": postgresql_insert}.get(dialect, insert)(table)


def is_reachable(database: Database) -> bool:
    """Whether the database answers a query."""
    try:
        with database.reading() as session:
            session.execute(text("SELECT 1"))
    except DatabaseUnavailable:
        return False
    return True


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; safe when several processes start at once."""
    config = _alembic_config()
    with engine.execution_options(inkling_writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            # Held until the commit: a second process waits here, then finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(4919115)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def schema_is_current(engine: Engine) -> bool:
    """Whether the database is at the revision this code was written for. Raises DatabaseUnavailable."""
    with _translated(), engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory.from_config(_alembic_config()).get_current_head()


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config

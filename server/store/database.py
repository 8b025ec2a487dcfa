"""The engine, its sessions and its schema: SQLite (WAL, durable) or PostgreSQL, by address, with the same code."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    Table,
    Text,
    bindparam,
    create_engine,
    event,
    insert,
    literal,
    or_,
    orm,
    text,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from server.config import ConfigurationError
from server.errors import DatabaseUnavailable, SchemaNotCurrent
from server.home import make_private_folder, private_opener
from server.store.failures import OUTDATED, UNOPENED, translated
from server.store.shared_commits import SharedCommits

T = TypeVar("T")
Row = Mapping[str, Any]
Session = orm.Session  # so that services can name its type without importing SQLAlchemy

BUSY_SECONDS = 10
NEWER = (
    "The database was made by a newer version of Inkling: run that version, or restore a backup made before it;"
    " `inkling migrate` does not lead back."
)
FOREIGN = "The schema cannot be brought up to date: the database holds something that is not Inkling's."
EMPTYING_MILLISECONDS = 200
_MIGRATIONS = Path(__file__).parent / "migrations"


class HasDatabaseUrl(Protocol):
    """Anything that names a database, such as Settings."""

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address."""


class Database:
    """An engine and its two kinds of session, each one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(inkling_writes=True)
        self._shared = SharedCommits(self.writing)

    @classmethod
    def at(cls, settings: HasDatabaseUrl) -> Database:
        """Open the database that the settings name."""
        return cls(engine_for(settings))

    @classmethod
    def ready(cls, settings: HasDatabaseUrl) -> Database:
        """Open it and check that it can be used. Raises DatabaseUnavailable, SchemaNotCurrent."""
        database = cls.at(settings)
        problem = schema_problem(database.engine)
        if problem:
            database.close()
            raise SchemaNotCurrent(problem, detail=database.engine.url.database)
        return database

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for reading."""
        with translated(self.engine.url), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def reading_one_state(self) -> Iterator[Session]:
        """Yield a session for reading in which every statement sees the database as it was at the first one."""
        with self.reading() as session:
            if self.engine.dialect.name == "postgresql":  # SQLite's transactions are so by themselves
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that holds SQLite's write lock from its start and commits at the end of the block.

        Once the block has ended without an exception, what it wrote is on disk.
        """
        with translated(self.engine.url), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns in a session as `writing` yields, whose commit it may share with other threads.

        SQLite has one writer, whose commit each waits for: those who wait share the next one. PostgreSQL does so by
        itself. `work` may run more than once, and in another thread; what it wrote is on disk when this returns.
        """
        if self.engine.dialect.name == "sqlite":
            return self._shared.write(work)
        with self.writing() as session:
            return work(session)

    @contextmanager
    def writing_in_turns(self) -> Iterator[Session]:
        """Yield a session as `writing` does, for one of the many short transactions of a long job.

        Sleeps afterwards for as long as it took: SQLite's write lock has no queue, so this lets others have it.
        """
        began = time.monotonic()
        with self.writing() as session:
            yield session
        time.sleep(time.monotonic() - began)

    def empty_log(self) -> bool:
        """Empty SQLite's write-ahead log, which still contains deleted rows; return False while it is being read.

        PostgreSQL recycles its own log (see the RUNBOOK).
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self._sqlite_alone() as cursor:
            # Writers wait while this waits for readers, so not for long.
            cursor.execute(f"PRAGMA busy_timeout={EMPTYING_MILLISECONDS}")
            return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def compact(self) -> bool:
        """Rewrite an SQLite file, so that it contains nothing deleted. Writers wait meanwhile, readers do not."""
        if self.engine.dialect.name == "sqlite":
            with self._sqlite_alone() as cursor:
                # A full-text index keeps what was deleted until its parts are merged into one.
                cursor.execute("INSERT INTO paper_search(paper_search) VALUES ('optimize')")
                cursor.execute("VACUUM")
        return True

    @contextmanager
    def _sqlite_alone(self) -> Iterator[sqlite3.Cursor]:
        """Yield an SQLite cursor outside of any transaction."""
        with translated(self.engine.url), closing(self.engine.raw_connection()) as connection:
            cursor = cast(sqlite3.Cursor, connection.cursor())
            try:
                yield cursor
            except sqlite3.OperationalError as error:
                raise DatabaseUnavailable(f"The database does not answer: {error}.") from error
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")

    def size(self) -> int:
        """Return the size of an SQLite file in bytes, 0 for PostgreSQL."""
        path = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        return Path(path).stat().st_size if path else 0

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def engine_for(settings: HasDatabaseUrl) -> Engine:
    """Return the engine for the settings' address; every pooled connection is durable.

    Raises ConfigurationError for an address that cannot be parsed.
    """
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(["INKLING_DATABASE_URL: must be a postgresql:// or sqlite:/// address"]) from error
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    # lock_timeout and statement_timeout are the operator's choice; durability is ours, whatever the server's default.
    connect_args = {"options": "-c synchronous_commit=on -c timezone=UTC", "connect_timeout": 5}
    return create_engine(url, pool_pre_ping=True, connect_args=connect_args)


def _sqlite_engine(url: URL) -> Engine:
    # mode=rw: a missing file is an error, not created by whoever connects first; only `migrate` creates it.
    address = f"{Path(url.database or '').absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)

    engine = create_engine(url, creator=connect, pool_size=10)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's implicit BEGIN is deferred: two such writers get "database is locked", whatever the timeout.
    connection.isolation_level = None
    durable = ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}", "foreign_keys=ON")
    for pragma in (*durable, "secure_delete=ON"):  # overwrite what is deleted, instead of leaving it in free pages
        connection.execute(f"PRAGMA {pragma}").fetchall()
    # SQLite's own knows ASCII alone; PostgreSQL's knows every letter.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("inkling_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _Entries(FunctionElement[str]):
    """The strings of a JSON array, as a subquery."""

    inherit_cache = True


@compiles(_Entries, "sqlite")
def _entries_in_sqlite(element: _Entries, compiler: Any, **how: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **how)}))"  # noqa: S608 - a parameter


@compiles(_Entries, "postgresql")
def _entries_in_postgresql(element: _Entries, compiler: Any, **how: Any) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS json)))"


class _IsOneOf(FunctionElement[bool]):
    """Whether a column is one of the strings of a JSON array."""

    inherit_cache = True  # without a type: SQLite's dialect would compare a Boolean with 1, which no index finds


@compiles(_IsOneOf, "sqlite")
def _is_one_of_in_sqlite(element: _IsOneOf, compiler: Any, **how: Any) -> str:
    column, array = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({array}))"  # noqa: S608 - a parameter


@compiles(_IsOneOf, "postgresql")
def _is_one_of_in_postgresql(element: _IsOneOf, compiler: Any, **how: Any) -> str:
    column, array = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(CAST({array} AS json))))"


def among(column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of any number of `values`.

    They are one parameter: `IN (?, ?, …)` takes at most 32,766 on SQLite and 65,535 on PostgreSQL.
    """
    return column.op("IN", is_comparison=True)(_Entries(literal(in_one(values), Text)))


def among_given(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Return the same condition for a statement built once; whoever executes it gives `in_one(values)` as `name`.

    For a column that an index finds: PostgreSQL looks up each value there. As `IN` it would guess a hundred values and
    read, for a reader with a long log, all of it instead.
    """
    return _IsOneOf(column, bindparam(name, type_=Text))


def in_one(values: Collection[str]) -> str:
    """Return any number of values as one parameter."""
    return json.dumps(list(values))


def all_rows(session: Session, statement: Executable) -> list[Row]:
    """Return all rows of a query as mappings by column name."""
    return cast(list[Row], list(session.execute(statement).mappings()))


def first_row(session: Session, statement: Executable) -> Row | None:
    """Return the first row of a query as a mapping by column name, or None."""
    return cast(Row | None, session.execute(statement).mappings().first())


def stream_tuples(session: Session, statement: Select[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield lists of at most `size` rows of a query without parameters, as the driver reads them: plain tuples.

    For millions of rows: a Row object costs four times as much as reading its row, and PostgreSQL's default cursor
    would hold all of them at once.
    """
    connection = session.connection()
    name = ("stream",) if connection.dialect.name == "postgresql" else ()
    with closing(connection.connection.cursor(*name)) as cursor:
        cursor.execute(str(statement.compile(connection)))
        while rows := cursor.fetchmany(size):
            yield rows


def insert_new(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, except those whose key exists."""
    if rows:
        session.execute(_dialect_insert(session, table).on_conflict_do_nothing(), list(rows))


def upsert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], keep: Sequence[str] = ()) -> None:
    """Insert rows, or overwrite those with the same key except the columns in `keep`. All rows have the same keys."""
    if not rows:
        return
    statement = _dialect_insert(session, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def changed_upsert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], key: str) -> None:
    """Insert rows, or overwrite those with the same `key` that differ. All rows have the same columns."""
    if not rows:
        return
    statement = _dialect_insert(session, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name != key}
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in changed.items()))
    session.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed, where=differs), list(rows))


def _dialect_insert(session: Session, table: Table) -> Any:
    dialect = session.get_bind().dialect.name
    return {"sqlite": sqlite_insert, "postgresql": postgresql_insert}.get(dialect, insert)(table)


def make_file(engine: Engine) -> None:
    """Create a missing SQLite file, readable by its owner only; its WAL inherits that."""
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        try:
            make_private_folder(path.parent)
            os.close(private_opener(str(path), os.O_RDWR | os.O_CREAT))
        except OSError as error:
            raise DatabaseUnavailable(UNOPENED, detail=f"{path}: {error.strerror}") from error


def migrate(engine: Engine) -> None:
    """Upgrade the schema to the newest revision; safe when several processes start at once.

    Raises DatabaseUnavailable, and SchemaNotCurrent when this code cannot upgrade it.
    """
    make_file(engine)
    try:
        with translated(engine.url), engine.execution_options(inkling_writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                # Held until the commit: a second process waits here and then finds nothing to do.
                connection.execute(text("SELECT pg_advisory_xact_lock(4919115)"))
            if _problem(connection) == NEWER:
                raise SchemaNotCurrent(NEWER, detail=engine.url.database)
            config = _alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise SchemaNotCurrent(FOREIGN, detail=" ".join(str(error.orig).split())) from error


def schema_problem(engine: Engine) -> str:
    """Return what is wrong with the schema's revision, "" if nothing. Raises DatabaseUnavailable."""
    with translated(engine.url), engine.connect() as connection:
        return _problem(connection)


def _problem(connection: Connection) -> str:
    found = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_alembic_config())
    if found == scripts.get_current_head():
        return ""
    known = {script.revision for script in scripts.walk_revisions()}
    return OUTDATED if found is None or found in known else NEWER


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config

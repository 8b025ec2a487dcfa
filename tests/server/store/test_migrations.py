"""What a revision makes of the data that is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from server.store import database, event_partitions, events, job_states, search, tables
from server.store.archived_events import month_start
from server.store.database import Database, engine_for, migrate
from server.store.search import Clause, Filter
from tests.server.conftest import At


def test_what_a_reset_forgot_before_can_be_brought_back_and_what_was_deleted_alone_cannot(tmp_path: Path) -> None:
    old = Database.at(At(f"sqlite:///{tmp_path / 'old.sqlite3'}"))
    (tmp_path / "old.sqlite3").touch()
    config = database._alembic_config()
    with old.engine.execution_options(inkling_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(text("INSERT INTO readers VALUES ('r', 1.0, 0, 0, 0, '{}', 0)"))
        for mark, at in (("alone", 1.0), ("one", 2.0), ("two", 2.0)):
            connection.execute(text("INSERT INTO deleted_events VALUES ('r', :mark, :at)"), {"mark": mark, "at": at})
    migrate(old.engine)
    with old.reading() as session:
        found = session.execute(text("SELECT id_hash FROM deleted_events WHERE by_reset ORDER BY id_hash")).scalars()
        assert list(found) == ["one", "two"]
    old.close()


@pytest.mark.parametrize("readers", [0, 1])
def test_only_a_database_that_somebody_used_is_rewritten_at_the_next_training(tmp_path: Path, readers: int) -> None:
    (tmp_path / "old.sqlite3").touch()
    old = Database.at(At(f"sqlite:///{tmp_path / 'old.sqlite3'}"))
    config = database._alembic_config()
    with old.engine.execution_options(inkling_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number in range(readers):
            connection.execute(text(f"INSERT INTO readers VALUES ('r{number}', 1.0, 0, 0, 0, '{{}}', 0)"))
    migrate(old.engine)
    with old.reading() as session:
        assert bool(job_states.load(session, "deletions")) == bool(readers)
    old.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def unmigrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind, without any table."""
    if request.param == "sqlite":
        (tmp_path / "old.sqlite3").touch()
        old = Database.at(At(f"sqlite:///{tmp_path / 'old.sqlite3'}"))
        yield old
        old.close()
        return
    url = request.getfixturevalue("postgres_server")
    admin = engine_for(At(url)).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE unmigrated"))
    old = Database.at(At(url.replace("/postgres?", "/unmigrated?")))
    yield old
    old.close()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE unmigrated"))
    admin.dispose()


@contextmanager
def schema_before(unmigrated: Database, name: str) -> Iterator[Connection]:
    """Yield a connection to a database with the schema that the revision of this name finds."""
    [revision] = (database._MIGRATIONS / "versions").glob(f"*_{name}.py")
    config = database._alembic_config()
    with unmigrated.engine.execution_options(inkling_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, f"{int(revision.name[:4]) - 1:04d}")
        yield connection


def test_papers_from_before_there_was_full_text_are_found(unmigrated: Database) -> None:
    with schema_before(unmigrated, "full_text") as connection:
        insert = text(
            "INSERT INTO papers (id, title, authors, created_at, updated_at) VALUES (:id, :title, :authors, 1, 1)"
        )
        for number in range(4_500):
            title = None if number == 7 else f"Graph {number}"
            authors = '["Yunhe Wang"]' if number == 3 else None
            connection.execute(insert, {"id": f"2401.{number:05d}", "title": title, "authors": authors})
    migrate(unmigrated.engine)
    with unmigrated.reading() as session:
        assert search.count(session, Clause((("graph",),))) == 4_499
        asked = [(Clause((("graph", "4499"),)),), (Clause((("y", "wang"),), ("authors",)),)]
        assert set(search.candidates(session, asked, Filter(), 9)) == {"2401.04499", "2401.00003"}


def test_a_log_from_before_events_were_found_by_their_reader_alone_is_whole(unmigrated: Database) -> None:
    with schema_before(unmigrated, "events_by_reader") as connection:
        connection.execute(tables.readers.insert(), {"id": "r", "created_at": 1.0, "settings": {}, **_NO_READER})
        connection.execute(text("INSERT INTO papers (id, created_at, updated_at) VALUES ('2401.00001', 1, 1)"))
        connection.execute(tables.events.insert(), [_event(f"e{number}", at=number) for number in range(2_500)])
        # The newest was deleted: its number is not given to another.
        connection.execute(text("DELETE FROM events WHERE id = 'e2499'"))
        before = connection.execute(select(tables.events).order_by(tables.events.c.number)).all()
    migrate(unmigrated.engine)
    with unmigrated.writing() as session:
        assert session.execute(select(tables.events).order_by(tables.events.c.number)).all() == before
        assert list(events.of_paper(session, "r", "2401.00001")) == [("open", float(at)) for at in range(2_499)]
        events.add(session, [tuple(_event("new", at=1.0).values())])
        assert events.newest_number(session) == 2_501
    # No key over PostgreSQL's partitions can refuse an id: `test_event_partitions.py` has what does.
    twice = [_event("e1", at=1.0)] if unmigrated.engine.dialect.name == "sqlite" else []
    for refused in (*twice, {**_event("other", at=1.0), "reader_id": "nobody"}):
        with pytest.raises(IntegrityError), unmigrated.writing() as session:
            events.add(session, [tuple(refused.values())])


_NO_READER = {"operator": False, "demo": False, "version": 0, "feed_number": 0}


def _event(name: str, *, at: float) -> dict[str, Any]:
    """Return the columns of an event in the order of its table."""
    sent = {"reader_id": "r", "id": name, "kind": "open", "paper_id": "2401.00001", "at": at, "received_at": at}
    more = {"clamped": False, "list_id": None, "position": None, "surface": "card", "page": None}
    return {**sent, **more, "content_hash": name}


def test_a_log_is_whole_in_partitions(unmigrated: Database) -> None:
    """Of many months, one of them empty, and of clocks that were wrong; and new events are numbered after it."""
    starts = [month_start(month) for month in ("2024-12", "2025-01", "2025-03", "2026-11")]
    received = [*(start + more for start in starts for more in (0.0, 0.5, 86400.0)), -1e6, 0.0, 4.2e9, 1e11]
    with schema_before(unmigrated, "event_partitions") as connection:
        connection.execute(tables.readers.insert(), {"id": "r", "created_at": 1.0, "settings": {}, **_NO_READER})
        rows = [
            {"reader_id": "r", "id": f"e{number}", "kind": "open", "paper_id": "p", "at": -number / 3, "clamped": False}
            | {"received_at": moment, "content_hash": f"{number}", "position": number, "page": 'ł"\\'}
            for number, moment in enumerate(received * 40)
        ]
        connection.execute(tables.events.insert(), rows)
        connection.execute(text("DELETE FROM events WHERE number % 7 = 0"))
        before = connection.execute(tables.events.select().order_by(tables.events.c.number)).all()
    migrate(unmigrated.engine)
    with unmigrated.writing() as session:
        after = session.execute(tables.events.select().order_by(tables.events.c.number)).all()
        assert after == before
        added = session.execute(
            tables.events.insert().values(**{**rows[0], "id": "new"}).returning(tables.events.c.number)
        )
        assert added.scalar_one() == len(rows) + 1
        if session.get_bind().dialect.name == "postgresql":
            expected = {"2024-12", "2025-01", "2025-03", "2026-11"}
            assert expected <= set(event_partitions.months(session))
            assert len(event_partitions.months(session)) <= len(expected) + 4
            lost = session.execute(text("SELECT count(*) FROM events_other")).scalar_one()
            assert lost == sum(not 0 < row.received_at < 4e9 for row in before)
        session.execute(tables.readers.delete())
        assert session.execute(text("SELECT count(*) FROM events")).scalar_one() == 0

"""What a revision makes of the data that is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlalchemy import text

from server.store import database
from server.store.database import Database, migrate
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

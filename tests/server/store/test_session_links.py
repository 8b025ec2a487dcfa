"""One-time links in the database."""

from __future__ import annotations

from server.store import readers, session_links
from server.store.database import Database

NOW = 1_800_000_000.0


def test_a_link_is_spent_by_looking_at_it_and_expired_ones_go(database: Database) -> None:
    with database.writing() as session:
        reader = readers.create(session, NOW)
        session_links.add(session, "a" * 64, reader, None, now=NOW, expires_at=NOW + 60)
        assert session_links.use_link(session, "b" * 64, NOW) is None
        found = session_links.use_link(session, "a" * 64, NOW + 59)
        assert found is not None
        assert found["reader_id"] == reader
        assert session_links.use_link(session, "a" * 64, NOW + 59) is None
        session_links.add(session, "c" * 64, reader, None, now=NOW, expires_at=NOW + 60)
        session_links.add(session, "d" * 64, reader, None, now=NOW + 61, expires_at=NOW + 121)
        assert session_links.use_link(session, "c" * 64, NOW) is None


def test_links_end_with_the_device_that_made_them_and_with_their_reader(database: Database) -> None:
    with database.writing() as session:
        reader = readers.create(session, NOW)
        for name, device in (("a", "one"), ("b", "two"), ("c", None)):
            session_links.add(session, name * 64, reader, device, now=NOW, expires_at=NOW + 60)
        session_links.delete_made_by(session, ["one"])
        assert session_links.use_link(session, "a" * 64, NOW) is None
        assert session_links.use_link(session, "b" * 64, NOW) is not None
        readers.remove(session, reader)
        assert session_links.use_link(session, "c" * 64, NOW) is None

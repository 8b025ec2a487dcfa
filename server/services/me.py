"""The reader's own affairs: settings, the log of what was sent, starting over, leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.clock import rfc3339
from server.errors import NotFound
from server.services import events, forgetting
from server.services.pairing import Caller
from server.services.reading import SETTINGS, read_settings
from server.services.rooms import Rooms
from server.store import events as event_store
from server.store import reader_papers, readers


def profile(rooms: Rooms, caller: Caller) -> dict[str, Any]:
    """Return who the caller is here, what they chose, and how much is kept of them."""
    with rooms.database.reading() as session:
        counts = {
            **reader_papers.counts(session, caller.reader_id),
            "events": event_store.count(session, caller.reader_id),
        }
        reader = readers.find(session, caller.reader_id)
    if reader is None:
        raise NotFound("This reader was deleted.")
    secret = rooms.keys.feed_secret(caller.reader_id, reader["feed_number"])
    return {
        "reader_id": caller.reader_id,
        "device_id": caller.device_id,
        "operator": caller.operator,
        "created_at": rfc3339(caller.created_at),
        **{name: reader["settings"].get(name, []) for name in SETTINGS},
        "feed_secret": secret,
        "counts": counts,
    }


def change(rooms: Rooms, caller: Caller, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change the settings named (a list replaces the list before it), or make a new feed secret; return the profile."""
    with rooms.database.writing() as session:
        readers.touch(session, caller.reader_id)
        reader = readers.find(session, caller.reader_id)
        if reader is None:
            raise NotFound("This reader was deleted.")
        chosen = read_settings(changes)
        if chosen:
            readers.set_settings(session, caller.reader_id, {**reader["settings"], **chosen})
        if changes.get("renew_feed"):
            readers.renew_feed(session, caller.reader_id)
    return profile(rooms, caller)


def logged(
    rooms: Rooms,
    reader_id: str,
    limit: int,
    after: tuple[float, int] | None,
    *,
    paper: str | None = None,
    kinds: Sequence[str] = (),
) -> list[tuple[tuple[float, int], dict[str, Any]]]:
    """Return (place, event) of what was logged, newest first, from just after the place given.

    Of one paper alone, or of these kinds alone, where they are named.
    """
    with rooms.database.reading() as session:
        rows = event_store.page(session, reader_id, limit, after, paper=paper, kinds=kinds)
    return [((row["at"], row["number"]), events.told(row)) for row in rows]


def reset(rooms: Rooms, reader_id: str, now: float) -> int:
    """Forget all but the saved papers, what was chosen too; return how many events went."""
    return events.forget_all_but_saved(rooms.database, rooms.keys, reader_id, now)


def leave(rooms: Rooms, reader_id: str, now: float) -> None:
    """Delete the reader and everything of theirs, from the database's files too."""
    events.forget_log(rooms.database, reader_id)
    with rooms.database.writing() as session:
        readers.remove(session, reader_id)
        forgetting.note(session, now, models=True)
    forgetting.forget_orphans(rooms.database)
    rooms.own_papers.forget(reader_id)
    forgetting.scrub(rooms.database, thorough=True)

"""The reader's own affairs: settings, the log of what was sent, starting over, leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.clock import rfc3339
from server.errors import NotFound
from server.services import events, forgetting
from server.services.context import Context
from server.services.pairing import Caller
from server.services.parsing import SETTINGS, read_settings
from server.store import events as event_store
from server.store import reader_papers, readers


def profile(context: Context, caller: Caller) -> dict[str, Any]:
    """Return who the caller is here, what they chose, and how much is kept of them."""
    with context.database.reading() as session:
        counts = {
            **reader_papers.counts(session, caller.reader_id),
            "events": event_store.count(session, caller.reader_id),
        }
        reader = readers.find(session, caller.reader_id)
    if reader is None:
        raise NotFound("This reader was deleted.")
    secret = context.keys.feed_secret(caller.reader_id, reader["feed_number"])
    return {
        "reader_id": caller.reader_id,
        "device_id": caller.device_id,
        "operator": caller.operator,
        "created_at": rfc3339(caller.created_at),
        **{name: reader["settings"].get(name, []) for name in SETTINGS},
        "feed_secret": secret,
        "counts": counts,
    }


def change(context: Context, caller: Caller, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change the settings named (a list replaces the list before it), or make a new feed secret; return the profile."""
    with context.database.writing() as session:
        readers.touch(session, caller.reader_id)
        reader = readers.find(session, caller.reader_id)
        if reader is None:
            raise NotFound("This reader was deleted.")
        chosen = read_settings(changes)
        if chosen:
            readers.set_settings(session, caller.reader_id, {**reader["settings"], **chosen})
        if changes.get("renew_feed"):
            readers.renew_feed(session, caller.reader_id)
    return profile(context, caller)


def logged(
    context: Context,
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
    with context.database.reading() as session:
        rows = event_store.page(session, reader_id, limit, after, paper=paper, kinds=kinds)
    return [((row["at"], row["number"]), events.told(row)) for row in rows]


def reset(context: Context, reader_id: str, now: float) -> int:
    """Forget all but the saved papers, what was chosen too; return how many events went."""
    return events.forget_all_but_saved(context.database, context.keys, reader_id, now)


def leave(context: Context, reader_id: str, now: float) -> None:
    """Delete the reader and everything of theirs, from the database's files too."""
    events.forget_log(context.database, reader_id)
    with context.database.writing() as session:
        readers.remove(session, reader_id)
        forgetting.note(session, now, models=True)
    forgetting.forget_orphans(context.database)
    context.own_papers.forget(reader_id)
    forgetting.scrub(context.database, thorough=True)

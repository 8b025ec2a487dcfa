"""A reader's account: settings, the log of events, starting over, leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.clock import rfc3339
from server.errors import NotFound
from server.services import deletion, digest_addresses, events
from server.services.context import Context
from server.services.pairing import Caller
from server.services.parsing import default_settings, read_settings
from server.services.serving_context import ServingContext
from server.store import events as event_store
from server.store import reader_papers, readers
from server.store.database import Session


def profile(context: Context, caller: Caller) -> dict[str, Any]:
    """Return the caller's ids, settings and counts. Raises NotFound when the reader was deleted."""
    with context.database.reading() as session:
        counts = {
            **reader_papers.counts(session, caller.reader_id),
            "events": event_store.count(session, caller.reader_id),
        }
        reader = readers.find(session, caller.reader_id)
        digest = digest_addresses.described(context, session, reader)
    if reader is None:
        raise NotFound("This reader was deleted.")
    secret = context.keys.feed_secret(caller.reader_id, reader["feed_number"])
    return {
        "reader_id": caller.reader_id,
        "device_id": caller.device_id,
        "operator": caller.operator,
        "created_at": rfc3339(caller.created_at),
        **{name: reader["settings"].get(name, default) for name, default in default_settings().items()},
        "digest": digest,
        "feed_secret": secret,
        "counts": counts,
    }


def change_settings(context: Context, caller: Caller, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change the named settings (a list replaces the old list) or renew the feed secret; return the profile.

    An address for the digest that is not confirmed yet is mailed a link. Raises Invalid for a setting that cannot be
    read, RateLimited for too many links, NotFound when the reader was deleted.
    """
    chosen = read_settings(changes)
    with context.database.writing() as session:
        readers.touch(session, caller.reader_id)
        reader = readers.find(session, caller.reader_id)
        if reader is None:
            raise NotFound("This reader was deleted.")
        if "digest" in chosen:
            chosen["digest"] = digest_addresses.change(context, session, reader, chosen["digest"])
        if chosen:
            save_settings(session, reader, {**reader["settings"], **chosen}, context.now())
        if changes.get("renew_feed"):
            readers.renew_feed(session, caller.reader_id)
    if "digest" in chosen:
        digest_addresses.mail_link(context, context.now(), caller.reader_id)
    return profile(context, caller)


def save_settings(session: Session, reader: Mapping[str, Any], settings: dict[str, Any], now: float) -> None:
    """Replace a reader's settings; the models that learned from one who no longer allows it are to be replaced."""
    readers.set_settings(session, reader["id"], settings)
    if settings.get("learn_for_others") is False and reader["settings"].get("learn_for_others", True):
        deletion.record_deletion(session, now, models=True)


def logged_events(
    context: Context,
    reader_id: str,
    limit: int,
    after: tuple[float, int] | None,
    *,
    paper: str | None = None,
    kinds: Sequence[str] = (),
    words: Sequence[str] = (),
) -> list[tuple[tuple[float, int], dict[str, Any]]]:
    """Return (place, event) pairs, newest first, starting after the place `after`.

    `paper` and `kinds` narrow them to one paper or to some kinds, `words` to papers with all of these in the title.
    """
    with context.database.reading() as session:
        rows = event_store.page(session, reader_id, limit, after, paper=paper, kinds=kinds, words=words)
    return [((row["at"], row["number"]), events.event_body(row)) for row in rows]


def reset(context: Context, reader_id: str, now: float) -> int:
    """Forget everything but the saved papers, the settings too; return how many events were deleted."""
    return events.forget_all_but_saved(context, reader_id, now)


def delete_reader(context: ServingContext, reader_id: str, now: float) -> None:
    """Delete the reader and all their data, from the database's files too."""
    events.delete_log(context, reader_id)
    with context.database.writing() as session:
        readers.remove(session, reader_id)
        deletion.record_deletion(session, now, models=True)
    deletion.forget_orphans(context)
    context.overlays.forget(reader_id)
    deletion.purge_files(context, thorough=True)

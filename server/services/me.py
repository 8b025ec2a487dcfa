"""The reader's own affairs: settings, the log of what was sent, export and import, starting over, leaving."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from server.clock import rfc3339
from server.errors import Invalid, NotFound
from server.services import events, papers
from server.services.pairing import Caller
from server.services.reading import SETTINGS, paper_id, read_card, read_event, read_settings, read_words
from server.services.rooms import Rooms
from server.store import events as event_store
from server.store import papers as paper_store
from server.store import reader_papers, readers
from server.store.papers import FACTS

FORMAT = "inkling-export"
FORMAT_VERSION = 1
_BATCH = 500


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
    return [((row["at"], row["number"]), _told(row)) for row in rows]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    event = events.as_event(row)
    return {**event, "at": rfc3339(event["at"]), "received_at": rfc3339(event["received_at"])}


def reset(rooms: Rooms, reader_id: str, now: float) -> int:
    """Forget all but the saved papers; return how many events went."""
    return events.forget_all_but_saved(rooms.database, rooms.keys, reader_id, now)


def leave(rooms: Rooms, reader_id: str) -> None:
    """Delete the reader and everything of theirs."""
    with rooms.database.writing() as session:
        readers.remove(session, reader_id)


def export(rooms: Rooms, reader_id: str, now: float) -> dict[str, Any]:
    """Return everything kept of a reader as one JSON value, which `import_` takes back, here or elsewhere."""
    with rooms.database.reading() as session:
        reader = readers.find(session, reader_id)
        if reader is None:
            raise NotFound(f"No reader {reader_id} here.", field="reader")
        log = [_told(row) for row in _all_events(session, reader_id)]
        states = sorted(reader_papers.every(session, reader_id), key=lambda state: state["paper_id"])
        known = paper_store.seen_by(session, reader_id, [state["paper_id"] for state in states])
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "exported_at": rfc3339(now),
        "settings": {name: reader["settings"][name] for name in SETTINGS if name in reader["settings"]},
        "events": log,
        "library": [_own_words(state) for state in states if state["tags"] or state["note"] or state["read"]],
        "papers": [_card(known[name]) for name in sorted(known) if papers.has_facts(known[name])],
    }


def _all_events(session: Any, reader_id: str) -> Iterator[Mapping[str, Any]]:
    after = None
    while rows := event_store.page(session, reader_id, _BATCH, after):
        yield from rows
        after = (rows[-1]["at"], rows[-1]["number"])


def _own_words(state: Mapping[str, Any]) -> dict[str, Any]:
    return {"paper": state["paper_id"], "tags": state["tags"] or [], "note": state["note"], "read": state["read"]}


def _card(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] for name in FACTS if row[name] is not None}
    return {"id": row["id"], **facts, **({"published_at": rfc3339(row["published_at"])} if row["published_at"] else {})}


def import_(rooms: Rooms, reader_id: str, file: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Take an exported file in; doing so again changes nothing. Returns how much of it was new.

    Raises Invalid when it is not such a file. Single events and cards that cannot be read are counted, not fatal.
    """
    if file.get("format") != FORMAT or file.get("version") != FORMAT_VERSION:
        raise Invalid(f"Not a file of Inkling's export, version {FORMAT_VERSION}.", field="format")
    batch = [_event_or_result(value) for value in _list(file, "events")]
    # Oldest first, as it happened: where two events share a moment, the later arrival counts.
    batch.reverse()
    cards = [card for value in _list(file, "papers") if (card := _card_or_none(value)) is not None]
    outcome: Counter[str] = Counter()
    for start in range(0, max(len(batch), len(cards), 1), _BATCH):
        part, texts = batch[start : start + _BATCH], cards[start : start + _BATCH]
        confirm = rooms.settings.confirm_page_text
        logged = events.log(rooms.database, rooms.keys, reader_id, part, texts, confirm=confirm, now=now)
        rooms.serving.fold_in(logged.changed)
        outcome.update(_status(result) for result in logged.results)
    _import_words(rooms, reader_id, _list(file, "library"))
    _import_settings(rooms, reader_id, file.get("settings"))
    return {**{status: outcome[status] for status in ("accepted", "duplicate", "rejected")}, "papers": len(cards)}


def _status(result: events.Result) -> str:
    """Return what became of an imported event; one that is here under its id already is no news."""
    reused = result.error is not None and result.error.code == "id_reused"
    return "duplicate" if reused else result.status


def _list(file: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = file.get(name, [])
    if not isinstance(value, list):
        raise Invalid("Must be a list.", field=name)
    return value


def _event_or_result(value: Any) -> events.Event | events.Result:
    try:
        return read_event(value)
    except Invalid as error:
        return events.Result(None, "rejected", error)


def _card_or_none(value: Any) -> dict[str, Any] | None:
    try:
        return read_card(value)
    except Invalid:
        return None


def _import_words(rooms: Rooms, reader_id: str, entries: Sequence[Any]) -> None:
    with rooms.database.writing() as session:
        for entry in entries:
            with contextlib.suppress(Invalid):
                words = read_words(entry)
                reader_papers.annotate(session, reader_id, paper_id(entry.get("paper"), "paper"), words)


def _import_settings(rooms: Rooms, reader_id: str, chosen: Any) -> None:
    """Set what the reader had not yet chosen here."""
    if chosen is None:
        return
    with rooms.database.writing() as session:
        reader = readers.find(session, reader_id)
        if reader is not None:
            readers.touch(session, reader_id)
            readers.set_settings(session, reader_id, {**read_settings(chosen), **reader["settings"]})

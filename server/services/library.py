"""The reader's saved papers, with their tags, note and read mark."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from server.clock import rfc3339
from server.errors import Invalid
from server.services import events, papers
from server.services.context import Context
from server.services.events import STATE_OF, Event
from server.services.parsing import MAX_TAGS
from server.store import library as store
from server.store import papers as paper_store
from server.store import reader_papers
from server.store.library import SORTS, LibraryFilter

__all__ = ["SORTS", "LibraryFilter"]

MAX_QUERY_WORDS = 12
_CHUNK = 200  # entries read at once for an export


def search(q: str | None, **more: Any) -> LibraryFilter:
    """Return the filter for the words of a query; those past `MAX_QUERY_WORDS` do not narrow it further."""
    return LibraryFilter(words=tuple(dict.fromkeys((q or "").lower().split()))[:MAX_QUERY_WORDS], **more)


def page(
    context: Context, reader_id: str, limit: int, after: tuple[Any, str] | None, wanted: LibraryFilter | None = None
) -> list[tuple[Any, dict[str, Any]]]:
    """Return (place, entry) pairs of saved papers in the order wanted, starting after the place `after`."""
    with context.database.reading() as session:
        rows = store.page(session, reader_id, wanted or LibraryFilter(), limit, after)
    return [((row["place"], row["paper_id"]), _entry(row, row)) for row in rows]


def every(context: Context, reader_id: str, wanted: LibraryFilter) -> Iterator[dict[str, Any]]:
    """Yield every wanted entry, reading a few at a time."""
    after = None
    while found := page(context, reader_id, _CHUNK, after, wanted):
        yield from (entry for _, entry in found)
        after = found[-1][0]


def count(context: Context, reader_id: str, wanted: LibraryFilter) -> int:
    """Return how many saved papers are wanted."""
    with context.database.reading() as session:
        return store.count(session, reader_id, wanted)


def tags(context: Context, reader_id: str) -> list[tuple[str, int]]:
    """Return (tag, number of saved papers) in alphabetical order."""
    with context.database.reading() as session:
        found = Counter(tag for own in store.tag_lists(session, reader_id) for tag in own)
    return sorted(found.items(), key=lambda pair: (pair[0].casefold(), pair[0]))


def _entry(state: Mapping[str, Any], facts: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "paper": papers.paper_body(state["paper_id"], facts),
        "saved_at": rfc3339(state["save_at"]),
        "tags": state["tags"] or [],
        "note": state["note"],
        "read": state["read"],
    }


def save(context: Context, reader_id: str, paper_id: str, words: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Save a paper, set those of tags, note and read that `words` names, and return the entry."""
    log_all(context, reader_id, [paper_id], "save", now)
    with context.database.writing() as session:
        if words:
            reader_papers.annotate(session, reader_id, paper_id, words)
        state = reader_papers.of_papers(session, reader_id, [paper_id])[paper_id]
        facts = paper_store.seen_by(session, reader_id, [paper_id]).get(paper_id)
    return _entry(state, facts)


def unsave(context: Context, reader_id: str, paper_id: str, now: float) -> None:
    """Remove a paper from the library, if it is there."""
    log_all(context, reader_id, [paper_id], "unsave", now)


def set_read(context: Context, reader_id: str, paper_ids: Sequence[str], read: bool) -> int:
    """Mark saved papers as read or unread; return how many are saved."""
    return _annotate(context, reader_id, paper_ids, lambda _: {"read": read})


def add_tags(context: Context, reader_id: str, paper_ids: Sequence[str], tags: Sequence[str]) -> int:
    """Give saved papers tags besides those they have; return how many are saved. Raises Invalid past `MAX_TAGS`."""

    def with_tags(state: Mapping[str, Any]) -> dict[str, Any]:
        together = list(dict.fromkeys([*(state["tags"] or ()), *tags]))
        if len(together) > MAX_TAGS:
            raise Invalid(f"A paper has at most {MAX_TAGS} tags.", field="tags")
        return {"tags": together or None}

    return _annotate(context, reader_id, paper_ids, with_tags)


def remove_tags(context: Context, reader_id: str, paper_ids: Sequence[str], tags: Collection[str]) -> int:
    """Take tags off saved papers; return how many are saved."""

    def without(state: Mapping[str, Any]) -> dict[str, Any]:
        return {"tags": [tag for tag in state["tags"] or () if tag not in tags] or None}

    return _annotate(context, reader_id, paper_ids, without)


def _annotate(
    context: Context,
    reader_id: str,
    paper_ids: Sequence[str],
    words: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> int:
    """Set the reader's own words on those of the papers that are saved, all or none; return how many these are."""
    with context.database.writing() as session:
        states = reader_papers.of_papers(session, reader_id, paper_ids)
        saved = [state for state in states.values() if state["saved"]]
        for state in saved:
            reader_papers.annotate(session, reader_id, state["paper_id"], words(state))
    return len(saved)


def log_all(
    context: Context, reader_id: str, paper_ids: Sequence[str], kind: str, now: float, **more: Any
) -> list[str]:
    """Log an event of this kind for each paper that is not in that state already; return those papers.

    `more`: further fields of the events; their surface is the library unless it says otherwise.
    """
    with context.database.reading() as session:
        states = reader_papers.of_papers(session, reader_id, paper_ids)
    flag, at_name = STATE_OF[kind.removeprefix("un")]
    changed = [paper for paper in paper_ids if bool(paper in states and states[paper][flag]) == kind.startswith("un")]
    batch = [
        # This change must win over one that a device with a fast clock has dated into the future.
        replace(
            Event(str(uuid.uuid4()), kind, paper, max(now, states[paper][at_name] or 0.0 if paper in states else 0.0)),
            **{"surface": "library", **more},
        )
        for paper in changed
    ]
    if batch:
        events.log(context, reader_id, batch, now=now)
    return changed

"""What a reader did, as the recommender takes it: read once, kept while the reader does nothing new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender import Events
from server.store import reader_papers
from server.store.database import Database

CACHED_READERS = 500
SHOWN_ENOUGH = 3  # a paper shown this often without any action is not recommended again
_MOST_IMPRESSIONS = 10


@dataclass(frozen=True)
class History:
    """A reader's states of papers, the same as events, and the papers that were shown often enough."""

    states: Mapping[str, Mapping[str, Any]]
    events: Events
    worn_out: frozenset[str]

    @property
    def done_with(self) -> set[str]:
        """The papers the reader opened, saved or hid."""
        return {name for name, state in self.states.items() if state["opened_at"] or state["saved"] or state["hidden"]}


class Histories:
    """The histories of the readers who asked last. Safe to share by threads."""

    def __init__(self, size: int = CACHED_READERS) -> None:
        self._size = size
        self._kept: OrderedDict[str, tuple[int, History]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, database: Database, reader_id: str, version: int) -> History:
        """Return the reader's history at least as new as their `version`."""
        found = self._kept.get(reader_id)
        if found is not None and found[0] == version:
            return found[1]
        with database.reading() as session:
            history = history_of(reader_papers.every(session, reader_id))
        with self._lock:
            self._kept[reader_id] = (version, history)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return history


def history_of(rows: Any) -> History:
    """Build a history from rows of `reader_papers`."""
    states = {row["paper_id"]: dict(row) for row in rows}
    events = [event for state in states.values() for event in _events(state)]
    worn_out = frozenset(
        name
        for name, state in states.items()
        if state["impressions"] >= SHOWN_ENOUGH and not (state["opens"] or state["saved"] or state["hidden"])
    )
    return History(states=states, events=Events.from_rows(events), worn_out=worn_out)


def _events(state: Mapping[str, Any]) -> list[tuple[str, str, str, float | None]]:
    """Return the events that a state stands for: the last of each pair of opposites, and not every single opening."""
    reader, paper = state["reader_id"], state["paper_id"]
    said: list[tuple[str, float | None, int]] = [
        ("open", state["opened_at"], int(state["opened_at"] is not None)),
        ("save" if state["saved"] else "unsave", state["save_at"], int(state["save_at"] is not None)),
        ("hide" if state["hidden"] else "unhide", state["hide_at"], int(state["hide_at"] is not None)),
        ("impression", state["shown_at"], min(state["impressions"], _MOST_IMPRESSIONS)),
    ]
    return [(reader, paper, kind, at) for kind, at, times in said for _ in range(times)]

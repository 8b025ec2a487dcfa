"""A reader's history in the form the recommender takes: read once, then only what changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from recommender import Events
from recommender.data.categorical import Categorical
from server.store import reader_papers
from server.store.database import Database

CACHED_READERS = 500
SHOWN_ENOUGH = 3  # impressions without any action, after which a paper is not recommended again
_MAX_IMPRESSIONS = 10

EventRow = tuple[str, str, str, float | None]  # (reader, paper, kind, epoch seconds)


@dataclass(frozen=True)
class History:
    """A reader's states of papers and what follows from them.

    `events` are those that the states stand for, as the recommender takes them; `overexposed` the papers shown
    SHOWN_ENOUGH times in vain; `acted_on` those the reader opened, saved, hid or disliked.
    """

    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    events: Events = field(default_factory=Events.empty)
    overexposed: frozenset[str] = frozenset()
    acted_on: frozenset[str] = frozenset()

    def with_rows(self, rows: Iterable[Mapping[str, Any]]) -> History:
        """Return the history with these rows of `reader_papers` replacing older ones."""
        changed = {row["paper_id"]: dict(row) for row in rows}
        return History(
            states={**self.states, **changed},
            events=_replace_events(self.events, changed),
            overexposed=_replace_members(self.overexposed, changed, _is_overexposed),
            acted_on=_replace_members(self.acted_on, changed, _is_done),
        )


@dataclass(frozen=True)
class _CachedHistory:
    version: int
    history: History


class Histories:
    """The histories of the readers who asked last. Thread-safe."""

    def __init__(self, size: int = CACHED_READERS) -> None:
        self._size = size
        self._kept: OrderedDict[str, _CachedHistory] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, database: Database, reader_id: str, version: int, forgot_version: int) -> History:
        """Return the reader's history, at least as new as their `version`.

        Reads only what changed since the last call, unless states were removed since then (at `forgot_version`).
        """
        found = self._kept.get(reader_id)
        if found is not None and found.version >= version:
            return found.history
        if found is not None and found.version < forgot_version:
            found = None
        with database.reading() as session:
            since = found.version if found else -1
            history = (found.history if found else History()).with_rows(
                reader_papers.changed_since(session, reader_id, since)
            )
        with self._lock:
            self._kept[reader_id] = _CachedHistory(version, history)
            self._kept.move_to_end(reader_id)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return history


def _replace_events(events: Events, changed: Mapping[str, Mapping[str, Any]]) -> Events:
    """Return the events with those of the changed states at the end: what did not change is not built again."""
    new = Events.from_rows(chain.from_iterable(map(_events, changed.values())))
    if not len(events):
        return new
    kept = ~Categorical.of(events.papers).translate(changed.__contains__, bool)
    return Events.concatenate([events.take(np.flatnonzero(kept)), new])


def _replace_members(
    names: frozenset[str], changed: Mapping[str, Mapping[str, Any]], belongs: Callable[[Mapping[str, Any]], bool]
) -> frozenset[str]:
    return (names - changed.keys()) | {name for name, state in changed.items() if belongs(state)}


def _is_overexposed(state: Mapping[str, Any]) -> bool:
    return state["impressions"] >= SHOWN_ENOUGH and not (state["opens"] or _is_done(state))


def _is_done(state: Mapping[str, Any]) -> bool:
    return bool(state["opened_at"] or state["saved"] or state["hidden"] or state["disliked"])


def _events(state: Mapping[str, Any]) -> list[EventRow]:
    """Return the events that a state stands for: of each pair of opposites the last, and at most one opening."""
    reader, paper = state["reader_id"], state["paper_id"]
    events: list[tuple[str, float | None, int]] = [
        ("open", state["opened_at"], int(state["opened_at"] is not None)),
        ("save" if state["saved"] else "unsave", state["save_at"], int(state["save_at"] is not None)),
        ("hide" if state["hidden"] else "unhide", state["hide_at"], int(state["hide_at"] is not None)),
        ("dislike" if state["disliked"] else "undislike", state["dislike_at"], int(state["dislike_at"] is not None)),
        ("impression", state["shown_at"], min(state["impressions"], _MAX_IMPRESSIONS)),
    ]
    return [(reader, paper, kind, at) for kind, at, times in events for _ in range(times)]

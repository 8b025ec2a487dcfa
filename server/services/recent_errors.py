"""What everybody's lists taught since the serving model was trained: read from the log, forgotten with the model."""

from __future__ import annotations

import time
from collections import OrderedDict

from recommender import Corrections, ErrorMemory
from server.store import events
from server.store.database import Session

AT_ONCE = 2_000  # events read in one refresh, so that nothing waits for those of a whole day
NEWEST = 100_000  # events that a new process reads at most, however long ago the model was trained
CORRECTED_EVERY = 5.0  # seconds at least between two corrections: one is looked up in the catalogue anew
WAITING = 10_000  # papers taken from lists whose impressions are still to come
NOTHING = Corrections()


class RecentErrors:
    """Follows the log from the event numbered `since` on, where the serving model was trained.

    Only what at least `readers` readers saw is corrected, and readers from whom nothing may be learned for others are
    left out. On PostgreSQL an event that is committed after a later one was read is missed. Not thread-safe, but for
    `corrections`, which is replaced as a whole.
    """

    def __init__(self, readers: int, since: int | None) -> None:
        self.corrections = NOTHING
        self._memory, self._since = ErrorMemory(readers), since
        self._read_to: int | None = None
        # (reader, list, paper) -> when it was taken: a browser sends what was opened at once, and what was shown later.
        self._waiting: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._changed, self._due = False, 0.0

    def follow(self, session: Session, now: float) -> None:
        """Read the next events, and now and then correct the scores anew; `now` is in epoch seconds."""
        if self._read_to is None:
            newest = events.newest_number(session)
            self._read_to = newest if self._since is None else max(self._since, newest - NEWEST)
        rows = events.logged_after(session, self._read_to, AT_ONCE)
        if rows:
            self._read_to = rows[-1].number
            self._learn(session, [row for row in rows if row.list_id and row.kind in ("impression", "open", "save")])
        if self._changed and time.monotonic() >= self._due:
            self._changed, self._due = False, time.monotonic() + CORRECTED_EVERY
            self.corrections = self._memory.correct(now)

    def _learn(self, session: Session, rows: list[events.Logged]) -> None:
        private = events.private_among(session, {row.reader for row in rows}) if rows else set()
        for row in rows:
            if row.reader in private:
                continue
            if row.kind == "impression":
                self._memory.show(row.reader, row.list_id, row.paper, row.position or 1)
            else:
                self._waiting.setdefault((row.reader, str(row.list_id), row.paper), row.at)
        for (reader, list_id, paper), at in list(self._waiting.items()):
            if self._memory.take(reader, list_id, paper, at):
                del self._waiting[reader, list_id, paper]
                self._changed = True
        while len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)

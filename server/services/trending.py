"""What is read among the readers of this server; never so few of them that one could be guessed."""

from __future__ import annotations

from typing import Any

from server.services import papers
from server.services.context import Context
from server.store import readers, trending

DAYS = 7
KEPT_SECONDS = 60.0  # for which a count serves everybody
MOST = 50


class RecentlyRead:
    """What was counted last in this process. Thread-safe: it is replaced as a whole."""

    def __init__(self) -> None:
        self._until = 0.0
        self._counted: list[tuple[str, int]] = []

    def most_read(self, context: Context, reader_id: str, limit: int, now: float) -> list[dict[str, Any]]:
        """Return papers that at least `k_readers` readers opened or saved within a week, with their number.

        Of those this reader may read. Nothing on a server that has fewer readers.
        """
        if now >= self._until:
            self._counted, self._until = _count(context, now), now + KEPT_SECONDS
        known = papers.find_papers(context, reader_id, [name for name, _ in self._counted])
        shown = [(name, count) for name, count in self._counted if name in known and known[name]["title"]]
        return [{"paper": known[name], "readers": count} for name, count in shown[:limit]]


def _count(context: Context, now: float) -> list[tuple[str, int]]:
    """Return (paper, readers), most first."""
    at_least = context.settings.k_readers
    with context.database.reading() as session:
        enough = readers.count(session) >= at_least
        return trending.most_read(session, now - DAYS * 86400.0, at_least, MOST) if enough else []

"""Who wants a digest now, and for which period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.services import digest_addresses
from server.services.context import Context
from server.services.digest_periods import period_of
from server.store import digests
from server.store.database import Row


@dataclass(frozen=True)
class Subscription:
    """A reader with a confirmed address who wants a digest, and the period that it is for now."""

    reader: Row
    wishes: dict[str, Any]
    period: str

    @property
    def reader_id(self) -> str:
        """Whose it is."""
        return str(self.reader["id"])

    @property
    def every(self) -> str:
        """How often they want it."""
        return str(self.wishes["every"])


def subscriptions(context: Context, now: float) -> list[Subscription]:
    """Return them, the oldest reader first."""
    with context.database.reading() as session:
        rows = digests.subscribers(session)
    found = ((row, digest_addresses.of(row["settings"])) for row in rows)
    return [
        Subscription(row, wishes, period_of(wishes["every"], now))
        for row, wishes in found
        if wishes["every"] != "off" and wishes["email"] == row["email"]
    ]

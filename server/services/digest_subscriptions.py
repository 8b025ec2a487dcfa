"""Who wants a digest now, and for which period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.services import digest_addresses
from server.services.context import Context
from server.services.digest_periods import period_of
from server.store import digests
from server.store.database import Row, Session


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
    def email(self) -> str:
        """Where it goes."""
        return str(self.reader["email"])

    @property
    def every(self) -> str:
        """How often they want it."""
        return str(self.wishes["every"])


def subscriptions(context: Context, now: float) -> list[Subscription]:
    """Return them, the oldest reader first."""
    with context.database.reading() as session:
        rows = digests.subscribers(session)
    return [found for row in rows if (found := _subscription(row, now))]


def held_subscription(session: Session, reader_id: str, now: float) -> Subscription | None:
    """Return the reader's, as it is now and stays while the transaction lasts; None when they want none or left."""
    row = digests.hold_subscriber(session, reader_id)
    return _subscription(row, now) if row else None


def _subscription(row: Row, now: float) -> Subscription | None:
    wishes = digest_addresses.of(row["settings"])
    if wishes["every"] == "off" or wishes["email"] != row["email"]:
        return None
    return Subscription(row, wishes, period_of(wishes["every"], now))

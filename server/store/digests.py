"""Digests by e-mail: whose address is confirmed, what became of each period's digest, which papers were mailed.

A period's digest is claimed before anything is mailed, under a random `claim` that every later change has to name: a
process that was overtaken changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, first_row, insert_new, upsert
from server.store.tables import digest_addresses, digest_papers, digests, readers

# Nothing of these has been mailed: they may be claimed.
OPEN = ("new", "empty", "retry")
LINK_TRIES = 6  # more of them: the link was given up


def address(session: Session, reader_id: str) -> Row | None:
    """Return what is known of the address that the reader named last, or None."""
    return first_row(session, select(digest_addresses).where(digest_addresses.c.reader_id == reader_id))


def ask(session: Session, reader_id: str, email: str, now: float) -> None:
    """Note that the address has to be confirmed by a link that is due at once."""
    asked = {"email": email, "asked_at": now, "confirmed_at": None, "link_tries": 0, "link_due_at": now}
    upsert(session, digest_addresses, [{"reader_id": reader_id, **asked}])


def change_address(session: Session, asked: Row, **values: Any) -> None:
    """Change what is known of an address, unless the reader has named one since."""
    key = ("reader_id", "email", "asked_at")
    theirs = and_(*(digest_addresses.c[name] == asked[name] for name in key))
    session.execute(update(digest_addresses).where(theirs).values(**values))


def claim_link(session: Session, now: float, until: float, reader_id: str | None = None) -> Row | None:
    """Take the next link that is due (or the reader's), so that nobody else mails it before `until`; None for none.

    One whose tries all ended without a word, each process killed, is given up.
    """
    spent = and_(digest_addresses.c.link_due_at <= now, digest_addresses.c.link_tries >= LINK_TRIES)
    session.execute(update(digest_addresses).where(spent).values(link_due_at=None, link_tries=LINK_TRIES + 1))
    due = select(digest_addresses.c.reader_id).where(digest_addresses.c.link_due_at <= now)
    if reader_id is not None:
        due = due.where(digest_addresses.c.reader_id == reader_id)
    first = due.order_by(digest_addresses.c.link_due_at).limit(1).with_for_update(skip_locked=True)
    taken = update(digest_addresses).where(digest_addresses.c.reader_id.in_(first))
    changed = taken.values(link_due_at=until, link_tries=digest_addresses.c.link_tries + 1)
    return first_row(session, changed.returning(digest_addresses))


def is_link_due(session: Session, now: float) -> bool:
    """Whether a link has to be mailed."""
    due = select(digest_addresses.c.reader_id).where(digest_addresses.c.link_due_at <= now)
    return session.execute(due.limit(1)).first() is not None


def count_links_given_up(session: Session, moment: float) -> int:
    """Return how many links that were asked for since `moment` were given up."""
    lost = and_(digest_addresses.c.link_tries > LINK_TRIES, digest_addresses.c.asked_at >= moment)
    return session.execute(select(func.count()).select_from(digest_addresses).where(lost)).scalar_one()


def _subscribers() -> Select[Any]:
    confirmed = digest_addresses.c.confirmed_at.is_not(None)
    return select(readers, digest_addresses.c.email).join(digest_addresses).where(confirmed)


def subscribers(session: Session) -> list[Row]:
    """Return every reader who confirmed an address, with it; whether they want a digest is in their settings."""
    return all_rows(session, _subscribers().order_by(readers.c.created_at, readers.c.id))


def hold_subscriber(session: Session, reader_id: str) -> Row | None:
    """Return one of them, who can neither change nor leave while the transaction lasts; None when they are none now."""
    statement = _subscribers().where(readers.c.id == reader_id)
    return first_row(session, statement.with_for_update(read=True, of=readers))


def states(session: Session, periods: Collection[str]) -> dict[tuple[str, str], Row]:
    """Return (reader, period) -> what became of the digest, for these periods."""
    found = all_rows(session, select(digests).where(digests.c.period.in_(periods)))
    return {(row["reader_id"], row["period"]): row for row in found}


def claim(session: Session, reader_id: str, period: str, *, now: float, until: float, forced: bool) -> Row | None:
    """Claim a period's digest until `until` and return its row; None when it was mailed, is claimed or not due.

    `forced` also claims one that waits for another try or was given up.
    """
    fresh = {"status": "new", "claim": None, "tries": 0, "due_at": 0.0, "reason": None, "changed_at": now}
    insert_new(session, digests, [{"reader_id": reader_id, "period": period, **fresh}])
    open_ = digests.c.status.in_((*OPEN, "failed")) if forced else digests.c.status.in_(OPEN)
    due = digests.c.due_at <= now
    # A claim that ran out without anything handed over: its process was killed, and nothing was mailed.
    claimable = or_(open_ if forced else and_(open_, due), and_(digests.c.status == "claimed", due))
    key = and_(digests.c.reader_id == reader_id, digests.c.period == period)
    taken = {"status": "claimed", "claim": secrets.token_hex(16), "tries": digests.c.tries + 1, "due_at": until}
    statement = update(digests).where(key, claimable).values(**taken, changed_at=now)
    return first_row(session, statement.returning(digests))


def change(
    session: Session,
    claimed: Row,
    status: str,
    now: float,
    before: Collection[str] = ("claimed", "handing"),
    **values: Any,
) -> bool:
    """Change a claimed digest; return False when the claim is no longer ours, or the status was none of `before`."""
    ours = and_(
        digests.c.reader_id == claimed["reader_id"],
        digests.c.period == claimed["period"],
        digests.c.claim == claimed["claim"],
        digests.c.status.in_(before),
    )
    statement = update(digests).where(ours).values(status=status, changed_at=now, **values)
    return session.execute(statement.returning(digests.c.period)).first() is not None


def give_up_unknown(session: Session, now: float, reason: str) -> int:
    """Set aside the digests whose process was killed while the mail server took them; return how many."""
    lost = and_(digests.c.status == "handing", digests.c.due_at <= now)
    statement = update(digests).where(lost).values(status="unknown", reason=reason, changed_at=now)
    return len(session.execute(statement.returning(digests.c.period)).all())


def is_last_unknown(session: Session, reader_id: str) -> bool:
    """Whether the reader's latest digest that was handed over may not have arrived."""
    handed = and_(digests.c.reader_id == reader_id, digests.c.status.in_(("sent", "unknown")))
    last = select(digests.c.status).where(handed).order_by(digests.c.changed_at.desc()).limit(1)
    return session.execute(last).scalar() == "unknown"


def count_since(session: Session, status: str, moment: float) -> int:
    """Return how many digests have this status since `moment`."""
    found = and_(digests.c.status == status, digests.c.changed_at >= moment)
    return session.execute(select(func.count()).select_from(digests).where(found)).scalar_one()


def mailed_papers(session: Session, reader_id: str) -> set[str]:
    """Return the papers that were mailed to the reader."""
    statement = select(digest_papers.c.paper_id).where(digest_papers.c.reader_id == reader_id)
    return set(session.execute(statement).scalars())


def add_papers(session: Session, reader_id: str, period: str, papers: Collection[str]) -> None:
    """Note the papers of a digest."""
    insert_new(session, digest_papers, [{"reader_id": reader_id, "paper_id": p, "period": period} for p in papers])


def remove_papers(session: Session, reader_id: str, period: str) -> None:
    """Forget the papers of a digest that was certainly not mailed."""
    theirs = and_(digest_papers.c.reader_id == reader_id, digest_papers.c.period == period)
    session.execute(delete(digest_papers).where(theirs))

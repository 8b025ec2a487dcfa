"""Sessions of the reader's pages: a one-time link, and the cookie it is exchanged for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from server import tokens
from server.errors import BadLink, DatabaseUnavailable, NotFound, Unauthenticated
from server.paper_ids import is_canonical
from server.services import pairing
from server.services.context import Context
from server.services.pairing import SEEN_EVERY, Caller
from server.store import devices, pairing_codes, readers, session_links
from server.store.database import Session

DAY = 86400.0
LINK_SECONDS = 60.0
IDLE_SECONDS = 30 * DAY  # without a visit
MAX_SESSION_SECONDS = 180 * DAY
# The pages that a link may lead to, besides each paper's own (`papers/2401.12345`) and the first one.
PAGES = ("library", "search", "interests", "ledger", "settings")


@dataclass(frozen=True)
class NewLink:
    """The secret of a one-time link and when it ends (epoch seconds)."""

    code: str
    expires_at: float


def new_link(context: Context, reader_id: str, now: float, *, device_id: str | None = None) -> NewLink:
    """Make a link into this reader's pages; `device_id` is the device that asks. Raises NotFound for no reader here."""
    code = tokens.new_token()
    expires_at = now + LINK_SECONDS
    with context.database.writing() as session:
        if readers.find(session, reader_id) is None:
            raise NotFound(f"No reader {reader_id} here; `inkling devices` lists them.", field="reader")
        session_links.add(session, tokens.token_hash(code), reader_id, device_id, now=now, expires_at=expires_at)
    return NewLink(code, expires_at)


def is_page(name: str) -> bool:
    """Whether this names one of the reader's pages, as a link does."""
    return name in PAGES or (name.startswith("papers/") and is_canonical(name.removeprefix("papers/")))


def address(base: str, code: str, page: str | None = None) -> str:
    """Return the link; the secret stands after the #, so that no log ever holds it."""
    return f"{base.rstrip('/')}/session{f'?to={page}' if page else ''}#{code}"


def begin(context: Context, code: str, name: str, now: float, *, before: str | None = None) -> str:
    """Exchange a link's secret for a session's, and return that; it is shown this once. Raises BadLink.

    `before` is the secret of a session that the same browser has already, which ends: it has one at a time.
    """
    token = tokens.new_token()
    with context.database.writing() as session:
        link = session_links.use_link(session, tokens.token_hash(code), now)
        if link is not None:
            devices.delete_expired(session, now)
            _end(session, before, now)
            ends = {"expires_at": now + IDLE_SECONDS, "opened_by": link["device_id"]}
            devices.create(session, link["reader_id"], name, tokens.token_hash(token), now, **ends)
            return token
    # Raised after the block, so that an expired link that was tried is gone.
    raise BadLink("That link was used already or is older than a minute; ask for a new one.", field="code")


def authenticate(context: Context, token: str, now: float) -> Caller:
    """Return whose session this is; a visit makes it last longer. Raises Unauthenticated."""
    with context.database.reading() as session:
        row = devices.by_session(session, tokens.token_hash(token), now)
    if row is None:
        raise Unauthenticated("This session has ended; open a new one.")
    if now - (row["last_seen_at"] or 0) > SEEN_EVERY:
        ends = min(now + IDLE_SECONDS, row["device_created_at"] + MAX_SESSION_SECONDS)
        with suppress(DatabaseUnavailable), context.database.writing() as session:
            devices.record_seen(session, row["device_id"], now, expires_at=ends)
    return pairing.as_caller(row)


def end(context: Context, token: str, now: float) -> None:
    """End a session, by its own wish: nothing else of the reader's changes."""
    with context.database.writing() as session:
        _end(session, token, now)


def _end(session: Session, token: str | None, now: float) -> None:
    row = devices.by_session(session, tokens.token_hash(token), now) if token else None
    if row is not None:
        pairing_codes.delete_made_by(session, devices.remove(session, row["id"], row["device_id"]))

"""The address that a reader's digest goes to: named in their settings, confirmed by a link that was mailed to it.

Nothing but that link goes to an address that is not confirmed, and few of those: nobody can have a stranger mailed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.errors import Invalid, NotFound, RateLimited, Unavailable
from server.mail import messages
from server.services import mail
from server.services.context import Context
from server.store import digests, readers
from server.store.database import Row, Session
from server.translations import DEFAULT

LINK_SECONDS = 3 * 86400.0
LEASE = 300.0  # seconds that mailing a link may take
# Who asked, and whom it would reach.
LIMITS = ("6/hour", "4/day")
STATES = ("off", "no_mail", "unconfirmed", "waiting", "asked", "confirmed")

Digest = Mapping[str, Any]


def of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reader's wishes for the digest."""
    return {"email": None, "every": "off", "language": DEFAULT, **(settings.get("digest") or {})}


def described(context: Context, session: Session, reader: Row | None) -> dict[str, Any]:
    """Return a reader's wishes, and what becomes of them as one of STATES."""
    wishes = of(reader["settings"]) if reader else of({})
    return {**wishes, "state": _state(context, wishes, digests.address(session, reader["id"]) if reader else None)}


def _state(context: Context, wishes: Digest, known: Row | None) -> str:
    if wishes["every"] == "off":
        return "off"
    if not mail.is_configured(context):
        return "no_mail"
    if known is None or known["email"] != wishes["email"]:
        return "unconfirmed"
    if known["confirmed_at"] is not None:
        return "confirmed"
    if known["link_due_at"] is not None:
        return "waiting"
    fresh = known["asked_at"] + LINK_SECONDS > context.now() and known["link_tries"] <= digests.LINK_TRIES
    return "asked" if fresh else "unconfirmed"


def change(context: Context, session: Session, reader: Row, chosen: Digest) -> dict[str, Any]:
    """Return the reader's new wishes; have a link mailed to an address that is not confirmed.

    Raises Invalid for a digest without an address, RateLimited.
    """
    wishes = {**of(reader["settings"]), **chosen}
    if wishes["email"] is None and wishes["every"] != "off":
        raise Invalid("Must be the address that the digest goes to.", field="digest.email")
    known = digests.address(session, reader["id"])
    confirmed = known is not None and known["email"] == wishes["email"] and known["confirmed_at"] is not None
    if wishes["every"] != "off" and not confirmed:
        _count(context, reader["id"], wishes["email"])
        digests.ask(session, reader["id"], wishes["email"], context.now())
    return wishes


def _count(context: Context, reader_id: str, email: str) -> None:
    """Count a link. Raises RateLimited."""
    for key, rule in zip((f"mail-by:{reader_id}", f"mail-to:{email.casefold()}"), LIMITS, strict=True):
        retry_after = context.hot.limit(key, rule)
        if retry_after is not None:
            raise RateLimited(retry_after)


def mail_link(context: Context, now: float, reader_id: str | None = None) -> bool:
    """Mail the next link that is due, or this reader's; return whether there was one.

    What fails is tried again, LINK_TRIES times; then, and when it is refused for good, it is given up. Whatever goes
    wrong with one link concerns no other, and not the request that asked for it.
    """
    if not mail.is_configured(context) or mail.is_held(context, now):
        return False
    with context.database.writing() as session:
        asked = digests.claim_link(session, now, now + LEASE, reader_id)
        reader = readers.find(session, asked["reader_id"]) if asked else None
    if asked is None or reader is None:
        return False
    wishes = of(reader["settings"])
    became: dict[str, Any] = {"link_due_at": None}
    if wishes["email"] == asked["email"] and wishes["every"] != "off":
        try:
            mail.send(context, _confirmation(context, asked, wishes["language"]))
        except Unavailable as error:
            mail.logger.warning("link_not_mailed", extra={"reader": reader["id"], "reason": error.message})
            became = _after_failure(asked, now, for_good=getattr(error, "for_good", False))
        except Exception as error:
            told = {"reader": reader["id"], "reason": type(error).__name__}
            mail.logger.error("link_not_mailed", extra=told, exc_info=True)
            became = _after_failure(asked, now, for_good=False)
    with context.database.writing() as session:
        digests.change_address(session, asked, **became)
    return True


def _after_failure(asked: Row, now: float, *, for_good: bool) -> dict[str, Any]:
    if for_good or asked["link_tries"] >= digests.LINK_TRIES:
        return {"link_due_at": None, "link_tries": digests.LINK_TRIES + 1}
    return {"link_due_at": now + mail.wait_after(asked["link_tries"])}


def _confirmation(context: Context, asked: Row, language: str) -> messages.EmailMessage:
    token = context.keys.mail_token("confirm", asked["reader_id"], asked["email"], asked["asked_at"])
    letter = messages.Letter(
        sender=context.settings.mail_from or "",
        recipient=asked["email"],
        language=language,
        sent_at=context.now(),
        key=f"confirm.{token.rpartition('-')[2]}",
    )
    base = context.settings.public_base
    return messages.confirmation(letter, f"{base}/digest/confirm/{token}", base)


def find_asked(context: Context, token: str) -> Row:
    """Return the address that a link confirms. Raises NotFound for a link that is wrong, old or of another address."""
    reader_id = token.partition("-")[0]
    with context.database.reading() as session:
        known = digests.address(session, reader_id)
    if (
        known is None
        or not context.keys.is_mail_token(token, "confirm", reader_id, known["email"], known["asked_at"])
        or (known["confirmed_at"] is None and known["asked_at"] + LINK_SECONDS < context.now())
    ):
        raise NotFound("This link is too old, or another address was named since.")
    return known


def confirm(context: Context, token: str) -> None:
    """Confirm the address that a link was mailed to. Raises NotFound."""
    asked = find_asked(context, token)
    if asked["confirmed_at"] is None:
        with context.database.writing() as session:
            digests.change_address(session, asked, confirmed_at=context.now(), link_due_at=None)


def stop_token(context: Context, reader_id: str, email: str) -> str:
    """Return what stands in the link that ends the digest; it works as long as the address is the reader's."""
    return context.keys.mail_token("stop", reader_id, email)


def find_stopping(context: Context, token: str) -> Row:
    """Return the reader whose digest a link ends. Raises NotFound for a link of an address that gets none."""
    reader_id = token.partition("-")[0]
    with context.database.reading() as session:
        known, reader = digests.address(session, reader_id), readers.find(session, reader_id)
    if known is None or reader is None or not context.keys.is_mail_token(token, "stop", reader_id, known["email"]):
        raise NotFound("No digest goes to the address that this link was mailed to.")
    return reader


def stop(context: Context, token: str) -> None:
    """End the digest by a link in it; again changes nothing. Raises NotFound."""
    reader_id = find_stopping(context, token)["id"]
    with context.database.writing() as session:
        readers.touch(session, reader_id)
        reader = readers.find(session, reader_id)
        if reader is not None:
            wishes = {**of(reader["settings"]), "every": "off"}
            readers.set_settings(session, reader_id, {**reader["settings"], "digest": wishes})

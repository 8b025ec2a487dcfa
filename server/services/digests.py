"""Digests by e-mail, each period's at most once, whatever is killed and however many processes send.

A digest is claimed in the database (`claimed`), chosen and composed, offered to the mail server, and only then, in one
transaction with its papers, marked as handed over (`handing`); what follows is the transfer itself and `sent`. Killed
before `handing`, nothing was mailed: the claim runs out and the digest is made anew. Killed after it, nobody can tell,
and it is not mailed again (`unknown`): the log and `/readyz` say so, and so does the next digest to its reader, for
whom the papers stay among the recommendations. What the server refuses is tried again (`retry`), MAX_TRIES times in
its period, then given up (`failed`); its papers may come with the next. A period with nothing new is looked at again
every hour (`empty`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from server import reasons
from server.characters import one_line
from server.errors import DatabaseUnavailable
from server.mail import messages
from server.mail.smtp import MailRefused, MailUnavailable, MailUnknown
from server.mail_addresses import masked
from server.paper_ids import pdf_address
from server.services import digest_addresses, mail, ranking
from server.services.context import Context
from server.services.digest_periods import DAYS, PAPERS
from server.services.digest_subscriptions import Subscription, held_subscription, subscriptions
from server.services.pairing import Caller
from server.services.serving_context import ServingContext
from server.store import digests, papers
from server.store.database import Row
from server.translations import translations

logger = logging.getLogger(__name__)

LEASE = 600.0  # seconds after which a claim is taken to be a killed process's
MAX_TRIES = 8
LOOK_AGAIN = 3600.0  # seconds after which a period with nothing new is looked at again
_DAY = 86400.0


UNWANTED = "The reader has left, or wants it no longer or elsewhere."


class _Overtaken(Exception):
    """Another process has claimed the digest since."""


class _Unwanted(Exception):
    """The reader has left, or wants the digest no longer, at other times or elsewhere."""


@dataclass(frozen=True)
class Outcome:
    """What became of a reader's digest; `to` is their address, masked."""

    reader_id: str
    to: str
    period: str
    status: str
    reason: str | None = None
    subject: str | None = None
    papers: tuple[str, ...] = ()


def preview(context: ServingContext, now: float) -> Iterator[Outcome]:
    """Yield what would be mailed to whom now; nothing is claimed, mailed or kept."""
    for one in subscriptions(context, now):
        with context.database.reading() as session:
            known = digests.states(session, [one.period]).get((one.reader_id, one.period))
        if known is not None and known["status"] in {"sent", "unknown", "handing"}:
            yield _outcome(one, str(known["status"]), known["reason"])
            continue
        try:
            items = _choose(context, one, now)
            yield _made(one, "due", _compose(context, one, items, now), items) if items else _outcome(one, "empty")
        except ValueError as error:
            yield _outcome(one, "failed", _why(error))


def send_due(context: ServingContext, now: float, *, forced: bool) -> Iterator[Outcome]:
    """Mail every link and digest that is due; yield what became of each digest.

    `forced` also tries again what waits for a later try, or was given up. Raises MailUnavailable when the mail server
    cannot be used; what was claimed then is free again.
    """
    while digest_addresses.mail_link(context, now):
        pass
    with context.database.writing() as session:
        reason = "The process was killed while the mail server took it; it is not mailed twice."
        if lost := digests.give_up_unknown(session, now, reason):
            logger.warning("digests_unknown", extra={"count": lost, "reason": reason})
    for listed in subscriptions(context, now):
        one, claimed = _claim(context, listed, now, forced=forced)
        if claimed is None:
            continue
        try:
            outcome = _send(context, one, claimed, now)
        except (MailUnavailable, DatabaseUnavailable):
            raise
        except Exception as error:  # what is wrong with one digest concerns no other
            outcome = _broken(context, one, claimed, error, now)
        logger.info("digest", extra={"reader": one.reader_id, "period": one.period, "became": outcome.status})
        yield outcome


def _claim(context: Context, listed: Subscription, now: float, *, forced: bool) -> tuple[Subscription, Row | None]:
    """Claim the digest that the reader wants by now; others were mailed since they were listed."""
    with context.database.writing() as session:
        one = held_subscription(session, listed.reader_id, now)
        if one is None:
            return listed, None
        until = context.now() + LEASE
        return one, digests.claim(session, one.reader_id, one.period, now=now, until=until, forced=forced)


def _send(context: ServingContext, one: Subscription, claimed: Row, now: float) -> Outcome:
    """Choose, compose and mail a claimed digest, and keep what became of it."""
    items = _choose(context, one, now)
    if not items:
        _settle(context, claimed, "empty", tries=0, due_at=now + LOOK_AGAIN, reason="There is nothing new.")
        return _outcome(one, "empty", "There is nothing new.")
    message = _compose(context, one, items, now)
    names = [item["paper"]["id"] for item in items]

    def hand_over() -> None:
        with context.database.writing() as session:
            wanted = held_subscription(session, one.reader_id, now)
            if wanted is None or (wanted.email, wanted.period) != (one.email, one.period):
                raise _Unwanted
            if not digests.change(session, claimed, "handing", context.now(), due_at=context.now() + LEASE):
                raise _Overtaken
            digests.add_papers(session, one.reader_id, one.period, names)

    try:
        mail.send(context, message, hand_over)
    except _Overtaken:
        return _outcome(one, "overtaken")
    except _Unwanted:
        _settle(context, claimed, "retry", tries=claimed["tries"] - 1, due_at=0.0, reason=UNWANTED)
        return _outcome(one, "unwanted", UNWANTED)
    except MailUnknown as error:
        _settle(context, claimed, "unknown", reason=error.message)
        return _outcome(one, "unknown", error.message)
    except MailUnavailable as error:
        # Not the digest's fault: it costs no try, and the mail server is left alone for a while.
        _settle(context, claimed, "retry", tries=claimed["tries"] - 1, due_at=0.0, reason=error.message)
        raise
    except MailRefused as error:
        return _refused(context, one, claimed, error, now)
    _settle(context, claimed, "sent", reason=None)
    return _made(one, "sent", message, items)


def _refused(context: Context, one: Subscription, claimed: Row, error: MailRefused, now: float) -> Outcome:
    status = "failed" if error.for_good or claimed["tries"] >= MAX_TRIES else "retry"
    with context.database.writing() as session:
        digests.remove_papers(session, one.reader_id, one.period)
    _settle(context, claimed, status, due_at=now + mail.wait_after(claimed["tries"]), reason=error.message)
    logger.warning("digest_refused", extra={"reader": one.reader_id, "reason": error.message, "became": status})
    return _outcome(one, status, error.message)


def _broken(context: Context, one: Subscription, claimed: Row, error: Exception, now: float) -> Outcome:
    """Keep that a digest failed as nobody foresaw; what the mail server may have is not mailed again."""
    reason, due_at = _why(error), now + mail.wait_after(claimed["tries"])
    status = "failed" if claimed["tries"] >= MAX_TRIES else "retry"
    logger.error("digest_broken", extra={"reader": one.reader_id, "reason": reason}, exc_info=error)
    with context.database.writing() as session:
        told = {"due_at": due_at, "reason": reason}
        if not digests.change(session, claimed, status, context.now(), before=("claimed",), **told):
            status = "unknown"
            digests.change(session, claimed, status, context.now(), reason=reason)
    return _outcome(one, status, reason)


def _why(error: Exception) -> str:
    return f"It could not be made ({type(error).__name__})."


def _settle(context: Context, claimed: Row, status: str, **values: Any) -> None:
    with context.database.writing() as session:
        digests.change(session, claimed, status, context.now(), **values)


def _choose(context: ServingContext, one: Subscription, now: float) -> list[dict[str, Any]]:
    """Return the best of the papers that are new here or in the world and were never mailed to the reader."""
    with context.database.reading() as session:
        mailed = digests.mailed_papers(session, one.reader_id)
        new = papers.new_since(session, one.reader_id, now - DAYS[one.every] * _DAY)
    candidates = [name for name in new if name not in mailed]
    return ranking.best_of(context, _caller(one.reader), candidates, limit=PAPERS[one.every], now=now)


def _caller(reader: Row) -> Caller:
    names = ("version", "forgot_version", "created_at", "feed_number", "settings")
    return Caller(reader_id=reader["id"], device_id="", operator=False, **{name: reader[name] for name in names})


def _compose(context: ServingContext, one: Subscription, items: list[dict[str, Any]], now: float) -> EmailMessage:
    base, language, email = context.settings.public_base, one.wishes["language"], one.email
    states, say = ranking.states(context, _caller(one.reader)), translations(language).gettext
    listed = [
        messages.listed(
            item["paper"],
            reasons.summary(item["reasons"], states, say),
            pdf_address(item["paper"]["id"]),
            f"{base}/papers/{item['paper']['id']}",
            language,
        )
        for item in items
    ]
    stop = f"{base}/digest/stop/{digest_addresses.stop_token(context, one.reader_id, email)}"
    key = hashlib.sha256(f"{one.reader_id}:{one.period}:{email}".encode()).hexdigest()[:32]
    letter = messages.Letter(context.settings.mail_from or "", email, language, now, f"digest.{one.period}.{key}")
    links = messages.Links(f"{base}/", f"{base}/library", f"{base}/settings", stop)
    with context.database.reading() as session:
        lost = digests.is_last_unknown(session, one.reader_id)
    return messages.digest(letter, listed, links, weekly=one.every == "weekly", last_unknown=lost)


def _outcome(one: Subscription, status: str, reason: str | None = None) -> Outcome:
    return Outcome(one.reader_id, masked(one.email), one.period, status, reason)


def _made(one: Subscription, status: str, message: EmailMessage, items: list[dict[str, Any]]) -> Outcome:
    titles = tuple(f"{item['paper']['id']}  {one_line(item['paper']['title'])}" for item in items)
    return Outcome(one.reader_id, masked(one.email), one.period, status, None, message["Subject"], titles)

"""Whether mail can be sent, from whom and through what, and how the mail server is: for `/readyz` and the next try."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import parseaddr

from server.errors import Unavailable
from server.mail import smtp
from server.mail_addresses import read_server
from server.services.context import Context
from server.store import digests, job_states

logger = logging.getLogger(__name__)

JOB = "mail"
UNCONFIGURED = "No mail can be sent: set INKLING_SMTP_URL and INKLING_MAIL_FROM."
FIRST_WAIT = 60.0  # seconds before another try; doubles with each failure
MAX_WAIT = 3600.0
TOLD_FOR = 2 * 86400.0  # seconds for which /readyz tells of a digest or link that was not mailed


@dataclass(frozen=True)
class MailState:
    """Since when the mail server fails, why, and until when it is left alone (epoch seconds)."""

    failing_since: float | None = None
    reason: str | None = None
    tries: int = 0
    held_until: float = 0.0


def is_configured(context: Context) -> bool:
    """Whether this server can send mail at all."""
    return context.settings.smtp_url is not None and context.settings.mail_from is not None


def wait_after(tries: int) -> float:
    """Return the seconds to wait after so many failures."""
    return min(MAX_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 60))


def is_held(context: Context, now: float) -> bool:
    """Whether the mail server failed and is left alone for now."""
    state = _load(context)
    return state.failing_since is not None and state.failing_since <= now < state.held_until


def send(context: Context, message: EmailMessage, before_data: Callable[[], None] = lambda: None) -> None:
    """Send a message to whom it names, and note how the mail server is. Raises as `smtp.send` does."""
    settings = context.settings
    sender, recipient = parseaddr(settings.mail_from or "")[1], parseaddr(str(message["To"]))[1]
    try:
        smtp.send(read_server(settings.smtp_url or ""), message, sender, recipient, before_data)
    except smtp.MailUnavailable as error:
        _note_failure(context, error)
        raise
    except smtp.MailRefused:
        _note_success(context)
        raise
    _note_success(context)


def state(context: Context, now: float) -> str | None:
    """Return what is wrong with the mail, None when nothing is."""
    found = _load(context)
    if found.failing_since is not None:
        return found.reason
    with context.database.reading() as session:
        failed = digests.count_since(session, "failed", now - TOLD_FOR)
        unknown = digests.count_since(session, "unknown", now - TOLD_FOR)
        links = digests.count_links_given_up(session, now - TOLD_FOR)
    said = [f"{failed} digests could not be mailed"] if failed else []
    said += [f"{unknown} digests may not have arrived"] if unknown else []
    said += [f"{links} links that confirm an address could not be mailed"] if links else []
    return f"In the last two days {' and '.join(said)}; the log says why." if said else None


def _load(context: Context) -> MailState:
    with context.database.reading() as session:
        return MailState(**(job_states.load(session, JOB) or {}))


def _note_failure(context: Context, error: Unavailable) -> None:
    before, now = _load(context), context.now()
    since, tries = before.failing_since or now, before.tries + 1
    found = MailState(since, error.message, tries, now + wait_after(tries))
    logger.warning("mail_cannot_be_sent", extra={"reason": error.message, "again_in": round(wait_after(tries))})
    with context.database.writing() as session:
        job_states.save(session, JOB, asdict(found), now)


def _note_success(context: Context) -> None:
    if _load(context).failing_since is not None:
        with context.database.writing() as session:
            job_states.save(session, JOB, asdict(MailState()), context.now())

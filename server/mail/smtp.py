"""Hand a message to the SMTP server, and tell apart what is certain afterwards: taken, not taken, unknown."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from server.characters import one_line
from server.errors import Unavailable
from server.mail_addresses import SmtpServer

TIMEOUT = 10.0  # seconds for each answer
_MAX_REASON = 200


class MailUnavailable(Unavailable):
    """The mail server cannot be used at all; nothing was handed over."""

    code = "mail_unavailable"


class MailRefused(Unavailable):
    """The mail server did not take this message; `for_good` when it will not take it later either."""

    code = "mail_refused"

    def __init__(self, message: str, *, for_good: bool) -> None:
        super().__init__(message)
        self.for_good = for_good


class MailUnknown(Unavailable):
    """The connection broke while the server took the message: it may have been taken or not."""

    code = "mail_unknown"


def send(
    server: SmtpServer, message: EmailMessage, sender: str, recipient: str, before_data: Callable[[], None]
) -> None:
    """Send a message to one recipient; `before_data` is called once the server would take it, before it gets it.

    Raises MailUnavailable, MailRefused or MailUnknown, and whatever `before_data` raises; then nothing was sent.
    """
    body = message.as_bytes()
    with _connected(server, sender.rpartition("@")[2]) as smtp:
        try:
            _check(smtp.mail(sender))
            _check(smtp.rcpt(recipient))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise MailUnavailable(_sentence(server, error)) from error
        before_data()
        try:
            answer = smtp.data(body)
        except smtplib.SMTPDataError as error:  # it refused before it got anything
            answer = (error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b"")
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise MailUnknown(f"The mail server broke off while it took a message ({type(error).__name__}).") from error
        _check(answer)


def _check(answer: tuple[int, bytes]) -> None:
    code, said = answer
    if code // 100 != 2:
        reason = one_line(said.decode(errors="replace"))[:_MAX_REASON]
        raise MailRefused(f"The mail server refused a message ({code} {reason}).", for_good=code // 100 == 5)


@contextmanager
def _connected(server: SmtpServer, own_domain: str) -> Iterator[smtplib.SMTP]:
    """Yield a connection that is encrypted and signed in as far as the settings ask."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _open(server, own_domain)
        if not server.implicit_tls:
            _start_tls(smtp, server)
        if server.user is not None:
            smtp.login(server.user, server.password or "")
    except (smtplib.SMTPException, OSError, UnicodeError) as error:  # it encodes host, user and password
        if smtp is not None:
            smtp.close()
        raise MailUnavailable(_sentence(server, error)) from error
    try:
        yield smtp
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.close()


def _open(server: SmtpServer, own_domain: str) -> smtplib.SMTP:
    if server.implicit_tls:
        return smtplib.SMTP_SSL(server.host, server.port, own_domain, timeout=TIMEOUT, context=_trust(server))
    return smtplib.SMTP(server.host, server.port, own_domain, timeout=TIMEOUT)


def _start_tls(smtp: smtplib.SMTP, server: SmtpServer) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.starttls is False:
        return
    if smtp.has_extn("starttls"):
        smtp.starttls(context=_trust(server))
        smtp.ehlo()
    elif server.starttls or (server.password is not None and not server.is_near):
        raise smtplib.SMTPNotSupportedError("it offers no STARTTLS, and nothing is sent in the clear")


def _trust(server: SmtpServer) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.is_near:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _sentence(server: SmtpServer, error: Exception) -> str:
    said = one_line(str(error))[:_MAX_REASON] or type(error).__name__
    return f"The mail server {server.host}:{server.port} cannot be used ({said})."

"""A real SMTP server that keeps what it takes, and can be told to refuse, to stand still and to break off."""

from __future__ import annotations

import asyncio
import email
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = "inkling", "p@ss:word/%"
IN_URL = "inkling:p%40ss%3Aword%2F%25"


@dataclass
class MailServer:
    """`stage` is where it stands still: at `rcpt` or at `data`; `refuse` maps a stage to the answers it gives first."""

    port: int = 0
    taken: list[tuple[str, EmailMessage, bytes]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    stands_at: str | None = None
    breaks_off: bool = False
    arrived: list[str] = field(default_factory=list)
    was_encrypted: bool = False
    was_signed_in: bool = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipient, message, _ in self.taken if recipient == address]

    async def handle_RCPT(self, server: SMTP, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if answer := await self._stage("rcpt"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        if answer := await self._stage("data"):
            return answer
        assert len(envelope.rcpt_tos) == 1
        message = email.message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=default)
        self.was_encrypted, self.was_signed_in = session.ssl is not None, bool(session.authenticated)
        self.taken.append((envelope.rcpt_tos[0], message, envelope.content))
        if self.breaks_off:
            server.transport.abort()
        return "250 taken"

    async def _stage(self, name: str) -> str | None:
        self.arrived.append(name)
        while self.stands_at == name:
            await asyncio.sleep(0.02)
        return self.refuse[name].pop(0) if self.refuse.get(name) else None


def _authenticate(_server: Any, session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=good)


class _AnyPort(Controller):
    """Its own check that it answers connects to the port that was asked for."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection((self.hostname, self.port), timeout=5).close()


@contextmanager
def mail_server(*, auth: bool = False, certificate: Path | None = None, tls: bool = False) -> Iterator[MailServer]:
    """Run one on this machine; with a certificate it offers STARTTLS, or speaks TLS from the start (`tls`)."""
    kept = MailServer()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True} if context and not tls else {}
    if auth:
        # Signing in without encryption is refused, as real servers do.
        options |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": not tls}
    controller = _AnyPort(kept, hostname="127.0.0.1", port=0, ssl_context=context if tls else None, **options)
    controller.start()
    kept.port = controller.port
    try:
        yield kept
    finally:
        kept.stands_at = None
        controller.stop()


@contextmanager
def morning(patch: Any) -> Iterator[None]:
    """Let it be eight in the morning on this machine, whatever the hour: tests go on for hours of the same day."""
    offset = (8 - time.gmtime().tm_hour + 11) % 24 - 11
    patch.setenv("TZ", f"<here>{-offset:+d}")
    time.tzset()
    try:
        yield
    finally:
        patch.undo()
        time.tzset()


def make_certificate(folder: Path) -> Path:
    """Write a certificate that nobody has signed, and its key, into one file."""
    path = folder / "mail.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*made, "-days", "2", *subject, "-keyout", f"{path}.key", "-out", str(path)], check=True, capture_output=True
    )
    path.write_text(path.read_text() + Path(f"{path}.key").read_text())
    return path

"""Addresses of mail: of a person, of a sender with a name, of an SMTP server. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_ADDRESS = 254
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOT_ATOM = re.compile(rf"{_LOCAL}(?:\.{_LOCAL}){{0,30}}", re.ASCII)
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,126}}", re.ASCII)
_PORTS = {"smtp": 25, "smtps": 465}
_SUBMISSION = 587  # where a server takes mail from its own users
_STARTTLS = {"on": True, "off": False}


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over. `starttls` None: where the server offers it."""

    host: str
    port: int
    implicit_tls: bool
    starttls: bool | None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_near(self) -> bool:
        """Whether it is on this machine: nobody is in between, and its certificate is hardly anybody's."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_address(text: str) -> str:
    """Return an e-mail address, its domain in ASCII. Raises ValueError with what it must be instead.

    `=?` is refused though RFC 5321 allows it: it begins an encoded word, which a header decodes to other addresses.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower() if domain else ""
    except UnicodeError:
        domain = ""
    address = f"{local}@{domain}"
    plain = len(local) <= 64 and "=?" not in local and _DOT_ATOM.fullmatch(local)
    good = at and plain and _DOMAIN.fullmatch(domain)
    if not good or len(address) > MAX_ADDRESS:
        raise ValueError("one e-mail address, such as ann@example.org")
    return address


def read_sender(text: str) -> str:
    """Return a sender as a header has it. Raises ValueError with what it must be instead."""
    name, address = parseaddr(text)
    try:
        if not text.isprintable():
            raise ValueError
        return formataddr((name, read_address(address)), "utf-8")
    except ValueError as error:
        raise ValueError("an e-mail address, such as Inkling <inkling@example.org>") from error


def read_server(text: str) -> SmtpServer:
    """Return the SMTP server that an address names. Raises ValueError with what it must be instead."""
    try:
        parts = urlsplit(text)
        port, query = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        starttls = _STARTTLS[query.pop("starttls")] if "starttls" in query else None
    except (ValueError, KeyError) as error:
        raise _bad_server() from error
    tls = parts.scheme == "smtps"
    usable = (
        parts.scheme in _PORTS
        and parts.hostname
        and parts.path in ("", "/")
        and not parts.fragment
        and text.isprintable()
    )
    signed_in = bool(parts.username) == (parts.password is not None)
    if not usable or not signed_in or query or port == 0 or not text.isprintable():
        raise _bad_server()
    return SmtpServer(
        host=_host(parts.hostname or ""),
        port=port or (_SUBMISSION if parts.username and not tls else _PORTS[parts.scheme]),
        implicit_tls=tls,
        starttls=starttls,
        user=_credential(parts.username) if parts.username else None,
        password=_credential(parts.password) if parts.password is not None else None,
    )


def _host(name: str) -> str:
    try:
        name.encode("idna")  # as connecting to it does
    except UnicodeError as error:
        raise ValueError(
            "an smtp:// or smtps:// address with the name of a host, such as mail.example.org: no part of it empty or "
            "longer than 63 characters"
        ) from error
    return name


def _credential(quoted: str) -> str:
    text = unquote(quoted)
    if not text.isascii():
        raise ValueError(
            "an smtp:// or smtps:// address whose user and password are of ASCII characters: mail servers do not agree "
            "on how to read others"
        )
    return text


def check_server(text: str) -> str:
    """Return the address of an SMTP server as it is. Raises ValueError with what it must be instead."""
    read_server(text)
    return text


def _bad_server() -> ValueError:
    return ValueError(
        "an smtp:// or smtps:// address, such as smtp://USER:PASSWORD@HOST:587 (?starttls=on insists on encryption, "
        "?starttls=off does without)"
    )


def masked(address: str) -> str:
    """Return an address that its owner recognises and nobody else can write to: a…@e….org."""
    local, _, domain = address.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}…@{name[:1]}…{dot}{top}" if name else f"{local[:1]}…@{domain[:1]}…"

"""Secrets and signatures: device tokens, pairing codes, list ids, feed addresses. Pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from itsdangerous import BadSignature, Signer

# Crockford's base 32: no letter that looks like a digit.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LOCATOR, _SECRET = 4, 8


@dataclass(frozen=True)
class CitedList:
    """The contents of a list id with a valid signature; `made_at` in epoch seconds."""

    model: str | None
    made_at: float


def new_token() -> str:
    """Return a device token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the hash stored of a token; with 256 random bits, a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_code() -> str:
    """Return a pairing code, such as `7KQM-2F9D-XW3T`: a locator of four letters and eight secret ones."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LOCATOR + _SECRET))
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def split_code(code: str) -> tuple[str, str] | None:
    """Return (locator, all letters) of a code as a person may type it, or None when it cannot be one."""
    letters = code.upper().translate(_LOOKALIKES)
    if len(letters) != _LOCATOR + _SECRET or not set(letters) <= set(_ALPHABET):
        return None
    return letters[:_LOCATOR], letters


class Keys:
    """Hashes and signatures keyed with the server's own secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def code_hash(self, letters: str) -> str:
        """Return the keyed hash of a pairing code: 40 secret bits alone could be searched in a stolen database."""
        return self._mac("pairing-code", letters)

    def event_hash(self, reader_id: str, event_id: str) -> str:
        """Return the hash kept of a deleted event, by which a re-sent copy is recognised."""
        return self._mac("deleted-event", reader_id, event_id)

    def imported_reader_id(self, name: str) -> str:
        """Return the id of a reader who is known by a name of an imported table; the same name gives the same id."""
        return self._mac("imported-reader", name)[:16]

    def new_list_id(self, reader_id: str, model: str | None) -> str:
        """Return a new list id that only this reader can cite."""
        stated = f"{secrets.token_urlsafe(6)}.{int(time.time()):x}.{model or ''}"
        return self._signer("list", reader_id).sign(stated).decode()

    def read_list_id(self, reader_id: str, list_id: str) -> CitedList | None:
        """Return the contents of a list id, or None when it was not made for this reader."""
        try:
            stated = self._signer("list", reader_id).unsign(list_id).decode()
        except (BadSignature, UnicodeError):
            return None
        _, made_at, model = stated.split(".", 2)
        return CitedList(model=model or None, made_at=float(int(made_at, 16)))

    def feed_secret(self, reader_id: str, number: int) -> str:
        """Return the secret part of a reader's feed address; another number gives another address."""
        return f"{reader_id}-{self._mac('feed', reader_id, str(number))[:40]}"

    def is_feed_secret(self, secret: str, reader_id: str, number: int) -> bool:
        """Whether this is the reader's current feed secret."""
        return hmac.compare_digest(secret.encode(), self.feed_secret(reader_id, number).encode())

    def mail_token(self, use: str, reader_id: str, email: str, number: float = 0.0) -> str:
        """Return what stands in a mailed link: for one `use`, one reader and this address of theirs."""
        return f"{reader_id}-{self._mac(f'mail-{use}', reader_id, email, repr(float(number)))[:40]}"

    def is_mail_token(self, token: str, use: str, reader_id: str, email: str, number: float = 0.0) -> bool:
        """Whether a link was mailed to this address of the reader's."""
        return hmac.compare_digest(token.encode(), self.mail_token(use, reader_id, email, number).encode())

    def form_token(self, session_id: str) -> str:
        """Return what every form of a session's pages carries, so that no other site can write one."""
        return self._mac("form", session_id)

    def is_form_token(self, token: str, session_id: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.form_token(session_id).encode())

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._secret, "\0".join(parts).encode(errors="surrogateescape"), hashlib.sha256).hexdigest()

    def _signer(self, use: str, reader_id: str) -> Signer:
        return Signer(self._secret, salt=f"{use}:{reader_id}", sep="~", digest_method=hashlib.sha256)

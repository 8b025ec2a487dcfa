"""Registration, pairing codes, devices and their tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from server import tokens
from server.clock import rfc3339
from server.errors import BadCode, DatabaseUnavailable, Forbidden, NotFound, PairingRequired, Unauthenticated
from server.services import deletion
from server.services.context import Context
from server.store import devices, pairing_codes, readers, session_links
from server.store.database import Session
from server.tokens import Keys

CODE_SECONDS = 30 * 60
CODE_ATTEMPTS = 10
SEEN_EVERY = 300.0  # seconds: how exact a device's "last seen" is


@dataclass(frozen=True)
class NewDevice:
    """A device just registered; its token is shown only this once."""

    token: str
    reader_id: str
    device_id: str


@dataclass(frozen=True)
class NewCode:
    """A pairing code in plain text; `expires_at` in epoch seconds."""

    code: str
    expires_at: float


@dataclass(frozen=True)
class Recipient:
    """Whom a code is for: a reader and the names of their devices, or a new reader (`reader_id` None)."""

    reader_id: str | None
    operator: bool
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caller:
    """The reader and device a request comes from; `has_own_pages`: their pages alone may have given some text."""

    reader_id: str
    device_id: str
    operator: bool
    version: int
    forgot_version: int
    created_at: float
    feed_number: int
    settings: Mapping[str, Any]
    has_own_pages: bool = True


def register(context: Context, name: str, code: str | None, *, registration: str, local: bool, now: float) -> NewDevice:
    """Register a device with a code, or without one where `registration` allows it.

    `local`: the request certainly comes from this machine. Raises BadCode or PairingRequired.
    """
    if code is not None:
        return _by_code(context, name, code, now)
    if registration == "closed" or (registration == "first" and not local):
        raise _pairing_required()
    with context.database.writing() as session:
        first = readers.count(session) == 0
        if registration == "first" and not first:
            raise _pairing_required()
        # The first reader at the machine itself is its operator; an open server's operator is whoever has the shell.
        reader_id = readers.create(session, now, operator=registration == "first")
        return _new_device(session, reader_id, name, now)


def _pairing_required() -> PairingRequired:
    return PairingRequired(
        "This server wants a pairing code: run `inkling pair` where it runs, or ask a paired device for one.",
        field="code",
    )


def _by_code(context: Context, name: str, code: str, now: float) -> NewDevice:
    with context.database.writing() as session:
        row = _attempt(session, context.keys, code, now)
        if row is not None:
            pairing_codes.delete_code(session, row["locator"])
            recipient = _recipient(session, row, now)
            reader_id = recipient.reader_id or readers.create(session, now, operator=recipient.operator)
            return _new_device(session, reader_id, name, now)
    # Raised after the transaction, so that the attempt stays used up.
    raise _bad_code()


def find_recipient(context: Context, code: str, now: float) -> Recipient:
    """Return whom a code is for without using it up. Raises BadCode, which costs an attempt."""
    with context.database.writing() as session:
        row = _attempt(session, context.keys, code, now)
        if row is not None:
            pairing_codes.restore_attempt(session, row["locator"])
            return _recipient(session, row, now)
    raise _bad_code()


def _bad_code() -> BadCode:
    return BadCode("That pairing code is wrong, used or expired; ask for a new one.", field="code")


def _attempt(session: Session, keys: Keys, code: str, now: float) -> Mapping[str, Any] | None:
    """Use up one attempt at a code; return its row if the code is right."""
    letters = tokens.split_code(code)
    row = pairing_codes.use_attempt(session, letters[0], now) if letters else None
    right = row is not None and hmac.compare_digest(row["code_hash"], keys.code_hash(letters[1] if letters else ""))
    return row if right else None


def _recipient(session: Session, row: Mapping[str, Any], now: float) -> Recipient:
    """Return whom a code is for, as things are now."""
    reader_id = readers.first_operator(session) if row["owner"] else row["reader_id"]
    if reader_id is None:
        # Only the shell and operators make codes for new readers; the first reader becomes the operator.
        return Recipient(None, operator=row["owner"] or readers.count(session) == 0)
    reader = readers.find(session, reader_id)
    names = tuple(device["name"] for device in devices.of_reader(session, reader_id, now))
    return Recipient(reader_id, operator=bool(reader and reader["operator"]), devices=names)


def _new_device(session: Session, reader_id: str, name: str, now: float) -> NewDevice:
    token = tokens.new_token()
    device_id = devices.create(session, reader_id, name, tokens.token_hash(token), now)
    return NewDevice(token=token, reader_id=reader_id, device_id=device_id)


def next_code(context: Context, now: float) -> NewCode | None:
    """Make a code for the next device of the only reader, or of the operator when there is no reader yet.

    Returns None with several readers: one has to be named.
    """
    with context.database.reading() as session:
        count, reader_id = readers.count(session), readers.only(session)
    return None if count > 1 else new_code(context, reader_id, now, owner=reader_id is None)


def new_code(
    context: Context,
    reader_id: str | None,
    now: float,
    *,
    owner: bool = False,
    device_id: str | None = None,
) -> NewCode:
    """Make a code for another device of this reader, for a new reader (`reader_id` None), or for the `owner`.

    `device_id` is the device that asked; revoking it ends the code. Raises NotFound when there is no such reader.
    """
    code = tokens.new_code()
    locator, letters = tokens.split_code(code) or ("", "")
    expires_at = now + CODE_SECONDS
    with context.database.writing() as session:
        if reader_id is not None and readers.find(session, reader_id) is None:
            raise NotFound(f"No reader {reader_id} here; `inkling devices` lists them.", field="reader")
        # An older code with the same locator is replaced.
        pairing_codes.delete_code(session, locator)
        made = (locator, context.keys.code_hash(letters), reader_id, device_id)
        pairing_codes.add(session, *made, owner=owner, now=now, expires_at=expires_at, attempts=CODE_ATTEMPTS)
    return NewCode(code=code, expires_at=expires_at)


def code_by_reader(context: Context, caller: Caller, reader: str, now: float) -> NewCode:
    """Make a code at a reader's request: `me` for their own next device, `new` for a new reader.

    Raises Forbidden when the caller is no operator and asks for `new`.
    """
    if reader == "new" and not caller.operator:
        raise Forbidden('Only the operator may invite new readers; use "me", or ask the operator.', field="reader")
    return new_code(context, None if reader == "new" else caller.reader_id, now, device_id=caller.device_id)


def link(base: str, code: str) -> str:
    """Return the address to paste into the extension. The code follows the #, so no server log contains it."""
    return f"{base.rstrip('/')}/pair#{code}"


def authenticate(context: Context, token: str, now: float) -> Caller:
    """Return who holds this token. Raises Unauthenticated."""
    with context.database.reading() as session:
        row = devices.by_token(session, tokens.token_hash(token))
    if row is None:
        raise Unauthenticated("This token is unknown or was revoked; pair this device again.")
    if now - (row["last_seen_at"] or 0) > SEEN_EVERY:
        # A database that cannot be written must not stop reads.
        with suppress(DatabaseUnavailable), context.database.writing() as session:
            devices.record_seen(session, row["device_id"], now)
    return as_caller(row)


def as_caller(row: Mapping[str, Any]) -> Caller:
    """Return who speaks, from a row of `devices.by_token` or `devices.by_session`."""
    return Caller(
        reader_id=row["id"],
        device_id=row["device_id"],
        operator=row["operator"],
        version=row["version"],
        forgot_version=row["forgot_version"],
        created_at=row["created_at"],
        feed_number=row["feed_number"],
        settings=row["settings"],
        has_own_pages=row["has_own_pages"],
    )


def list_devices(context: Context, caller: Caller, now: float) -> list[dict[str, Any]]:
    """Return the caller's devices and sessions, newest first, as the API gives them."""
    with context.database.reading() as session:
        found = devices.of_reader(session, caller.reader_id, now)
    return [_device_body(row, caller.device_id) for row in found]


def _device_body(row: Mapping[str, Any], this: str) -> dict[str, Any]:
    moments = {name: rfc3339(row[name]) for name in ("created_at", "last_seen_at", "expires_at")}
    return {"id": row["id"], "name": row["name"], **moments, "this": row["id"] == this}


def revoke(context: Context, reader_id: str, device_id: str) -> None:
    """Revoke a device and the feed address it knew; the feed gets a new address.

    So end the sessions it opened, and the pairing codes and links that it or one of those made. Raises NotFound when
    the reader has no such device.
    """
    with context.database.writing() as session:
        removed = devices.remove(session, reader_id, device_id)
        if not removed:
            raise NotFound("You have no such device.", field="id")
        pairing_codes.delete_made_by(session, removed)
        session_links.delete_made_by(session, removed)
        readers.renew_feed(session, reader_id)
    deletion.purge_files(context)

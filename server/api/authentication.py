"""Who asks: a device's token is checked before every view that is not open to all."""

from __future__ import annotations

from typing import cast

from flask import g, request

from server.api.client_address import client_address
from server.api.requests import context, limit
from server.errors import Unauthenticated
from server.services.pairing import Caller, authenticate


def caller() -> Caller:
    """Return the caller that `require_reader` found."""
    return cast(Caller, g.caller)


def require_reader() -> None:
    """Let only paired devices through, within their rate limits. A blueprint's before_request."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        limit(f"open:{client_address()}", "120/minute")
        raise Unauthenticated("Send the device's token: Authorization: Bearer TOKEN.")
    try:
        g.caller = authenticate(context(), token.strip(), context().now())
    except Unauthenticated:
        limit(f"open:{client_address()}", "120/minute")
        raise
    limit(f"reader:{g.caller.reader_id}", "600/minute")

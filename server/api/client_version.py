"""The oldest extension that this server supports; it states its version in `Inkling-Client: extension/VERSION`."""

from __future__ import annotations

import re

from flask import Flask, request

from server.errors import ClientTooOld

MIN_CLIENT = "0.1.0"
API = 1
_CLIENT = re.compile(r"extension/(\d{1,6}(?:\.\d{1,6}){0,3})", re.ASCII)
# Where an old client can learn what is wrong.
_OPEN_TO_OLD = ("/healthz", "/readyz")


def install(app: Flask) -> None:
    """Refuse requests of clients that are too old, before any other handling."""
    app.before_request(_refuse_old)


def _refuse_old() -> None:
    client = _CLIENT.fullmatch(request.headers.get("Inkling-Client", ""))
    if client and request.path not in _OPEN_TO_OLD and _parts(client[1]) < _parts(MIN_CLIENT):
        raise ClientTooOld(f"This server needs the extension in version {MIN_CLIENT} or newer; update it.")


def _parts(version: str) -> list[int]:
    return ([int(part) for part in version.split(".")] + [0, 0, 0])[:4]

"""The oldest extension this server understands; what it says of itself in `Inkling-Client: extension/VERSION`."""

from __future__ import annotations

import re

from flask import Flask, request

from server.errors import ClientTooOld

MIN_CLIENT = "0.1.0"
API = 1
_STATED = re.compile(r"extension/(\d{1,6}(?:\.\d{1,6}){0,3})", re.ASCII)
# Where a client learns what the matter is.
_ALWAYS = ("/healthz", "/readyz")


def install(app: Flask) -> None:
    """Refuse clients that are too old, before anything they say is acted on."""
    app.before_request(_refuse_old)


def _refuse_old() -> None:
    stated = _STATED.fullmatch(request.headers.get("Inkling-Client", ""))
    if stated and request.path not in _ALWAYS and _parts(stated[1]) < _parts(MIN_CLIENT):
        raise ClientTooOld(f"This server needs the extension in version {MIN_CLIENT} or newer; update it.")


def _parts(version: str) -> list[int]:
    return ([int(part) for part in version.split(".")] + [0, 0, 0])[:4]

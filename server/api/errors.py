"""The table from exceptions to HTTP statuses; every error has the same JSON shape."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from server import errors

log = structlog.get_logger(__name__)

# The first match counts, so a class comes before its base class.
STATUS: tuple[tuple[type[errors.InklingError], int], ...] = (
    (errors.Malformed, 400),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.TooSlow, 408),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.WrongMediaType, 415),
    (errors.Invalid, 422),
    (errors.ClientTooOld, 426),
    (errors.RateLimited, 429),
    (errors.Unavailable, 503),
)
# Code and message for what werkzeug itself refuses.
HTTP: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address; /openapi.json lists what there is."),
    405: ("method_not_allowed", "This address does not answer that method; see the Allow header."),
    413: ("too_large", "The request is too large; send less at once."),
    415: ("not_json", "Send JSON, with Content-Type: application/json."),
}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def install(app: Flask) -> None:
    """Make every error of the application answer in the contract's shape."""
    app.register_error_handler(errors.InklingError, _refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, _unexpected)


def error_body(error: errors.InklingError) -> dict[str, Any]:
    """Return the JSON of an error inside a response: of one event of a batch, or one card."""
    body = {"code": error.code, "message": error.message}
    return body if error.field is None else {**body, "field": error.field}


def _answer(status: int, code: str, message: str, field: str | None = None) -> Response:
    body = {"code": code, "message": message, "request_id": g.get("request_id", "")}
    response = jsonify({"error": body if field is None else {**body, "field": field}})
    response.status_code = status
    return response


def _refused(error: errors.InklingError) -> Response:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    response = _answer(status, error.code, error.message, error.field)
    if isinstance(error, errors.RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    elif status == 503:
        response.headers["Retry-After"] = "5"
    elif status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="inkling"'
    return response


def http_error(error: HTTPException) -> Response:
    """Answer a request that Flask or werkzeug refuses before it reaches a view."""
    status = error.code or 500
    code, message = HTTP.get(status, (error.name.lower().replace(" ", "_"), error.name))
    response = _answer(status, code, message)
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        log.error("disk_full", exc_info=error)
        return _refused(
            errors.DiskFull("The disk of the server is full: nothing is written until there is room on it.")
        )
    log.error("unexpected_error", exc_info=error)
    return _answer(500, "internal", "Something went wrong here; the server's log has it under this request id.")

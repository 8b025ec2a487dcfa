"""The pages' two cookies: the session, and the language chosen by hand."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from server.services.sessions import MAX_SESSION_SECONDS

LANGUAGE = "inkling-language"
_YEAR = 365 * 86400


def session_name() -> str:
    """Return the cookie's name: cookies know no port, and one machine may serve several homes."""
    if request.is_secure:
        return "__Host-inkling"
    return "inkling-" + (request.host.rpartition(":")[2] if ":" in request.host.rpartition("]")[2] else "80")


def session_token() -> str | None:
    """Return the secret that the browser sent, if any."""
    return request.cookies.get(session_name()) or None


def keep_session(response: Response, token: str) -> None:
    """Have the browser keep a session; the server decides when it ends."""
    response.set_cookie(
        session_name(),
        token,
        max_age=int(MAX_SESSION_SECONDS),
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def drop_session(response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(session_name(), path="/", secure=request.is_secure, httponly=True, samesite="Strict")


def keep_language(response: Response, language: str) -> None:
    """Have the browser remember the language that was chosen."""
    response.set_cookie(
        LANGUAGE, language, max_age=_YEAR, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )

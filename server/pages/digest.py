"""Where mailed links lead: confirming the digest's address, and ending the digest. Looking changes nothing, for what
scans mails follows links; a button does, or the mail program by one click (RFC 8058).
"""

from __future__ import annotations

from flask import Response, make_response, render_template

from server.api.client_address import client_address
from server.api.requests import context, limit
from server.pages.blueprint import Pages
from server.services import digest_addresses

pages = Pages("digest", open_to_all=True)


@pages.before_request
def _slow_down() -> None:
    limit(f"digest:{client_address()}", "60/minute")


@pages.get("/digest/confirm/<string:token>")
def ask_to_confirm(token: str) -> Response:
    """Ask whether the digest shall go to this address."""
    asked = digest_addresses.find_asked(context(), token)
    return _page("confirmed" if asked["confirmed_at"] is not None else "confirm", email=asked["email"])


@pages.post("/digest/confirm/<string:token>")
def confirm(token: str) -> Response:
    """Confirm the address."""
    asked = digest_addresses.find_asked(context(), token)
    digest_addresses.confirm(context(), token)
    return _page("confirmed", email=asked["email"])


@pages.get("/digest/stop/<string:token>")
def ask_to_stop(token: str) -> Response:
    """Ask whether the digest shall end."""
    reader = digest_addresses.find_stopping(context(), token)
    return _page("stopped" if digest_addresses.of(reader["settings"])["every"] == "off" else "stop")


@pages.post("/digest/stop/<string:token>")
def stop(token: str) -> Response:
    """End the digest."""
    digest_addresses.stop(context(), token)
    return _page("stopped")


def _page(what: str, **more: str) -> Response:
    return make_response(render_template("pages/digest.html", what=what, **more))

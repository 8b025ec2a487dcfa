"""Where a session begins and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server import __version__
from server.api.client_address import client_address
from server.api.requests import context, json_object, limit
from server.pages import cookies
from server.pages.blueprint import Pages, enter
from server.pages.browsers import session_name
from server.pages.forms import back_to, check_form, check_origin, is_safe
from server.pages.languages import NAMES
from server.services import sessions

pages = Pages("sign_in", open_to_all=True)
LONGEST_CODE = 500  # of a link that was pasted whole


@pages.before_request
def _believe() -> None:
    """Take what is written from our own pages alone."""
    if not is_safe():
        check_origin()


@pages.get("/session")
def session() -> Response:
    """Ask for a link's secret, which is after the #: no server log ever sees it, so a script or the reader sends it."""
    to = request.args.get("to", "")
    told = request.headers.get("Sec-Fetch-Site")
    already = enter()
    return make_response(
        render_template(
            "pages/session.html",
            to=to if sessions.is_page(to) else "",
            already=already,
            # A browser keeps a strict cookie back when another site's link leads here; coming from here it sends it.
            again=not already and told not in {"none", "same-origin"} and "here" not in request.args,
            # Nobody is to be signed in as somebody else by a mere link of another site.
            ask=told not in {"none", "same-origin"},
            version=__version__,
            demo=context().settings.demo,
        )
    )


@pages.post("/session")
def begin() -> AnyResponse:
    """Exchange a link's secret for a session's cookie."""
    # An attempt is counted before it is looked at.
    limit(f"session:{client_address()}", "30/minute")
    given = json_object() if request.mimetype == "application/json" else request.form
    address, _, code = _text(given, "code").strip().rpartition("#")
    # A link that was pasted whole says itself where it leads.
    to = address.partition("?to=")[2] or _text(given, "to")
    name = session_name(request.headers.get("User-Agent", ""))
    token = sessions.begin(context(), code, name, context().now(), before=cookies.session_token())
    response = redirect(f"/{to}" if sessions.is_page(to) else "/", 303)
    cookies.keep_session(response, token)
    return response


def _text(given: Mapping[str, Any], name: str) -> str:
    """Return the beginning of a text that was sent, empty where there is none."""
    found = given.get(name)
    # What is no character at all is of no secret and of no page.
    return found[:LONGEST_CODE].encode(errors="replace").decode() if isinstance(found, str) else ""


@pages.post("/session/end")
def end() -> AnyResponse:
    """Sign out."""
    token = cookies.session_token()
    if token and enter():
        check_form()
        sessions.end(context(), token, context().now())
    response = redirect("/session", 303)
    cookies.drop_session(response)
    return response


@pages.post("/session/language")
def choose_language() -> AnyResponse:
    """Remember the language that was chosen by hand; anybody may choose one."""
    response = redirect(back_to("/"), 303)
    if request.form.get("language") in NAMES:
        cookies.keep_language(response, request.form["language"])
    return response

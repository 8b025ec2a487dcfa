"""What all of the reader's pages share: who is let in, whose writes are believed, the headers, errors as a page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from server import reasons
from server.api.authentication import caller
from server.api.errors import STATUS, http_error
from server.api.requests import context, largest_body, limit
from server.characters import one_line
from server.errors import BadLink, CrossSite, InklingError, NotFound, RateLimited, Unauthenticated, Unavailable
from server.pages import cookies, languages, notices
from server.pages.forms import check_form, form_token, form_token_value, here, is_safe
from server.pages.languages import gettext as _
from server.paper_ids import pdf_address
from server.services import sessions

log = structlog.get_logger(__name__)

STATIC = Path(__file__).parent / "static"
KINDS = {"js": "text/javascript", "css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# no-referrer would have browsers send `Origin: null` with our own forms.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Pages(Blueprint):
    """Pages of the reader who is signed in; `open_to_all` for those that anybody may see."""

    def __init__(self, name: str, *, open_to_all: bool = False) -> None:
        # The folders are all one for the whole room: `languages.install` names it once.
        super().__init__(f"pages_{name}", __name__)
        if not open_to_all:
            self.before_request(_let_in)
        self.after_request(_strict)
        self.register_error_handler(InklingError, _refused)
        self.register_error_handler(HTTPException, _not_answered)
        self.register_error_handler(Exception, _unexpected)


files = Blueprint("pages_files", __name__, template_folder="templates")


def install(app: Flask) -> None:
    """Give the application's templates what those of the pages use."""
    languages.install(app)
    app.jinja_env.globals.update(
        form_token=form_token,
        form_token_value=form_token_value,
        here=here,
        asset=asset,
        signed_in=signed_in,
        navigation=navigation,
        reason_summary=lambda said, states: reasons.summary(said, states, _),
        whole_reason=lambda said, states: reasons.whole(said, states, _),
        in_common=lambda said: reasons.in_common(said, _),
        notice=notices.notice,
        pdf_address=pdf_address,
        is_web=is_web,
    )
    app.register_blueprint(files)
    for status in (404, 405):
        app.register_error_handler(status, _beside_a_page)


@files.get("/assets/<path:name>")
def static_file(name: str) -> Response:
    """Serve a style or script; its address changes with its content."""
    answer = send_from_directory(STATIC, name, mimetype=KINDS.get(name.rsplit(".", 1)[-1]), max_age=30 * 86400)
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


@cache
def asset(name: str) -> str:
    """Return the address of a style or script."""
    return f"/assets/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def signed_in() -> bool:
    """Whether the page that is being made is somebody's own."""
    return "caller" in g


def is_web(address: str | None) -> bool:
    """Whether an address from elsewhere may be a link here."""
    return bool(address and address.startswith(("https://", "http://")))


def navigation() -> list[tuple[str, str]]:
    """Return (address, name) of the pages that every page leads to."""
    return [
        ("/", _("To read")),
        ("/library", _("Library")),
        ("/search", _("Search")),
        ("/interests", _("Interests")),
        ("/ledger", _("Ledger")),
        ("/settings", _("Settings")),
    ]


def enter() -> bool:
    """Note who asks, if a session's cookie says so; return whether one does."""
    token = cookies.session_token()
    if token is None:
        return False
    try:
        g.caller = sessions.authenticate(context(), token, context().now())
    except Unauthenticated:
        return False
    return True


def _let_in() -> AnyResponse | None:
    """Send whoever has no session to where one begins; believe a write only from a page of the session itself."""
    if not enter():
        # Back to the page itself where it was only looked at; what was written without a session is not kept.
        page = request.path.strip("/") if is_safe() else ""
        return redirect(f"/session?to={page}" if sessions.is_page(page) else "/session", 303)
    limit(f"reader:{caller().reader_id}", "600/minute")
    if not is_safe():
        # The form is read here, before a view could say how large it may be.
        request.max_content_length = largest_body(request.path)
        check_form()
    return None


def _strict(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.vary.update(["Cookie", "Accept-Language"])
    return response


def _refused(error: InklingError) -> Response:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    response = error_page(status, _sentence(error))
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _not_answered(error: HTTPException) -> Response:
    too_large = _("That is larger than may be sent at once; nothing of it was kept.")
    response = error_page(error.code or 500, too_large if error.code == 413 else _("There is no such page here."))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _beside_a_page(error: HTTPException) -> Response:
    """Answer for an address that no view has: with a page where the pages' addresses begin like it."""
    first = request.path.split("/")[1]
    return _strict(_not_answered(error)) if first in _first_parts() else http_error(error)


def _first_parts() -> set[str]:
    """Return what the pages' addresses begin with."""
    rules = current_app.url_map.iter_rules()
    return {rule.rule.split("/")[1] for rule in rules if rule.endpoint.startswith("pages_")} - {"", "assets"}


def _unexpected(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    return error_page(500, _("Something went wrong here; the server’s log has it under this request."))


def _sentence(error: InklingError) -> str:
    """Return what is wrong in the reader's language, where it is one of the things that happen to people."""
    said: Mapping[type[InklingError], str] = {
        BadLink: _("That link was used already or is older than a minute; ask for a new one."),
        CrossSite: _("This did not come from one of your own pages, so nothing changed. Go back, reload, try again."),
        NotFound: _("Nothing is kept under that name."),
        RateLimited: _("That was too often in a short time. Wait a moment and try again."),
        Unavailable: _("Something the server needs does not answer just now. Nothing was lost; try again in a moment."),
    }
    return next((sentence for kind, sentence in said.items() if isinstance(error, kind)), one_line(error.message))


def error_page(status: int, sentence: str, **more: Any) -> Response:
    """Return a page that says what went wrong."""
    page = render_template("pages/error.html", sentence=sentence, request_id=g.get("request_id", ""), **more)
    return make_response(page, status)
